import Cryptography
import Ledger
import Testing
import Wire

/// Chains that join while the network runs (rules J-1 to J-4; A16).
@Suite("Chains that join")
struct JoinTests {
    private typealias Its = ElectionWorld
    private static let gamma = ChainID("gamma")!
    private static let quorum = ["notary-1", "notary-2", "notary-3"]

    private func description(
        _ id: ChainID = JoinTests.gamma, nodes: [NodeDescription]? = nil, genesisTime: ChainTime = 1, genesis: [GenesisAccount] = []
    ) -> ChainDescription {
        ChainDescription(id: id, engine: .bft, nodes: nodes ?? Its.nodes(id.description, 1...4), genesis: genesis, genesisTime: genesisTime)
    }

    private func join(
        _ chain: ChainDescription? = nil, admitted notaries: [String] = JoinTests.quorum, signing: ChainBody? = nil, network: Network = Its.network
    ) throws -> Join {
        let body = try ChainBody(chain ?? description())
        let signatures = body.chain.nodes.map { node in (signing ?? body).signed(by: Its.signer(node.id), network: network.id) }
        let admissions = notaries.map {
            Admission(body: signing ?? body, signatures: signatures, network: network.id, notary: Its.signer($0)).authorization
        }
        return Join(body: body, signatures: signatures, admissions: admissions)
    }

    private func record(_ chain: ChainID, parent: Digest) -> Transaction.Kind {
        .record(Record(final: Shown.header(chain: chain, height: 1, time: 9, parent: parent), crosses: []))
    }

    @Test("a chain joins when all of its nodes and a quorum of the notaries say so, and from then on it is one of the network")
    func joins() throws {
        var notary = LedgerState(network: Its.network, chain: .notary)
        let join = try join()
        let genesis = join.body.genesisHash(network: Its.network.id)
        let before = notary.root
        let first = notary.block([Its.transaction(record(JoinTests.gamma, parent: genesis)), Its.transaction(.join(join))])
        #expect(first == [.invalid(.recordInvalid), .applied])
        #expect(notary.subChains.map(\.id) == [Its.alpha, Its.beta, JoinTests.gamma])
        #expect(notary.joined.first?.height == 1 && notary.joined.first?.position == 0)
        #expect(notary.genesisHash(of: JoinTests.gamma) == genesis && genesis != Its.network.genesisHash(of: JoinTests.gamma))
        let foreign = record(JoinTests.gamma, parent: Its.network.genesisHash(of: JoinTests.gamma))
        let second = notary.block([Its.transaction(.join(join)), Its.transaction(foreign), Its.transaction(record(JoinTests.gamma, parent: genesis))])
        #expect(second == [.invalid(.nameTaken), .invalid(.recordInvalid), .applied])
        notary.undo()
        notary.undo()
        #expect(notary.root == before && notary.joined.isEmpty && notary.subChain(JoinTests.gamma) == nil)
    }

    @Test("a chain's entry is shown in the notary chain's state, and shows nothing where it is not")
    func shown() throws {
        var notary = LedgerState(network: Its.network, chain: .notary)
        let none = JoinNotice(chain: JoinTests.gamma, final: Shown.final(of: notary), proof: notary.proofOfChain(JoinTests.gamma))
        #expect(none.entry == nil)
        let applied = notary.block([Its.transaction(.join(try join()))])
        #expect(applied == [.applied])
        let notice = JoinNotice(chain: JoinTests.gamma, final: Shown.final(of: notary), proof: notary.proofOfChain(JoinTests.gamma))
        #expect(notice.entry == notary.joined.first)
        var other = notice
        other.chain = Its.alpha
        #expect(other.entry == nil)
        other = notice
        other.proof.value?[5] ^= 1
        #expect(other.entry == nil)
    }

    @Test("too few notaries, strangers, one of them twice and another order are refused (J-3)")
    func admissions() throws {
        var notary = LedgerState(network: Its.network, chain: .notary)
        let attempts: [([String], Reason)] = [
            ([], .consentMissing), (["notary-1", "notary-2"], .consentMissing), (["notary-1", "notary-2", "alpha-1"], .notAllowed),
            (["notary-1", "notary-1", "notary-2"], .notAllowed), (["notary-2", "notary-1", "notary-3"], .notAllowed),
            (["notary-1", "notary-2", "notary-5"], .notAllowed),
        ]
        for (notaries, reason) in attempts {
            let found = notary.block([Its.transaction(.join(try join(admitted: notaries)))])
            #expect(found == [.invalid(reason)], "\(notaries)")
        }
    }

    @Test("a name, a node or a key that the network has is refused, and so is a chain too many (J-2)")
    func taken() throws {
        var notary = LedgerState(network: Its.network, chain: .notary)
        var nodes = Its.nodes("gamma", 1...4)
        nodes[1].id = "alpha-2"
        let sameName = try join(description(nodes: nodes))
        nodes[1] = NodeDescription(id: "gamma-2", key: Its.signer("notary-6").publicKey, site: "gamma")
        let sameKey = try join(description(nodes: nodes))
        let early = try join(description(genesisTime: 1_000_000))
        let attempts = [try join(description(Its.alpha, nodes: Its.nodes("gamma", 1...4))), sameName, sameKey, early].map { Its.transaction(.join($0)) }
        let found = notary.block(attempts)
        #expect(found == [.invalid(.nameTaken), .invalid(.nameTaken), .invalid(.keyTaken), .invalid(.notReady)])
        for number in 3...Limits.chainsPerNetwork {
            let name = "chain-\(number)"
            let chain = description(ChainID(name)!, nodes: Its.nodes(name, 1...1))
            let one = notary.block([Its.transaction(.join(try join(chain)))])
            #expect(one == [.applied])
        }
        let tooMany = notary.block([Its.transaction(.join(try join()))])
        #expect(tooMany == [.invalid(.chainsFull)])
        var alpha = LedgerState(network: Its.network, chain: Its.alpha)
        let elsewhere = alpha.block([Its.transaction(.join(try join()))])
        #expect(elsewhere == [.invalid(.wrongChain)])
    }

