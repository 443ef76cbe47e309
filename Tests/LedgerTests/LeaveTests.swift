import Cryptography
import Ledger
import Testing
import Wire

/// Chains that leave, for good (rule J-7; A16).
@Suite("Chains that leave")
struct LeaveTests {
    private typealias Its = ElectionWorld
    private static let quorum = ["notary-1", "notary-2", "notary-3"]
    private static let nodes = ["alpha-1", "alpha-2", "alpha-3"]

    private func leave(
        _ chain: ChainID = Its.alpha, at head: StatusChange.Head? = nil, since: Height = 0, by notaries: [String] = LeaveTests.quorum,
        and nodes: [String] = LeaveTests.nodes
    ) -> Transaction {
        let sign = { (name: String) in
            Consent(chain: chain, wish: .leave, since: since, network: Its.network.id, signer: Its.signer(name)).authorization
        }
        let genesis = StatusChange.Head(height: 0, hash: Its.network.genesisHash(of: chain))
        return Its.transaction(
            .status(StatusChange(chain: chain, head: head ?? genesis, since: since, consents: notaries.map(sign), nodes: nodes.map(sign))))
    }

    /// A notary chain on which new business with a chain has been stopped for so many blocks.
    private func paused(_ network: Network = Its.network, _ chain: ChainID = Its.alpha, for blocks: Height = Limits.pauseGraceBlocks, by notaries: [Signer]? = nil) -> LedgerState {
        var notary = LedgerState(network: network, chain: .notary)
        let change = PauseChange(target: .chain(chain), level: .paused, number: 1)
        let consents = (notaries ?? LeaveTests.quorum.map { Its.signer($0) }).map { PauseConsent(change: change, network: network.id, signer: $0).authorization }
        let applied = notary.block([Transaction(.pause(Pause(change: change, consents: consents)), chain: .notary, network: network.id)])
        #expect(applied == [.applied])
        for _ in 1..<blocks { _ = notary.block([]) }
        return notary
    }

    private func change(_ wish: ChainWish, since: Height) -> Transaction {
        let consents = LeaveTests.quorum.map {
            Consent(chain: Its.alpha, wish: wish, since: since, network: Its.network.id, signer: Its.signer($0)).authorization
        }
        let head = wish == .freeze ? StatusChange.Head(height: 0, hash: Its.network.genesisHash(of: Its.alpha)) : nil
        return Its.transaction(.status(StatusChange(chain: Its.alpha, head: head, since: since, consents: consents)))
    }

    @Test("a chain leaves at its recorded head when a quorum of the notaries and of its own nodes say so")
    func leaves() {
        var notary = paused()
        let before = notary.root
        let elsewhere = StatusChange.Head(height: 4, hash: Blake2b.hash([4]))
        let answers = notary.block([leave(at: elsewhere), leave(since: 3), leave(ChainID("gamma")!), leave(), leave()])
        #expect(answers == [.invalid(.notReady), .invalid(.duplicateTransaction), .invalid(.recordInvalid), .applied, .invalid(.chainLeft)])
        let status = notary.status(of: Its.alpha)
        #expect(status?.isFrozen == true && status?.hasLeft == true && status?.height == 0 && status?.notaryHeight == notary.height)
        #expect(status.flatMap { ChainStatus(decoding: $0.encoded) } == status)
        notary.undo()
        #expect(notary.root == before && notary.status(of: Its.alpha) == nil)
    }

