import Cryptography
import Determinism
import Simulation
import Testing
import Wire

/// What happens to one cross transaction, in order.
private enum Step {
    case held, committed, refused, settled, refunded
}

private func judge(_ steps: [Step]) -> [Invariant] {
    let forge = Forge()
    let cross = forge.cross()
    let evidence = forge.block().header
    var oracle = CrossOracle()
    var findings = Findings()
    for step in steps {
        switch step {
        case .held: oracle.held(cross, on: forge.chain.id, at: 1, time: 0, &findings)
        case .committed: oracle.decided(cross, 1, at: 1, time: 0, &findings)
        case .refused: oracle.decided(cross, 2, at: 1, time: 0, &findings)
        case .settled:
            oracle.resolved(cross.xid, isSettled: true, on: forge.chain.id, at: 1, deadline: cross.deadline, evidence: evidence, time: 0, &findings)
        case .refunded:
            oracle.resolved(cross.xid, isSettled: false, on: forge.chain.id, at: 1, deadline: cross.deadline, evidence: evidence, time: 0, &findings)
        }
    }
    return findings.violations.map(\.invariant)
}

@Test("what may happen to a cross transaction is not held against it")
func allowedOrders() {
    #expect(judge([.held, .committed, .settled]).isEmpty)
    #expect(judge([.held, .refused, .refunded]).isEmpty)
    #expect(judge([.held, .refunded]).isEmpty)
}

@Test("holding, deciding or resolving twice is found")
func twiceIsFound() {
    #expect(judge([.held, .held]) == [.once])
    #expect(judge([.held, .committed, .committed]) == [.once])
    #expect(judge([.held, .committed, .refused]).contains(.once))
    #expect(judge([.held, .committed, .settled, .settled]) == [.once])
}

@Test("settled against refunded, committed against refunded, is found in either order")
func mixedEndsAreFound() {
    #expect(judge([.held, .refunded, .committed]) == [.atomicity])
    #expect(judge([.held, .committed, .refunded]) == [.atomicity])
    #expect(judge([.held, .refused, .settled]) == [.atomicity])
    #expect(judge([.held, .settled, .refused]) == [.atomicity])
}

@Test("at the end, evidence that was never final, and a hold left open, are found")
func openEndsAreFound() {
    let forge = Forge()
    let cross = forge.cross()
    var oracle = CrossOracle()
    var findings = Findings()
    oracle.held(cross, on: forge.chain.id, at: 1, time: 0, &findings)
    oracle.decided(cross, 1, at: 1, time: 0, &findings)
    oracle.claimHeld(cross.xid, on: forge.chain.id, evidence: forge.block().header)
    oracle.finish(HistoryOracle(), at: 0, &findings)
    #expect(findings.violations.map(\.invariant) == [.atomicity, .atomicity])
}

@Test("an acknowledged transaction without an end, with two, or told otherwise is found")
func acknowledgedEnds() {
    let forge = Forge()
    let transaction = forge.transfer(5)
    let block = ObservedBlock(header: forge.block().header, transactions: [transaction], outcomes: [.applied], foreign: [])
    func findings(_ act: (inout AcknowledgementOracle, inout Findings) -> Void) -> [Invariant] {
        var oracle = AcknowledgementOracle(network: forge.network)
        var findings = Findings()
        oracle.acknowledged(transaction.id, chain: forge.chain.id, at: 0)
        act(&oracle, &findings)
        oracle.finish(at: 0, &findings)
        return findings.violations.map(\.invariant)
    }
    #expect(findings { _, _ in } == [.acknowledged])
    #expect(findings { $0.ended(block, at: 0, &$1) }.isEmpty)
    #expect(findings { $0.ended(block, at: 0, &$1); $0.ended(block, at: 0, &$1) } == [.acknowledged])
    let final = Status(id: transaction.id, state: .final, height: 1)
    #expect(findings { $0.ended(block, at: 0, &$1); $0.told(final, chain: forge.chain.id, at: 0, &$1) }.isEmpty)
    let elsewhere = Status(id: transaction.id, state: .final, height: 2)
    #expect(findings { $0.ended(block, at: 0, &$1); $0.told(elsewhere, chain: forge.chain.id, at: 0, &$1) } == [.acknowledged])
    let rejected = Status(id: transaction.id, state: .rejected, reason: .nonceUsed)
    #expect(findings { $0.told(rejected, chain: forge.chain.id, at: 0, &$1) }.isEmpty)
    #expect(findings { $0.ended(block, at: 0, &$1); $0.told(rejected, chain: forge.chain.id, at: 0, &$1) } == [.acknowledged])
    let wordless = Status(id: transaction.id, state: .rejected)
    #expect(findings { $0.ended(block, at: 0, &$1); $0.told(wordless, chain: forge.chain.id, at: 0, &$1) } == [.acknowledged])
    #expect(findings { $0.ended(block, at: 0, &$1); $0.refused(transaction.id, reason: .nonceUsed, chain: forge.chain.id) } == [.acknowledged])
    #expect(findings { $0.ended(block, at: 0, &$1); $0.refused(transaction.id, reason: .unknownPayer, chain: forge.chain.id) } == [.acknowledged])
}

@Test("a collector may not have heard of an account that was opened on the way, and of no other")
func accountsOpenedOnTheWay() {
    let forge = Forge()
    func judge(_ transaction: Transaction) -> [Invariant] {
        let block = ObservedBlock(header: forge.block().header, transactions: [transaction], outcomes: [.applied], foreign: [])
        var oracle = AcknowledgementOracle(network: forge.network)
        var findings = Findings()
        oracle.refused(transaction.id, reason: .unknownPayer, chain: forge.chain.id)
        oracle.ended(block, at: 0, &findings)
        oracle.finish(at: 0, &findings)
        return findings.violations.map(\.invariant)
    }
    let stranger = forge.cast.people.first { person in !forge.chain.genesis.contains { $0.key == person.publicKey } }
    let fromStranger = stranger.map {
        let transfer = Transfer(
            chain: forge.chain.id, network: forge.network.id, to: $0.publicKey, asset: forge.cast.assets[forge.chain.id]!, amount: 1, nonce: 0, memo: "",
            signer: $0)
        return Transaction(.transfer(transfer), chain: forge.chain.id, network: forge.network.id)
    }
    #expect(judge(forge.transfer(5)) == [.acknowledged])
    #expect(fromStranger.map(judge)?.isEmpty == true)
}
