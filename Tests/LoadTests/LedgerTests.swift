import Cryptography
import LoadCore
import Testing
import TestSupport
import Wire

@Suite("Payments looked up in the ledgers")
struct LedgerTests {
    private let test = TestNetwork()

    private func block(_ transactions: [(Transaction, Outcome)], height: Height) -> Block {
        let fields = BlockHeader.Fields(
            chain: TestNetwork.alpha, height: height, epoch: 0, slot: Slot(height), parent: .zero, parentSlot: Slot(height - 1), time: TestNetwork.genesisTime,
            transactionsRoot: .zero, transactionCount: transactions.count, foreignRoot: .zero, stateRoot: .zero, notaryHeight: 0, notaryHead: .zero,
            builder: test.alice.publicKey)
        return Block(header: BlockHeader(fields), builderSignature: .zero, transactions: transactions.map(\.0), outcomes: transactions.map(\.1), foreign: [])
    }

    private func told(_ transaction: Transaction, _ outcome: LoadPayment.Outcome, isAccepted: Bool = true, kind: LoadKind = .transfer) -> LoadPayment {
        var payment = LoadPayment(kind: kind, chain: TestNetwork.alpha, decidingChain: TestNetwork.alpha, scheduled: 0)
        payment.sent = 0
        payment.id = transaction.id
        payment.outcome = outcome
        if isAccepted { payment[.accepted] = 1_000 }
        return payment
    }

    @Test("locks whose value has not appeared on the other chain are counted, and the page says who has to run")
    func notIssued() {
        let locks = (0..<2).map { test.transfer(from: test.alice, to: test.bob.publicKey, amount: 1, nonce: $0) }
        var reading = LedgerReading()
        reading.read(block([(locks[0], .applied)], height: 1))
        var payments = [told(locks[0], .settled, kind: .bridge), told(locks[1], .open, kind: .bridge), told(locks[0], .settled)]
        var verification = LoadReport.Verification(way: "ledger")
        verification.ledger = LedgerVerdict.judge(&payments, reading, startMilliseconds: 0)
        #expect(verification.ledger?.not_issued == 1)
        #expect(verification.sentence.contains("1 locks and redemptions not issued or released yet: their peg's members have to run"))
    }

    @Test("what payers were told is found, missing, there twice, or different")
    func judged() {
        let transfers = (0..<6).map { test.transfer(from: test.alice, to: test.bob.publicKey, amount: 1, nonce: $0) }
        var reading = LedgerReading()
        reading.read(block([(transfers[0], .applied), (transfers[1], .applied), (transfers[2], Outcome(rejection: .insufficientFunds))], height: 1))
        reading.read(block([(transfers[1], .applied), (transfers[3], .applied)], height: 2))
        var payments = [
            told(transfers[0], .settled), told(transfers[1], .settled), told(transfers[2], .settled), told(transfers[2], .rejected), told(transfers[3], .rejected),
            told(transfers[4], .settled), told(transfers[5], .open), told(transfers[5], .open, isAccepted: false), told(transfers[3], .open),
        ]
        let verdict = LedgerVerdict.judge(&payments, reading, startMilliseconds: 0)
        #expect(payments.map(\.standing) == [.found, .duplicate, .different, .found, .different, .missing, .missing, .found, .found])
        #expect([verdict.blocks, verdict.transactions, verdict.found, verdict.missing, verdict.duplicates, verdict.different] == [2, 5, 4, 2, 1, 2])
        #expect(!verdict.isGood && RunTally(payments, durationMicroseconds: 1_000_000).lost == 2)
    }

    @Test("a line of results reads back as the payment, and one with nonsense as none")
    func lines() {
        var payment = told(test.transfer(from: test.alice, to: test.bob.publicKey, amount: 1, nonce: 9), .refunded)
        payment.reason = "deadline_passed"
        payment[.final] = 5
        #expect(ResultLine(payment).payment == payment)
        var line = ResultLine(payment)
        line.kind = "gift"
        #expect(line.payment == nil)
        line = ResultLine(payment)
        line.reason = String(repeating: "x", count: 1_000)
        #expect(line.payment == nil)
        line = ResultLine(payment)
        line.scheduled_us = .max
        #expect(line.payment == nil)
    }

    @Test("checks that nobody can do without are counted by who must not trust whom")
    func checks() {
        let payment = told(test.transfer(from: test.alice, to: test.bob.publicKey, amount: 1, nonce: 1), .settled)
        var cross = LoadPayment(kind: .cross, chain: TestNetwork.alpha, decidingChain: TestNetwork.beta, scheduled: 0)
        cross.outcome = .settled
        let (nodes, others, notaries) = (test.network.chain(TestNetwork.alpha)!.nodes.count, test.network.chain(TestNetwork.beta)!.nodes.count, test.network.notary.nodes.count)
        #expect(SignatureFloor.checks(of: payment, in: test.network) == nodes + notaries)
        #expect(SignatureFloor.checks(of: cross, in: test.network) == nodes + others + 2 * notaries)
    }
}
