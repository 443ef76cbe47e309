import Chain
import Cryptography
import Determinism
import RecorderCore
import RoleKit
import TestSupport
import Testing
import Wire

/// What a leader of the notary chain puts into which slot although not every notary may be able to follow it (R7, R8, T-7).
@Suite struct TurnTests {
    private static let alpha = TestNetwork.alpha

    /// Kinds of transactions that can make a candidate fail.
    private enum Attempt: Hashable {
        case freeze, record, judgement
    }

    /// A recorder that is told of every slot in turn, and what its candidates hold.
    private struct Stage {
        let test: TestNetwork
        var bench: RoleBench<RecorderRole>

        init(notaries: Int) {
            test = TestNetwork(notaries: notaries)
            let address = RoleAddress(role: .recorder, chain: .notary, node: "notary-1")
            bench = RoleBench(RoleContext(network: test.network, address: address, signer: test.nodeKeys[.notary]![0].signer))
            bench.now.wallMilliseconds = TestNetwork.genesisTime + 100
            _ = bench.run(.started)
        }

        mutating func hear(_ message: Message, by publisher: String) { _ = bench.run(.delivered(message, publisher: publisher)) }

        /// All notaries want the chain frozen.
        mutating func consent() {
            for (index, key) in test.nodeKeys[.notary]!.enumerated() {
                let consent = Consent(chain: alpha, wish: .freeze, since: 0, network: test.network.id, signer: key.signer)
                hear(.consent(consent), by: "recorder.notary@notary-\(index + 1)/1")
            }
        }

        /// All notaries, and some of the chain's nodes, want it to leave.
        mutating func leave(nodes: Int) {
            let notaries = test.nodeKeys[.notary]!.map(\.signer)
            for (index, signer) in (notaries + test.nodeKeys[alpha]!.prefix(nodes).map(\.signer)).enumerated() {
                let consent = Consent(chain: alpha, wish: .leave, since: 0, network: test.network.id, signer: signer)
                hear(.consent(consent), by: "recorder.notary@notary-\(index % notaries.count + 1)/1")
            }
        }

        /// The wishes in a slot's candidate.
        mutating func wishes(in slot: Slot) -> [ChainWish] {
            var effects = lead(slot)
            for _ in 0..<2 {
                bench.pass(milliseconds: 200)
                effects += bench.run(.timerFired(TimerID(kind: 1)))
            }
            return (effects.candidates.first?.transactions ?? []).compactMap { if case .status(let change) = $0.kind { change.wish } else { nil } }
        }

        /// The chain has two final blocks of height 1, one of which this notary follows.
        mutating func fork() {
            var (one, other) = (TestChain(test, alpha), TestChain(test, alpha))
            let block = one.append([])
            _ = bench.follow(block)
            let head = BranchHead(notary: "notary-1", chain: alpha, height: 1, block: block.block.hash, crosses: [])
            hear(.branch(head), by: "validator.alpha@notary-1/1")
            let second = other.append([], after: 2_000).final!
            let evidence = Evidence(chain: alpha, kind: .twoFinals, first: block.final!.encoded, second: second.encoded)
            hear(.evidence(evidence), by: "recorder.notary@notary-1/1")
        }

        /// This notary's own validator accuses the last notary.
        mutating func accuse() {
            let key = test.nodeKeys[.notary]!.last!
            var chain = TestChain(test, alpha)
            let block = chain.candidate([], after: 3_000)
            let statement = NotaryStatement(block.header, epoch: 0)
            let verdict = NotaryVerdict(
                chain: alpha, block: block.hash, notary: key.publicKey,
                verdict: .signed(
                    epoch: 0, slot: statement.slot, height: statement.height,
                    signature: key.signer.sign(.notary, network: test.network.id, statement.payload)))
            let evidence = Evidence(chain: alpha, kind: .signedInvalid, first: SignedHeader(block).encoded, second: verdict.encoded)
            hear(.evidence(evidence), by: "validator.alpha@notary-1/1")
        }

        mutating func lead(_ slot: Slot) -> [RoleEffect] {
            let genesis = BlockHeader.genesisHash(of: .notary, network: test.network.id)
            let lead = Lead(node: "notary-1", chain: .notary, slot: slot, parentSlot: 0, parent: genesis, parentHeight: 0)
            return bench.run(.delivered(.lead(lead), publisher: "consensus.notary@notary-1/1"))
        }

        /// What the candidate of a slot tries.
        mutating func attempts(in slot: Slot) -> Set<Attempt> {
            var effects = lead(slot)
            for _ in 0..<2 {
                bench.pass(milliseconds: 200)
                effects += bench.run(.timerFired(TimerID(kind: 1)))
            }
            return Set(
                (effects.candidates.first?.transactions ?? []).compactMap { transaction in
                    switch transaction.kind {
                    case .status(let change): change.isFreeze ? .freeze : nil
                    case .record: .record
                    case .evidence(let offence): offence.evidence.kind == .signedInvalid ? .judgement : nil
                    default: nil
                    }
                })
        }
    }

    @Test("attempts lie one slot more apart than there are leaders, and one slot tries one thing", arguments: [1, 2, 3, 4, 5, 7])
    func distance(notaries: Int) {
        var stage = Stage(notaries: notaries)
        stage.fork()
        stage.consent()
        stage.accuse()
        let period = UInt64(notaries + 1)
        for slot in 1...period * 4 {
            let attempts = stage.attempts(in: slot)
            #expect(attempts.count <= 1, "slot \(slot) tries \(attempts)")
            #expect((attempts == [.freeze] || attempts == [.record]) == slot.isMultiple(of: period), "slot \(slot) tries \(attempts)")
            #expect((attempts == [.judgement]) == (slot % period == min(2, UInt64(notaries))), "slot \(slot) tries \(attempts)")
        }
    }

