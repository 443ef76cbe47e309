import Cryptography
import Determinism
import RoleKit
import Simulation
import Testing
import Wire

private func vote(_ kind: VoteKind, _ byte: UInt8, slot: Slot = 1, epoch: Epoch = 0) -> Statement {
    Statement(chain: .notary, epoch: epoch, slot: slot, kind: kind, hash: kind == .skip ? .zero : Blake2b.hash([byte]))
}

@Test(
    "two votes of one duty are found, others are not",
    arguments: [
        (vote(.notar, 1), vote(.notar, 2), true), (vote(.skip, 0), vote(.final, 1), true), (vote(.final, 1), vote(.final, 2), true),
        (vote(.notar, 1), vote(.skip, 0), false), (vote(.notar, 1), vote(.final, 1), false), (vote(.notar, 1), vote(.notar, 1), false),
        (vote(.notar, 1), vote(.notar, 2, slot: 2), false), (vote(.notar, 1), vote(.notar, 2, epoch: 1), false),
    ])
func votesOnce(first: Statement, second: Statement, isWrong: Bool) {
    var oracle = VoteOracle()
    var findings = Findings()
    let key = PublicKey(Blake2b.hash([7]))
    oracle.vote(first, by: key, at: 0, &findings)
    oracle.vote(second, by: key, at: 0, &findings)
    oracle.vote(second, by: PublicKey(Blake2b.hash([8])), at: 0, &findings)
    #expect(findings.violations.map(\.invariant) == (isWrong ? [.votes] : []))
}

@Test("two candidates of one builder for one slot are found")
func candidatesOnce() {
    let forge = Forge()
    var oracle = VoteOracle()
    var findings = Findings()
    oracle.candidate(forge.block().header, at: 0, &findings)
    oracle.candidate(forge.block().header, at: 0, &findings)
    #expect(findings.violations.isEmpty)
    oracle.candidate(forge.block(time: 5).header, at: 0, &findings)
    #expect(findings.violations.map(\.invariant) == [.votes])
}

@Test("a good block passes every oracle")
func goodBlockPasses() {
    let forge = Forge()
    let block = forge.block(stateRoot: forge.genesisRoot)
    #expect(forge.judge([(block, forge.final(block))]).isEmpty)
}

@Test("a certificate of one signer too few is found, notaries' and nodes'", arguments: [(2, 3), (3, 2)])
func quorumMinusOne(notaries: Int, nodes: Int) {
    let forge = Forge()
    let block = forge.block(stateRoot: forge.genesisRoot)
    let violations = forge.judge([(block, forge.final(block, notaries: notaries, nodes: nodes))])
    #expect(violations.map(\.invariant) == [.certificates])
}

@Test("a certificate with a signature over something else is found")
func wrongSignature() {
    let forge = Forge()
    let block = forge.block(stateRoot: forge.genesisRoot)
    var final = forge.final(block)
    final.notary = forge.notary(forge.block(time: 9).header, count: 3)
    #expect(forge.judge([(block, final)]).map(\.invariant) == [.certificates])
}

@Test("two final blocks of one height are found")
func twoFinals() {
    let forge = Forge()
    let first = forge.block(stateRoot: forge.genesisRoot)
    let second = forge.block(stateRoot: forge.genesisRoot, slot: 2)
    let violations = forge.judge([(first, forge.final(first)), (second, forge.final(second))])
    #expect(violations.contains { $0.invariant == .singleHistory })
}

@Test("a hole in what a node stores is found")
func holeInHistory() {
    var oracle = HistoryOracle()
    var findings = Findings()
    oracle.noteHeight(1, by: "consensus", at: 0, &findings)
    oracle.noteHeight(1, by: "consensus", at: 0, &findings)
    #expect(findings.violations.isEmpty)
    oracle.noteHeight(3, by: "consensus", at: 0, &findings)
    #expect(findings.violations.map(\.invariant) == [.singleHistory])
}

@Test("a state root that replay does not give is found")
func wrongStateRoot() {
    let forge = Forge()
    let block = forge.block([forge.transfer(5)], stateRoot: forge.genesisRoot)
    #expect(forge.judge([(block, forge.final(block))]).map(\.invariant) == [.replay])
}

@Test("a transactions root that is not that of the transactions is found")
func wrongTransactionsRoot() {
    let forge = Forge()
    let block = forge.block(stateRoot: forge.genesisRoot, transactionsRoot: Blake2b.hash([1]))
    #expect(forge.judge([(block, forge.final(block))]).map(\.invariant) == [.contract])
}

@Test(
    "an outcome that its rule does not give is found",
    arguments: [
        (1_000_000_000, .applied), (5, Outcome(rejection: .insufficientFunds)), (5, Outcome(rejection: .unknownPayee)),
    ] as [(Amount, Outcome)])
func wrongOutcome(amount: Amount, outcome: Outcome) {
    let forge = Forge()
    let block = forge.block([forge.transfer(amount)], outcomes: [outcome], stateRoot: forge.genesisRoot)
    let violations = forge.judge([(block, forge.final(block))])
    #expect(violations.contains { $0.invariant == .replay && $0.detail.contains(outcome.rejection == nil ? "in spite of" : "is not so") })
}

@Test("a nonce used twice is found")
func nonceTwice() {
    let forge = Forge()
    let block = forge.block([forge.transfer(5), forge.transfer(6)], stateRoot: forge.genesisRoot)
    #expect(forge.judge([(block, forge.final(block))]).contains { $0.detail.contains("nonce") })
}

@Test("money from nowhere is found")
func moneyFromNowhere() {
    let forge = Forge()
    var findings = Findings()
    let oracle = ConservationOracle(forge.network)
    var state = ReplayState(forge.chain)
    oracle.check(state, at: 0, &findings)
    #expect(findings.violations.isEmpty)
    _ = state.move(from: nil, to: forge.chain.genesis[0].key, forge.cast.assets[forge.chain.id]!, 1)
    oracle.check(state, at: 0, &findings)
    #expect(findings.violations.map(\.invariant) == [.conservation])
}

@Test("a reserve that gave what nobody was owed is found")
func reserveShort() {
    let forge = Forge()
    var findings = Findings()
    let oracle = ReserveOracle(forge.network)
    var states: [ChainID: ReplayState] = [:]
    for chain in forge.network.chains { states[chain.id] = ReplayState(chain) }
    oracle.finish(states, at: 0, &findings)
    #expect(findings.violations.isEmpty)
    let side = forge.network.contracts[0].first
    _ = states[side.chain]?.move(from: side.reserve, to: nil, side.asset, 1)
    oracle.finish(states, at: 0, &findings)
    #expect(findings.violations.map(\.invariant) == [.reserves])
}

@Test("terms that the contract does not allow are seen")
func termsAreJudged() {
    let forge = Forge()
    #expect(ReserveOracle.allows(forge.cross(), forge.network.contracts[0]))
    var stricter = forge.network.contracts[0]
    stricter.rateNumerator += 1
    #expect(!ReserveOracle.allows(forge.cross(), stricter))
}
