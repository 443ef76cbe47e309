import BankCore
import BankShell
import Cryptography
import Testing
import Wire

@Suite struct DeskTests {
    /// A desk with a journal beside it, which a crash leaves behind.
    struct Bench {
        var desk = BankDesk()
        var journal: [String: JournalEntry] = [:]
        var order: [String] = []

        /// Everything ordered but keeping.
        mutating func apply(_ input: BankInput) -> [BankEffect] {
            var rest: [BankEffect] = []
            for effect in desk.apply(input) {
                guard case .keep(let entries) = effect else {
                    rest.append(effect)
                    continue
                }
                for entry in entries where journal.updateValue(entry, forKey: entry.key) == nil { order.append(entry.key) }
            }
            return rest
        }

        /// A new process with the same journal.
        mutating func restart() -> [BankEffect] {
            desk = BankDesk(order.compactMap { journal[$0] })
            return desk.start()
        }
    }

    static let submitted = SubmittedPayment(chain: "euro", decidingChain: "dollar", bytes: [1, 2], id: String(repeating: "a", count: 64), xid: String(repeating: "b", count: 64))

    /// A desk that has taken a file of one instruction, and the question it asks.
    private func begun() throws -> (Bench, BankQuestion, fingerprint: String) {
        var bench = Bench()
        let message = BankFixture.read(BankFixture.file())
        let effects = bench.apply(.received(message))
        guard case .report(let fingerprint, .interim)? = effects.first, case .ask(let question)? = effects.last, effects.count == 2 else {
            Issue.record("\(effects)")
            throw StatusReason(.technical, "the desk asked for something else")
        }
        #expect(question.kind == .reserve && question.amount == 10_000 && question.account.text == BankFixture.debtor)
        return (bench, question, fingerprint)
    }

    @Test("an instruction is reserved, signed, paid and booked, each step kept before the next")
    func settled() throws {
        var (bench, question, fingerprint) = try begun()
        let pay = bench.apply(.answered(question, .done))
        guard case .pay(let entry)? = pay.first else { throw StatusReason(.technical, "\(pay)") }
        #expect(bench.apply(.signed(reference: entry.reference, DeskTests.submitted)) == [])
        #expect(bench.restart() == [.resume(reference: entry.reference, DeskTests.submitted), .report(message: fingerprint, .interim)])
        let settle = BankQuestion(.settle, reference: entry.reference, account: question.account, amount: 10_000, currency: "EUR", endToEndID: "E2E-1")
        #expect(bench.apply(.ended(reference: entry.reference, .settled)) == [.ask(settle)])
        #expect(bench.restart().first == .ask(settle))
        #expect(bench.apply(.answered(settle, .done)) == [.report(message: fingerprint, .final)])
        #expect(bench.desk.report(fingerprint)?.status == "ACSC")
        // What comes late or twice changes nothing.
        #expect(bench.apply(.answered(settle, .done)) == [])
        #expect(bench.apply(.answered(question, .done)) == [])
        #expect(bench.apply(.ended(reference: entry.reference, .rejected(.insufficientFunds))) == [])
        #expect(bench.apply(.signed(reference: entry.reference, DeskTests.submitted)) == [])
        #expect(bench.apply(.reported(message: fingerprint, .final)) == [])
        #expect(bench.restart() == [])
    }

    @Test("what the existing system refuses is answered with its code, and nothing is sent")
    func refused() throws {
        for refusal in BankRefusal.allCases {
            var (bench, question, fingerprint) = try begun()
            #expect(bench.apply(.answered(question, .refused(refusal, "because"))) == [.report(message: fingerprint, .final)])
            let row = try #require(bench.desk.report(fingerprint)?.rows.first)
            #expect(row.status == "RJCT" && row.reason?.code == refusal.code(isDebtor: true) && row.reason?.narrative == "because")
            #expect(bench.restart() == [.report(message: fingerprint, .final)])
        }
    }

    @Test("a payment that comes back is released before it is called rejected, with the other bank's code")
    func returned() throws {
        var (bench, question, fingerprint) = try begun()
        _ = bench.apply(.answered(question, .done))
        _ = bench.apply(.signed(reference: question.reference, DeskTests.submitted))
        let effects = bench.apply(.ended(reference: question.reference, .refunded(.refusedByReceiver, words: "AC04 the account is closed")))
        guard case .ask(let release)? = effects.first else { throw StatusReason(.technical, "\(effects)") }
        #expect(release.kind == .release && release.reference == question.reference)
        #expect(bench.desk.report(fingerprint)?.rows.first?.status == "ACSP", "not rejected before the customer has the money again")
        #expect(bench.apply(.answered(release, .done)) == [.report(message: fingerprint, .final)])
        let row = try #require(bench.desk.report(fingerprint)?.rows.first)
        #expect(row.status == "RJCT" && row.reason?.code == .closedAccount)
        #expect(row.reason?.narrative == "the creditor's bank says: the account is closed")
    }

    @Test("a file that comes again is answered as things stand, at every step, and asks for nothing new")
    func again() throws {
        let message = BankFixture.read(BankFixture.file())
        var (bench, question, fingerprint) = try begun()
        #expect(bench.apply(.received(message)) == [.report(message: fingerprint, .interim)])
        _ = bench.apply(.answered(question, .done))
        _ = bench.apply(.signed(reference: question.reference, DeskTests.submitted))
        #expect(bench.apply(.received(message)) == [.report(message: fingerprint, .interim)])
        _ = bench.apply(.ended(reference: question.reference, .settled))
        let settle = BankQuestion(.settle, reference: question.reference, account: question.account, amount: 10_000, currency: "EUR", endToEndID: "E2E-1")
        _ = bench.apply(.answered(settle, .done))
        _ = bench.restart()
        #expect(bench.apply(.received(message)) == [.report(message: fingerprint, .final)])
    }

