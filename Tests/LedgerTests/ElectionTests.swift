import Cryptography
import Testing

import Ledger
import Wire

/// A network of two sub-chains, four notaries and two on standby.
enum ElectionWorld {
    static let alpha = ChainID("alpha")!
    static let beta = ChainID("beta")!
    static let network = make()

    /// With epochs of 10 slots, each cut after its sixth.
    static let epochs: Network = {
        var network = make()
        network.notary.epochs = EpochRule(slots: 10, margin: 4)
        return network
    }()

    static func signer(_ name: String) -> Signer { KeyPair(seed: Blake2b.hash(Array(name.utf8))).signer }

    static func nodes(_ name: String, _ numbers: ClosedRange<Int>) -> [NodeDescription] {
        numbers.map { NodeDescription(id: "\(name)-\($0)", key: signer("\(name)-\($0)").publicKey, site: name) }
    }

    static func make(isElected: Bool = true, seats: Int = 4) -> Network {
        let rule = ElectionRule(seats: seats, lead: 8, standby: nodes("notary", 5...6))
        func chain(_ id: ChainID, _ count: Int) -> ChainDescription {
            ChainDescription(id: id, engine: .bft, nodes: nodes(id.description, 1...count), genesis: [], genesisTime: 1)
        }
        var notary = ChainDescription(id: .notary, engine: .bft, nodes: nodes("notary", 1...4), genesis: [], genesisTime: 1)
        if isElected { notary.election = rule }
        return Network(
            id: Blake2b.hash([1]), notary: notary, chains: [chain(alpha, 4), chain(beta, 1)], contracts: [], timing: Timing())
    }

    static func candidacy(_ node: String, _ number: UInt64 = 1, withdrawn: Bool = false, key: String? = nil, newKey: String? = nil) -> Candidacy {
        Candidacy(
            node: node, number: number, isWithdrawn: withdrawn, network: network.id, signer: signer(key ?? node), newKey: newKey.map(signer))
    }

    static func ballot(_ voter: String, _ approved: [String], _ number: UInt64 = 1) -> Ballot {
        Ballot(
            chain: ChainID(String(voter.prefix { $0 != "-" }))!, approved: approved, number: number, network: network.id, signer: signer(voter))
    }

    static func transaction(_ kind: Transaction.Kind) -> Transaction { Transaction(kind, chain: .notary, network: network.id) }

    /// What follows from entries alone.
    static func elect(
        _ candidacies: [Candidacy], _ ballots: [Ballot], sitting: [String] = ["notary-1", "notary-2", "notary-3", "notary-4"], seats: Int = 4
    ) -> [String] {
        let network = make(seats: seats)
        return Tally.elect(
            candidacies.map(CandidacyEntry.init), ballots.map(BallotEntry.init),
            sitting: sitting.map { NotarySeat(node: $0, key: signer($0).publicKey) }, rule: network.notary.election!, network: network
        ).map(\.node)
    }
}

@Suite("Candidacies and ballots on the notary chain")
struct ElectionTests {
    private typealias Its = ElectionWorld
    private var notary = LedgerState(network: ElectionWorld.network, chain: .notary)

    private mutating func block(_ kinds: Transaction.Kind...) -> [Application] {
        notary.block(kinds.map(Its.transaction))
    }