    @Test("too few, strangers, one of them twice and another order are refused, among the notaries as among the nodes")
    func consents() {
        var notary = paused()
        let attempts: [([String], [String], Reason)] = [
            (["notary-1", "notary-2"], LeaveTests.nodes, .consentMissing), (LeaveTests.quorum, ["alpha-1", "alpha-2"], .consentMissing),
            (LeaveTests.quorum, [], .consentMissing), (LeaveTests.quorum, ["alpha-1", "alpha-2", "beta-1"], .notAllowed),
            (LeaveTests.quorum, ["alpha-2", "alpha-1", "alpha-3"], .notAllowed), (LeaveTests.quorum, ["alpha-1", "alpha-1", "alpha-2"], .notAllowed),
            (["notary-2", "notary-1", "notary-3"], LeaveTests.nodes, .notAllowed), (["notary-1", "notary-2", "alpha-1"], LeaveTests.nodes, .notAllowed),
        ]
        for (notaries, nodes, reason) in attempts {
            let found = notary.block([leave(by: notaries, and: nodes)])
            #expect(found == [.invalid(reason)], "\(notaries) \(nodes)")
        }
    }

    @Test("after it has left nothing of the chain is recorded, nothing thaws it, and no business, contract or ballot is taken with it")
    func final() {
        var notary = paused()
        let voted = Its.transaction(.ballot(Its.ballot("alpha-1", ["notary-5"])))
        let answers = notary.block([voted, leave()])
        #expect(answers == [.applied, .applied])
        let header = Shown.header(chain: Its.alpha, height: 1, time: 9, parent: Its.network.genesisHash(of: Its.alpha))
        let again = Its.transaction(.ballot(Its.ballot("alpha-2", ["notary-5"])))
        let later = notary.block([
            Its.transaction(.record(Record(final: header, crosses: []))), change(.thaw, since: notary.height), change(.freeze, since: notary.height), leave(since: notary.height), again,
        ])
        #expect(later == [.invalid(.chainFrozen), .invalid(.chainLeft), .invalid(.chainLeft), .invalid(.chainLeft), .invalid(.chainLeft)])
        #expect(notary.pause(of: .chain(Its.alpha))?.level == .paused && !notary.mayPause(.chain(Its.alpha)) && notary.mayPause(.chain(Its.beta)))
    }

    @Test("a chain that is not frozen leaves only when it has been paused for so long that nothing new can be certified")
    func pausedFirst() {
        var open = LedgerState(network: Its.network, chain: .notary)
        let never = open.block([leave()])
        #expect(never == [.invalid(.notReady)])
        var short = paused(for: Limits.pauseGraceBlocks - 1)
        let early = short.block([leave()])
        #expect(early == [.invalid(.notReady)])
        let then = short.block([leave()])
        #expect(then == [.applied])
        var frozen = LedgerState(network: Its.network, chain: .notary)
        let froze = frozen.block([change(.freeze, since: 0)])
        let left = frozen.block([leave(since: 1)])
        #expect(froze == [.applied] && left == [.applied] && frozen.pause(of: .chain(Its.alpha))?.level == .paused)
    }

    @Test("a chain leaves only by the nodes who certify its next block: after an election it has to come to where the new ones do")
    func certifiers() throws {
        // Slots 1 to 10 are epoch 0; of the next one, which has notary-5 for notary-4, the first height of alpha is 9.
        var notary = LedgerState(network: Its.epochs, chain: .notary)
        let sign = { (name: String, network: Network) in PauseConsent(change: PauseChange(target: .chain(Its.alpha), level: .paused, number: 1), network: network.id, signer: Its.signer(name)).authorization }
        let pause = Pause(change: PauseChange(target: .chain(Its.alpha), level: .paused, number: 1), consents: LeaveTests.quorum.map { sign($0, Its.epochs) })
        let applied = notary.block(slot: 1, [.pause(pause)])
        #expect(applied == [.applied])
        let alpha = try #require(Its.epochs.chains.first { $0.id == Its.alpha })
        #expect(notary.fault(leaving: alpha, at: 100, slot: 2) == nil)
        let ballots = ["alpha-1", "alpha-2", "alpha-3", "alpha-4", "beta-1"].map { Transaction.Kind.ballot(Its.ballot($0, ["notary-1", "notary-2", "notary-3", "notary-5"])) }
        let closings = [Its.alpha, Its.beta].flatMap { chain in
            ["notary-1", "notary-2", "notary-3", "notary-4"].map { Transaction.Kind.closing(Closing(chain: chain, epoch: 0, network: Its.network.id, signer: Its.signer($0))) }
        }
        let voted = notary.block(slot: 2, ballots + [.candidacy(Its.candidacy("notary-5"))] + closings)
        #expect(voted.allSatisfy { $0 == .applied }, "\(voted)")
        _ = notary.block(slot: 7)
        #expect(notary.epochEntries.last?.members.map(\.node).contains("notary-5") == true)
        #expect(notary.fault(leaving: alpha, at: 100, slot: 8) == nil)
        #expect(notary.fault(leaving: alpha, at: 100, slot: 11) == .notReady)
    }