    @Test("another file with the same MsgId is refused as a whole")
    func messageID() throws {
        var (bench, _, _) = try begun()
        let other = BankFixture.read(BankFixture.file([BankFixture.instruction(endToEnd: "OTHER")]))
        #expect(bench.apply(.received(other)) == [.report(message: other.header.fingerprint, .final)])
        let report = try #require(bench.desk.report(other.header.fingerprint))
        #expect(report.status == "RJCT" && report.rows.isEmpty && report.header.refusals.first?.code == .duplicateMessage)
    }

    @Test("a reference that was used is not paid again; one that came to nothing may be tried again")
    func references() throws {
        let uetr = "5b0f4a3e-6a1c-4f0e-9f57-2d1f0d6a7c11"
        func instruction(_ endToEnd: String) -> String {
            BankFixture.instruction(endToEnd: "\(endToEnd)</EndToEndId><UETR>\(uetr)</UETR>").replacingOccurrences(of: "</UETR></EndToEndId>", with: "</UETR>")
        }
        var bench = Bench()
        let first = BankFixture.read(BankFixture.file([instruction("A"), instruction("B"), BankFixture.instruction(endToEnd: "A"), BankFixture.instruction(endToEnd: "NOTPROVIDED"), BankFixture.instruction(endToEnd: "NOTPROVIDED")]))
        let effects = bench.apply(.received(first))
        let codes = bench.desk.report(first.header.fingerprint)?.rows.map { $0.reason?.code }
        #expect(codes == [nil, .duplicateTransaction, .duplicateEndToEnd, nil, nil])
        guard case .ask(let question)? = effects.first(where: { if case .ask = $0 { true } else { false } }) else { throw StatusReason(.technical, "\(effects)") }
        _ = bench.apply(.answered(question, .refused(.insufficientFunds, "")))
        _ = bench.restart()
        let second = BankFixture.read(BankFixture.file([instruction("A")], messageID: "MSG-2"))
        #expect(bench.apply(.received(second)).count == 2)
        #expect(bench.desk.report(second.header.fingerprint)?.rows.first?.status == "ACTC")
    }

    @Test("a credit is asked for, confirmed, and booked once the chain has it; the answer stays the same")
    func credited() throws {
        var bench = Bench()
        let xid = String(repeating: "c", count: 64)
        let credit = CreditEntry(xid: xid, account: AccountNumber("4000-1001"), amount: 5, currency: "USD", endToEndID: "E", deadline: 9)
        func question(_ kind: BankQuestion.Kind) -> BankQuestion {
            BankQuestion(kind, reference: xid, account: AccountNumber("4000-1001")!, amount: 5, currency: "USD", endToEndID: "E")
        }
        #expect(bench.apply(.offered(credit)) == [.ask(question(.mayCredit))])
        #expect(bench.apply(.offered(credit)) == [])
        #expect(bench.restart() == [.ask(question(.mayCredit))])
        var accepted = credit
        accepted.stage = .accepted
        #expect(bench.apply(.answered(question(.mayCredit), .done)) == [.consent(xid: xid, refusal: nil), .follow(accepted)])
        #expect(bench.apply(.offered(credit)) == [.consent(xid: xid, refusal: nil)])
        #expect(bench.restart() == [.consent(xid: xid, refusal: nil), .follow(accepted)])
        #expect(bench.apply(.decided(xid: xid, isCommitted: true)) == [.ask(question(.credit))])
        #expect(bench.restart() == [.ask(question(.credit))])
        #expect(bench.apply(.answered(question(.credit), .done)) == [])
        #expect(bench.apply(.decided(xid: xid, isCommitted: true)) == [])
        #expect(bench.restart() == [])
    }

    @Test("a credit that may not be is refused with ISO's code, which the payer's bank reads again")
    func declined() throws {
        var bench = Bench()
        let xid = String(repeating: "d", count: 64)
        let credit = CreditEntry(xid: xid, account: AccountNumber("4000-1004"), amount: 5, currency: "USD", endToEndID: "E", deadline: 9)
        guard case .ask(let question)? = bench.apply(.offered(credit)).first else { throw StatusReason(.technical, "nothing asked") }
        #expect(bench.apply(.answered(question, .refused(.blockedAccount, "it is blocked"))) == [.consent(xid: xid, refusal: "AC06 it is blocked")])
        let read = try #require(StatusCode.leading("AC06 it is blocked"))
        #expect(read.code == .blockedAccount && read.narrative == "it is blocked")
        #expect(bench.apply(.offered(credit)) == [.consent(xid: xid, refusal: "AC06 it is blocked")])
        #expect(bench.apply(.decided(xid: xid, isCommitted: true)) == [], "what was refused is never booked")
    }

    @Test("a memo names the account it is for, and survives as it is written")
    func note() throws {
        let note = CreditNote(account: AccountNumber("4000-1001")!, reference: "ref", endToEndID: "a|b")
        #expect(CreditNote(memo: note.memo) == note)
        #expect(CreditNote(memo: "rent") == nil)
        let longest = CreditNote(account: AccountNumber(String(repeating: "9", count: 34))!, reference: String(repeating: "f", count: 32), endToEndID: String(repeating: "e", count: 35))
        #expect(longest.memo.utf8.count <= Limits.memoBytes)
    }
}