    @Test("the newest candidacy and the newest ballot of a node stand, and are taken back with their block")
    mutating func newest() {
        #expect(block(.candidacy(Its.candidacy("notary-5")), .ballot(Its.ballot("alpha-1", ["notary-5"]))) == [.applied, .applied])
        let root = notary.root
        #expect(root != .zero)
        #expect(
            block(.candidacy(Its.candidacy("notary-5", 2, withdrawn: true)), .ballot(Its.ballot("alpha-1", [], 7)), .ballot(Its.ballot("alpha-2", ["notary-6"])))
                == [.applied, .applied, .applied])
        #expect(notary.candidacies.map(\.isWithdrawn) == [true] && notary.ballots.count == 2)
        #expect(notary.ballot(of: Its.signer("alpha-1").publicKey, on: Its.alpha)?.approved == [])
        notary.undo()
        #expect(notary.root == root && notary.candidacies.map(\.number) == [1] && notary.ballots.map(\.approved) == [["notary-5"]])
        notary.undo()
        #expect(notary.root == .zero && notary.candidacies.isEmpty && notary.ballots.isEmpty)
    }

    @Test("a number that was used, or one below it, changes nothing any more")
    mutating func superseded() {
        _ = block(.candidacy(Its.candidacy("notary-5", 3)), .ballot(Its.ballot("beta-1", ["notary-5"], 3)))
        #expect(
            block(
                .candidacy(Its.candidacy("notary-5", 3, withdrawn: true)), .candidacy(Its.candidacy("notary-5", 2)),
                .ballot(Its.ballot("beta-1", [], 3)), .ballot(Its.ballot("beta-1", [], 2)))
                == [.invalid(.superseded), .invalid(.superseded), .invalid(.superseded), .invalid(.superseded)])
    }

    @Test("only listed notary nodes stand, and only nodes of sub-chains vote, for listed nodes")
    mutating func strangers() {
        #expect(
            block(
                .candidacy(Its.candidacy("notary-7")), .candidacy(Its.candidacy("alpha-1")), .ballot(Its.ballot("alpha-9", ["notary-1"])),
                .ballot(Its.ballot("notary-1", ["notary-1"])), .ballot(Its.ballot("alpha-1", ["alpha-1"])))
                == [.invalid(.unlistedNode), .invalid(.unlistedNode), .invalid(.unknownVoter), .invalid(.unknownVoter), .invalid(.unlistedNode)])
    }

    @Test("a key that is rotated away signs no candidacy any more, and its successor does")
    mutating func rotation() {
        #expect(block(.candidacy(Its.candidacy("notary-1", 1, newKey: "fresh"))) == [.applied])
        #expect(notary.candidacy(of: "notary-1")?.key == Its.signer("fresh").publicKey)
        #expect(
            block(.candidacy(Its.candidacy("notary-1", 2)), .candidacy(Its.candidacy("notary-1", 2, key: "fresh"))) == [.invalid(.notReady), .applied])
    }

    @Test("no node takes a key that another has, or had in network.yaml")
    mutating func takenKeys() {
        _ = block(.candidacy(Its.candidacy("notary-1", 1, newKey: "fresh")))
        for key in ["fresh", "notary-1", "notary-6", "alpha-3"] {
            #expect(block(.candidacy(Its.candidacy("notary-5", 1, newKey: key))) == [.invalid(.keyTaken)], "\(key)")
        }
    }

    @Test("elections are the notary chain's, and only where network.yaml has them")
    func elsewhere() {
        var alpha = LedgerState(network: Its.network, chain: Its.alpha)
        var still = LedgerState(network: Its.make(isElected: false), chain: .notary)
        for kind in [Transaction.Kind.candidacy(Its.candidacy("notary-1")), .ballot(Its.ballot("alpha-1", ["notary-1"]))] {
            #expect(alpha.block([Its.transaction(kind)]) == [.invalid(.wrongChain)])
            #expect(still.block([Its.transaction(kind)]) == [.invalid(.notAllowed)])
        }
    }

    @Test("both keys sign a candidacy, and the voter a ballot")
    func signatures() throws {
        let candidacy = Its.candidacy("notary-1", 1, newKey: "fresh")
        let checks = try StateCheck.signatureChecks(for: Its.transaction(.candidacy(candidacy)), network: Its.network, chain: .notary).get()
        #expect(checks.map(\.key) == [Its.signer("notary-1").publicKey, Its.signer("fresh").publicKey] && checks.allSatisfy(\.holds))
        let voted = try StateCheck.signatureChecks(
            for: Its.transaction(.ballot(Its.ballot("alpha-1", []))), network: Its.network, chain: .notary
        ).get()
        #expect(voted.map(\.key) == [Its.signer("alpha-1").publicKey] && voted.allSatisfy(\.holds))
    }

    @Test("a snapshot carries candidacies and ballots")
    mutating func snapshot() throws {
        _ = block(
            .candidacy(Its.candidacy("notary-5")), .candidacy(Its.candidacy("notary-1", 1, newKey: "fresh")),
            .ballot(Its.ballot("beta-1", ["notary-5"])), .ballot(Its.ballot("alpha-2", [])), .ballot(Its.ballot("alpha-1", ["notary-6"])))
        var writer = SnapshotWriter(notary.frozen, partBytes: 256)
        var loader = SnapshotLoader(network: Its.network, chain: .notary)
        var parts = 0
        while !writer.isDone {
            try loader.add(writer.nextPart())
            parts += 1
        }
        let header = BlockHeader(
            .init(
                chain: .notary, height: 1, epoch: 0, slot: 1, parent: .zero, parentSlot: 0, time: 5, transactionsRoot: .zero,
                transactionCount: 0, foreignRoot: .zero, stateRoot: notary.root, notaryHeight: 0, notaryHead: .zero,
                builder: Its.signer("notary-1").publicKey))
        let loaded = try loader.finish(header)
        #expect(parts > 1 && loaded.candidacies == notary.candidacies && loaded.ballots == notary.ballots)
    }

    @Test("entries read back as they were written, and nothing else does")
    func entries() {
        let candidacy = CandidacyEntry(Its.candidacy("notary-5", 9, withdrawn: true))
        let ballot = BallotEntry(Its.ballot("alpha-1", ["notary-1", "notary-5"], 4))
        #expect(CandidacyEntry(decoding: candidacy.encoded) == candidacy && BallotEntry(decoding: ballot.encoded) == ballot)
        #expect(CandidacyEntry(decoding: candidacy.encoded + [0]) == nil && BallotEntry(decoding: ballot.encoded.dropLast()) == nil)
        var disordered = ballot.encoded
        disordered.replaceSubrange(74..<106, with: ballot.encoded[106..<138])
        #expect(BallotEntry(decoding: disordered) == nil)
    }
}