    @Test("the nodes' signatures are over this very description, and so are the notaries' words")
    func signatures() throws {
        func holds(_ join: Join) throws -> Bool {
            try StateCheck.signatureChecks(for: Its.transaction(.join(join)), network: Its.network, chain: .notary).get().allSatisfy(\.holds)
        }
        let good = try join()
        #expect(try holds(good))
        let richer = description(genesis: [GenesisAccount(key: Its.signer("thief").publicKey, balances: [Balance(asset: AssetID("X")!, amount: 1)])])
        let unsigned = try join(richer, signing: ChainBody(description()))
        #expect(try !holds(unsigned))
        #expect(try !holds(Join(body: good.body, signatures: good.signatures.reversed(), admissions: good.admissions)))
    }

    @Test("descriptions that no chain can begin with are refused where they are read")
    func bodies() throws {
        let x = AssetID("X")!
        func account(_ name: String, _ amount: Amount) -> GenesisAccount {
            GenesisAccount(key: Its.signer(name).publicKey, balances: [Balance(asset: x, amount: amount)])
        }
        #expect(throws: WireFault.self) { try ChainBody(description(genesis: [account("a", .max), account("b", 1)])) }
        #expect(throws: WireFault.self) { try ChainBody(description(genesis: [account("a", 1), account("a", 1)])) }
        #expect(throws: WireFault.self) { try ChainBody(description(nodes: [])) }
        #expect(throws: WireFault.self) { try ChainBody(description(nodes: Its.nodes("gamma", 1...2) + Its.nodes("gamma", 1...1))) }
        #expect(throws: WireFault.self) { try ChainBody(description(.notary)) }
        let mined = ChainDescription(
            id: JoinTests.gamma, engine: .pow, nodes: Its.nodes("gamma", 1...2), genesis: [account("a", 5)], genesisTime: 7, work: WorkRule(intervalMilliseconds: 500))
        let nodes = Its.nodes("gamma", 1...2).map { NodeDescription(id: $0.id, key: $0.key, site: "gamma", stake: 500) }
        let staked = ChainDescription(
            id: JoinTests.gamma, engine: .pos, nodes: nodes, genesis: [account("a", 5)], genesisTime: 7, epochs: EpochRule(slots: 40, margin: 16),
            stake: StakeRule(asset: x, minimum: 100))
        for chain in [mined, staked] {
            let body = try ChainBody(chain)
            #expect(body.chain == chain && LedgerState(network: grown(body), chain: JoinTests.gamma).supply.first?.asset == x)
        }
    }

    private func grown(_ body: ChainBody) -> Network { Its.network.grown(by: ChainEntry(body: body, position: 0, height: 1, epoch: 0)) }

    @Test("a state with a chain that has joined is cut into parts and put together again")
    func snapshot() throws {
        var notary = LedgerState(network: Its.network, chain: .notary)
        let applied = notary.block([Its.transaction(.join(try join()))])
        #expect(applied == [.applied])
        var writer = SnapshotWriter(notary.frozen)
        var loader = SnapshotLoader(network: Its.network, chain: .notary)
        while !writer.isDone { try loader.add(writer.nextPart()) }
        let header = Shown.header(chain: .notary, height: 1, time: notary.time, root: notary.root).header
        let copy = try loader.finish(header)
        #expect(copy.joined == notary.joined && copy.root == notary.root && copy.subChains == notary.subChains)
    }

    @Test("what the rules ask of the network's chains is asked of those in the state, whatever the network is known to have")
    func deterministic() throws {
        let join = try join()
        var ignorant = LedgerState(network: Its.network, chain: .notary)
        var knowing = LedgerState(network: grown(join.body), chain: .notary)
        let ballot = Its.transaction(
            .ballot(Ballot(chain: JoinTests.gamma, approved: ["notary-5"], number: 1, network: Its.network.id, signer: Its.signer("gamma-1"))))
        for transaction in [ballot, Its.transaction(.join(join)), ballot] {
            let (one, other) = (ignorant.block([transaction]), knowing.block([transaction]))
            #expect(one == other)
            #expect(ignorant.root == knowing.root)
        }
        #expect(ignorant.ballots.count == 1)
    }

    @Test("its blocks are certified by the notaries of the epoch that was settled last, and later ones by those after a first height")
    func epochs() throws {
        var notary = LedgerState(network: Its.epochs, chain: .notary)
        _ = notary.block(slot: 1)
        _ = notary.block(slot: 7)
        let applied = notary.block(slot: 8, [.join(try join(network: Its.epochs))])
        #expect(applied == [.applied])
        #expect(notary.joined.first?.epoch == 1 && notary.epochEntries.last?.firstHeights.count == 2)
        _ = notary.block(slot: 17)
        #expect(notary.epochEntries.last?.firstHeights.map(\.chain) == [Its.alpha, Its.beta, JoinTests.gamma])
        #expect(notary.epochEntries.last?.firstHeights.last?.height == 9)
    }
}
