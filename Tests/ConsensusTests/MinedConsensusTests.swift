import Chain
import ConsensusCore
import Cryptography
import Determinism
import RoleKit
import TestSupport
import Testing
import Wire

/// Consensus of a mined chain: which block is mined on, and what is final.
@Suite struct MinedConsensusTests {
    private var chain = MinedChain()
    private var role: MinedConsensusRole
    private let now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: TestNetwork.genesisTime + 5_000)

    init() throws {
        let context = RoleContext(
            network: chain.test.network, address: RoleAddress(role: .consensus, chain: TestNetwork.alpha, node: "alpha-1"),
            signer: chain.test.nodeKeys[TestNetwork.alpha]![0].signer)
        role = try MinedConsensusRole(context: context, recovered: StoredState())
        _ = role.apply(.started, at: now)
    }

    /// Hands a message over, and answers the signature checks that come of it.
    private mutating func hear(_ message: Message) -> [RoleEffect] {
        var effects = role.apply(.delivered(message, publisher: "builder.alpha@alpha-2/1"), at: now)
        for effect in effects {
            if case .check(let token, let checks) = effect { effects += role.apply(.checked(token: token, checks.map(\.holds)), at: now) }
        }
        return effects
    }

    private func leads(_ effects: [RoleEffect]) -> [Digest] {
        effects.compactMap { if case .publish(.lead, .lead(let lead)) = $0 { lead.parent } else { nil } }
    }

    private func stored(_ effects: [RoleEffect]) -> [Height] {
        effects.flatMap { effect -> [Height] in
            guard case .persist(let operations) = effect else { return [] }
            return operations.compactMap { if case .put(.blocks, let height, _) = $0 { height } else { nil } }
        }
    }

    @Test("a block is mined on once the notaries have signed it, and not before")
    mutating func notarized() {
        let block = chain.add(on: chain.tree.finalHash, by: 1)
        #expect(leads(hear(.candidate(block))).isEmpty)
        #expect(leads(hear(.certified(chain.certified(block)))).last == block.hash)
    }

    @Test("the certificate may come before the body")
    mutating func certificateFirst() {
        let block = chain.add(on: chain.tree.finalHash, by: 1)
        #expect(leads(hear(.certified(chain.certified(block)))).isEmpty)
        #expect(leads(hear(.candidate(block))).last == block.hash)
    }

    @Test("a block is final when the notary chain's state shows it, and then nothing beside it counts")
    mutating func final() {
        let first = chain.add(on: chain.tree.finalHash, by: 1)
        let rival = chain.add(on: chain.tree.finalHash, by: 2)
        let above = chain.add(on: rival.hash, by: 2)
        for block in [first, rival, above] { _ = hear(.candidate(block)) + hear(.certified(chain.certified(block))) }
        let head = chain.recorded([first])
        let effects = hear(.recorded(Recorded(chain: TestNetwork.alpha, head: head)))
        #expect(stored(effects) == [1])
        #expect(leads(effects).last == first.hash, "the heavier branch beside the record is left")
        #expect(role.height == 1)
        let later = chain.add(on: above.hash, by: 3)
        #expect(leads(hear(.certified(chain.certified(later))) + hear(.candidate(later))).isEmpty)
    }

    @Test("a record that the notary chain's state does not show changes nothing")
    mutating func forged() {
        let block = chain.add(on: chain.tree.finalHash, by: 1)
        _ = hear(.candidate(block)) + hear(.certified(chain.certified(block)))
        var head = chain.recorded([block])
        head.proof.value?[40] ^= 1
        #expect(stored(hear(.recorded(Recorded(chain: TestNetwork.alpha, head: head)))).isEmpty)
        var weak = chain.recorded([])
        weak.notary.finality = .pending
        #expect(stored(hear(.recorded(Recorded(chain: TestNetwork.alpha, head: weak)))).isEmpty)
        #expect(role.height == 0)
    }

    @Test("a recorded block whose body is missing is asked for, and adopted when it comes")
    mutating func missingBody() throws {
        let block = chain.add(on: chain.tree.finalHash, by: 1)
        let head = chain.recorded([block])
        _ = hear(.recorded(Recorded(chain: TestNetwork.alpha, head: head)))
        let asked = role.apply(.timerFired(TimerID(kind: 1)), at: now)
        let call = try #require(
            asked.compactMap { effect -> UInt64? in
                if case .call(let call, _, .fetchBlock(_, let hash), _) = effect, hash == block.hash { call } else { nil }
            }.first)
        let item = FinalBlock(block: block, final: nil, certified: chain.certified(block))
        var effects = role.apply(.answered(call: call, .blocks([item], head: 1)), at: now)
        for case .check(let token, let checks) in effects { effects += role.apply(.checked(token: token, checks.map(\.holds)), at: now) }
        #expect(stored(effects) == [1])
    }
}