    @Test("a frozen chain that leaves stays frozen by the same freeze, so that what shows the one shows the other")
    func frozen() {
        var notary = LedgerState(network: Its.network, chain: .notary)
        let froze = notary.block([change(.freeze, since: 0)])
        #expect(froze == [.applied])
        let left = notary.block([leave(since: 1)])
        #expect(left == [.applied])
        let status = notary.status(of: Its.alpha)
        #expect(status?.hasLeft == true && status?.notaryHeight == 1)
        let thawed = notary.block([change(.thaw, since: 1)])
        #expect(thawed == [.invalid(.chainLeft)])
    }

    @Test("the nodes of a chain that has left elect nobody any more")
    func elects() {
        let votes = ["alpha-1", "alpha-2", "alpha-3", "alpha-4"].map { Its.transaction(.ballot(Its.ballot($0, ["notary-5"]))) }
        let offer = Its.transaction(.candidacy(Its.candidacy("notary-5")))
        let beta = Its.transaction(.ballot(Its.ballot("beta-1", ["notary-1", "notary-2", "notary-3", "notary-4"])))
        for hasLeft in [false, true] {
            var notary = paused()
            let applied = notary.block(votes + [offer, beta] + (hasLeft ? [leave()] : []))
            #expect(applied.allSatisfy { $0 == .applied })
            let weights = notary.votingChains.map(\.id)
            #expect(weights == (hasLeft ? [Its.beta] : [Its.alpha, Its.beta]))
        }
    }

    @Test("what is held for a chain that has left comes back, by its status and by the block that it ended at")
    func refunds() throws {
        let cross = World.exchange(10, deadline: 9_000)
        var world = World()
        world.alpha.block(World.open(cross))
        world.beta.block()
        let block = Shown.header(
            chain: World.betaID, height: 1, time: 2_001, root: world.beta.root, parent: World.network.genesisHash(of: World.betaID))
        var notary = paused(World.network, World.betaID, by: [World.signer(30)])
        notary.block(World.on(.notary, .record(Record(final: block, crosses: []))))
        let sign = { (signer: Signer) in
            Consent(chain: World.betaID, wish: .leave, since: 0, network: World.network.id, signer: signer).authorization
        }
        let nodes = try #require(World.network.chain(World.betaID)).nodes.compactMap { node in (0..<100).map { World.signer($0) }.first { $0.publicKey == node.key } }
        let change = StatusChange(
            chain: World.betaID, head: .init(height: 1, hash: block.hash), since: 0, consents: [sign(World.signer(30))], nodes: nodes.map(sign))
        let left = notary.block([World.on(.notary, .status(change))])
        #expect(left == [.applied])
        let shown = Shown.final(of: notary)
        let status = StateEvidence(block: shown.hash, proof: notary.proofOfStatus(World.betaID))
        let evidence = StateEvidence(block: block.hash, proof: world.beta.proofOfCross(cross.xid))
        let refund = World.on(World.alphaID, .refund(Resolution(xid: cross.xid, evidence: evidence, frozen: status)))
        let answers = world.alpha.block([refund], showing: [block, shown])
        #expect(answers == [.applied] && world.alpha.balance(World.alice, World.x) == 1_000)
    }
}