    @Test("every leader comes to try freeze, record and judgement", arguments: [1, 2, 3, 4, 5, 7])
    func everyLeader(notaries: Int) {
        var stage = Stage(notaries: notaries)
        stage.fork()
        stage.consent()
        stage.accuse()
        let count = UInt64(notaries)
        var tried: [UInt64: Set<Attempt>] = [:]
        for slot in 1...2 * count * (count + 1) { tried[(slot - 1) % count, default: []].formUnion(stage.attempts(in: slot)) }
        for leader in 0..<count { #expect(tried[leader] == [.freeze, .record, .judgement], "leader \(leader + 1) of \(count)") }
    }

    @Test("a chain without two histories is frozen at any attempt, of either kind")
    func uncontested() {
        var stage = Stage(notaries: 4)
        stage.consent()
        for slot in UInt64(1)...20 { #expect(stage.attempts(in: slot) == (slot.isMultiple(of: 5) ? [.freeze] : []), "slot \(slot)") }
    }

    @Test("a chain that has not been paused is not proposed to leave, and a freeze that enough want comes first")
    func leave() {
        let nodes = TestNetwork(notaries: 4).nodeKeys[TestNetwork.alpha]!.count
        for isFrozenToo in [false, true] {
            var stage = Stage(notaries: 4)
            if isFrozenToo { stage.consent() }
            stage.leave(nodes: nodes)
            for slot in UInt64(1)...10 { #expect(stage.wishes(in: slot) == (isFrozenToo && slot.isMultiple(of: 5) ? [.freeze] : []), "slot \(slot)") }
        }
    }

    @Test("a recorder takes a leave's consents from notaries and from the chain's own nodes, and from nobody else")
    func leaveConsents() {
        let stage = Stage(notaries: 4)
        func answers(_ signer: Signer, _ chain: ChainID) -> Bool {
            var bench = stage.bench
            let consent = Consent(chain: chain, wish: .leave, since: 0, network: stage.test.network.id, signer: signer)
            let effects = bench.run(.requested(.consent(consent), token: 1, client: nil))
            return effects.contains { if case .reply(1, .chains(let states)) = $0 { states.contains { !$0.leavers.isEmpty } } else { false } }
        }
        let (alpha, beta) = (TestNetwork.alpha, TestNetwork.beta)
        let node = stage.test.nodeKeys[alpha]![0].signer
        #expect(answers(node, alpha) && !answers(node, beta) && answers(stage.test.nodeKeys[.notary]![3].signer, beta))
    }

    @Test("while something waits for its turn, blocks are made sooner than the heartbeat asks")
    func pause() {
        var idle = Stage(notaries: 4)
        let timing = idle.test.network.timing
        #expect(idle.lead(1).timer(1) == timing.heartbeatMilliseconds - 100)
        var waiting = Stage(notaries: 4)
        waiting.consent()
        #expect(waiting.lead(1).timer(1) == timing.skipMilliseconds / 2 - 100)
    }

    /// Chains whose blocks stand recorded in the candidate of each slot with a number of failed slots before it, where every chain has a block.
    private func recorded(in slots: [Slot], failed: UInt64) -> [Set<ChainID>] {
        var stage = Stage(notaries: 4)
        for chain in stage.test.network.chains.map(\.id) {
            var blocks = TestChain(stage.test, chain)
            let block = blocks.append([])
            let head = BranchHead(notary: "notary-1", chain: chain, height: 1, block: block.block.hash, crosses: [])
            stage.hear(.candidate(block.block), by: "builder.\(chain)@\(chain)-1/1")
            stage.hear(.final(block.final!), by: "consensus.\(chain)@\(chain)-1/1")
            stage.hear(.branch(head), by: "validator.\(chain)@notary-1/1")
        }
        // Without any record of its own a recorder leaves out the first slot that it leads, unless it is its first turn (V-10).
        _ = stage.lead(1)
        let genesis = BlockHeader.genesisHash(of: .notary, network: stage.test.network.id)
        return slots.map { slot in
            let lead = Lead(node: "notary-1", chain: .notary, slot: slot, parentSlot: slot - failed - 1, parent: genesis, parentHeight: 0)
            var effects = stage.bench.run(.delivered(.lead(lead), publisher: "consensus.notary@notary-1/1"))
            for _ in 0..<2 {
                stage.bench.pass(milliseconds: 5_000)
                effects += stage.bench.run(.timerFired(TimerID(kind: 1)))
            }
            let kinds = effects.candidates.first?.transactions.map(\.kind) ?? []
            return Set(kinds.compactMap { if case .record(let record) = $0 { record.final.header.chain } else { nil } })
        }
    }

    @Test("after one failed slot all chains are recorded, after two at most one of them", arguments: [0, 1, 2, 9])
    func sparse(failed: UInt64) {
        let chains = Set(TestNetwork(notaries: 4).network.chains.map(\.id))
        #expect(chains.count == 2)
        for held in recorded(in: Array(11...30), failed: failed) { #expect(failed < 2 ? held == chains : held.count <= 1) }
    }

    @Test("whoever leads, every chain comes to be recorded alone, and so does none, while slots fail", arguments: 0...3)
    func everyChain(leader: UInt64) {
        let held = recorded(in: (1...30).map { $0 * 4 + leader }, failed: 3)
        for chain in TestNetwork(notaries: 4).network.chains.map(\.id) { #expect(held.contains([chain]), "\(chain)") }
        #expect(held.contains([]))
    }
}
