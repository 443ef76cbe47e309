import BankCore
import BankShell
import Foundation
import Testing

@Suite struct SystemTests {
    private func question(_ kind: BankQuestion.Kind, _ reference: String, _ account: String = "4000-1001", _ amount: UInt64 = 60, currency: String = "USD") -> BankQuestion {
        BankQuestion(kind, reference: reference, account: AccountNumber(account)!, amount: amount, currency: currency, endToEndID: "E")
    }

    private func accounts() -> [CustomerLedger.Account] {
        [
            .init(number: AccountNumber("4000-1001")!, name: "A", state: .open, opening: 100), .init(number: AccountNumber("4000-1002")!, name: "B", state: .closed, opening: 0),
            .init(number: AccountNumber("4000-1003")!, name: "C", state: .blocked, opening: 5),
        ]
    }

    @Test("the included ledger does each thing once, however often it is asked, also after a restart")
    func once() throws {
        let path = try BankFixture.folder() + "/customers.sqlite"
        for _ in 0..<3 {
            let ledger = try CustomerLedger(path, currency: "USD", accounts: accounts())
            #expect(try ledger.answer(question(.reserve, "r1")) == .done)
            #expect(try ledger.answer(question(.reserve, "r2")) == .refused(.insufficientFunds, "the account does not cover the amount"))
        }
        let ledger = try CustomerLedger(path, currency: "USD", accounts: accounts())
        #expect(try ledger.balances().map(\.amount) == [40, 0, 5, 60, 0])
        for _ in 0..<2 { #expect(try ledger.answer(question(.release, "r1")) == .done) }
        #expect(try ledger.balances().map(\.amount) == [100, 0, 5, 0, 0])
        #expect(try ledger.answer(question(.reserve, "r2")) == .refused(.insufficientFunds, "the account does not cover the amount"), "the answer of then, though it would be another now")
        #expect(try ledger.answer(question(.reserve, "r3")) == .done)
        for _ in 0..<2 { #expect(try ledger.answer(question(.settle, "r3")) == .done) }
        #expect(try ledger.balances().map(\.amount) == [40, 0, 5, 0, 0])
    }

    @Test("who may not be credited is told apart, and money that is there is booked all the same")
    func credits() throws {
        let ledger = try CustomerLedger(try BankFixture.folder() + "/customers.sqlite", currency: "USD", accounts: accounts())
        func kind(_ answer: BankAnswer?) -> BankRefusal? { if case .refused(let kind, _)? = answer { kind } else { nil } }
        #expect(kind(try ledger.answer(question(.mayCredit, "c1", "nobody"))) == .unknownAccount)
        #expect(kind(try ledger.answer(question(.mayCredit, "c2", "4000-1002"))) == .closedAccount)
        #expect(kind(try ledger.answer(question(.mayCredit, "c3", "4000-1003"))) == .blockedAccount)
        #expect(kind(try ledger.answer(question(.mayCredit, "c4", currency: "EUR"))) == .wrongCurrency)
        #expect(try ledger.answer(question(.mayCredit, "c5")) == .done)
        for _ in 0..<2 {
            #expect(try ledger.answer(question(.credit, "c5")) == .done)
            #expect(try ledger.answer(question(.credit, "c6", "4000-1002", 7)) == .done)
        }
        #expect(try ledger.balances().map(\.amount) == [160, 0, 5, 0, 7], "what came for a closed account stands in suspense")
    }

    @Test("a system behind a folder is asked by files and answers by files; what makes no sense is told, not guessed")
    func folder() throws {
        let path = try BankFixture.folder()
        let system = try FolderSystem(path)
        #expect(try system.answer(question(.reserve, "r1")) == nil)
        let asked = try String(contentsOfFile: "\(path)/questions/reserve-r1.json", encoding: .utf8)
        #expect(asked == #"{"account":"4000-1001","amount":60,"currency":"USD","end_to_end_id":"E","kind":"reserve","reference":"r1"}"#)
        func write(_ text: String, _ name: String) throws { try OutboxFile.write(Array(text.utf8), to: "\(path)/answers/\(name).json") }
        try write(#"{"done": true}"#, "reserve-r1")
        #expect(try system.answer(question(.reserve, "r1")) == .done)
        #expect(try FolderSystem(path).answer(question(.reserve, "r1")) == .done)
        try write(#"{"refused": "closed_account", "text": "closed in March"}"#, "may_credit-c1")
        #expect(try system.answer(question(.mayCredit, "c1")) == .refused(.closedAccount, "closed in March"))
        for nonsense in ["", "{", "[]", "{}", #"{"done": false}"#, #"{"refused": "no"}"#] {
            try write(nonsense, "reserve-r2")
            #expect(throws: BankFault.self, "\(nonsense)") { try system.answer(question(.reserve, "r2")) }
        }
        try write(#"{"refused": "unspecified"}"#, "settle-r1")
        #expect(throws: BankFault.self) { try system.answer(question(.settle, "r1")) }
    }

    @Test("a journal gives back what was kept, in order, the newest of each")
    func journal() throws {
        let path = try BankFixture.folder() + "/journal.sqlite"
        var desk = BankDesk()
        let message = BankFixture.read(BankFixture.file([BankFixture.instruction(), BankFixture.instruction(endToEnd: "E2E-2", amount: "")]))
        var kept: [[JournalEntry]] = []
        func take(_ effects: [BankEffect]) { for case .keep(let entries) in effects { kept.append(entries) } }
        take(desk.apply(.received(message)))
        let first = try #require(desk.report(message.header.fingerprint)?.rows.first?.instruction)
        take(desk.apply(.answered(BankQuestion(.reserve, reference: first.reference, account: first.payment!.debtor, amount: 1, currency: "EUR", endToEndID: "E"), .done)))
        take(desk.apply(.signed(reference: first.reference, DeskTests.submitted)))
        take(desk.apply(.offered(CreditEntry(xid: String(repeating: "c", count: 64), account: AccountNumber("4000-1001"), amount: 5, currency: "EUR", endToEndID: "E", deadline: 9))))
        do {
            let journal = try BankJournal(path)
            for entries in kept { try journal.keep(entries) }
        }
        let again = BankDesk(try BankJournal(path).entries())
        #expect(again.report(message.header.fingerprint) == desk.report(message.header.fingerprint))
        #expect(again.start() == desk.start())
        #expect(again.allCredits == desk.allCredits)
    }
}