@Suite("The tally")
struct TallyTests {
    private typealias Its = ElectionWorld

    @Test("without candidates and ballots the set stays")
    func stays() { #expect(Its.elect([], []) == ["notary-1", "notary-2", "notary-3", "notary-4"]) }

    @Test("whoever is on standby and has not offered itself is never elected")
    func unoffered() {
        let all = ["alpha-1", "alpha-2", "alpha-3", "alpha-4", "beta-1"].map { Its.ballot($0, ["notary-5"]) }
        #expect(Its.elect([], all) == ["notary-1", "notary-2", "notary-3", "notary-4"])
    }

    @Test("a newcomer whom more than half of all weight approves of takes the seat of the member with the least, then of the highest id")
    func newcomer() {
        let ballots = ["alpha-1", "beta-1"].map { Its.ballot($0, ["notary-4", "notary-5"]) }
        #expect(Its.elect([Its.candidacy("notary-5")], ballots) == ["notary-1", "notary-2", "notary-4", "notary-5"])
    }

    @Test("every sub-chain weighs the same, however many nodes it has: half of all weight puts nobody out")
    func weights() {
        let alpha = (1...4).map { Its.ballot("alpha-\($0)", ["notary-5"]) }
        let candidates = [Its.candidacy("notary-5")]
        let sitting = ["notary-1", "notary-2", "notary-3", "notary-4"]
        #expect(Its.elect(candidates, alpha) == sitting)
        #expect(Its.elect(candidates, [Its.ballot("beta-1", ["notary-5"])]) == sitting)
        #expect(Its.elect(candidates, [Its.ballot("beta-1", ["notary-5"]), alpha[0]]) == ["notary-1", "notary-2", "notary-3", "notary-5"])
    }

    @Test("the place of a member that leaves goes to whoever offers itself, with or without ballots, the lower id first")
    func leaving() {
        let leave = Its.candidacy("notary-2", withdrawn: true)
        #expect(Its.elect([leave, Its.candidacy("notary-5"), Its.candidacy("notary-6")], []) == ["notary-1", "notary-3", "notary-4", "notary-5"])
        let favourite = Its.elect([leave, Its.candidacy("notary-5"), Its.candidacy("notary-6")], [Its.ballot("alpha-1", ["notary-6"])])
        #expect(favourite == ["notary-1", "notary-3", "notary-4", "notary-6"])
    }

    @Test("a member that leaves stays until somebody takes its place")
    func noSuccessor() {
        let leave = [Its.candidacy("notary-1", withdrawn: true), Its.candidacy("notary-2", withdrawn: true)]
        #expect(Its.elect(leave, []) == ["notary-1", "notary-2", "notary-3", "notary-4"])
        #expect(Its.elect(leave + [Its.candidacy("notary-6")], []) == ["notary-1", "notary-3", "notary-4", "notary-6"])
    }

    @Test("a set grows to its seats when enough offer themselves")
    func growth() {
        let offers = [Its.candidacy("notary-5"), Its.candidacy("notary-6")]
        #expect(Its.elect(offers, [], seats: 5) == ["notary-1", "notary-2", "notary-3", "notary-4", "notary-5"])
        #expect(Its.elect(offers, [], seats: 7).count == 6)
    }

    @Test("a member's seat goes on with the key of its newest candidacy")
    func newKey() {
        let rotated = CandidacyEntry(Its.candidacy("notary-3", 1, newKey: "fresh"))
        let sitting = Its.network.notary.nodes.map { NotarySeat(node: $0.id, key: $0.key) }
        let elected = Tally.elect([rotated], [], sitting: sitting, rule: Its.network.notary.election!, network: Its.network)
        #expect(elected.map(\.node) == sitting.map(\.node))
        #expect(elected[2].key == Its.signer("fresh").publicKey && elected[1].key == sitting[1].key)
    }
}
