import BankCore
import Foundation
import GRDB
import Wire

/// The included example of an existing system: customers' accounts in one database file, double entry, every commit synced.
///
/// Every booking is kept; a balance is the sum of an account's bookings. What is reserved stands on an account of the bank's own until the
/// payment has ended. Its sum, customers and reserved together, is what the bank's account on the chain must hold.
package final class CustomerLedger: BatchBankSystem {
    /// A customer's account.
    package struct Account: Hashable, Sendable {
        package var number: AccountNumber
        package var name: String
        package var state: State
        package var opening: Amount

        /// Whether it may be debited and credited.
        package enum State: String, Hashable, Sendable, CaseIterable {
            case open, closed, blocked
        }

        package init(number: AccountNumber, name: String, state: State, opening: Amount) {
            self.number = number
            self.name = name
            self.state = state
            self.opening = opening
        }
    }

    /// An account with what it holds.
    package struct Balance: Hashable, Sendable {
        package var number: String
        package var name: String
        package var amount: Amount
    }

    private let queue: DatabaseQueue
    private let currency: String
    /// Holds what is under way.
    package static let reserved = "RESERVED"
    /// Holds what came for an account that is no more.
    package static let suspense = "SUSPENSE"
    /// The other side of what leaves and enters the bank.
    package static let ledgerAccount = "LEDGER"

    /// Opens a ledger, or makes it with the accounts given.
    package init(_ path: String, currency: String, accounts: [Account]) throws {
        self.currency = currency
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(BankJournal.busySeconds)
        queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try queue.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS accounts (number TEXT PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL);
                    CREATE TABLE IF NOT EXISTS bookings (
                        number INTEGER PRIMARY KEY, kind TEXT NOT NULL, reference TEXT NOT NULL, debit TEXT NOT NULL, credit TEXT NOT NULL,
                        amount INTEGER NOT NULL CHECK (amount > 0), text TEXT NOT NULL, UNIQUE (kind, reference));
                    CREATE INDEX IF NOT EXISTS debits ON bookings (debit);
                    CREATE INDEX IF NOT EXISTS credits ON bookings (credit);
                    CREATE TABLE IF NOT EXISTS answers (kind TEXT NOT NULL, reference TEXT NOT NULL, refusal TEXT, text TEXT NOT NULL, PRIMARY KEY (kind, reference));
                    """)
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM accounts") == 0 else { return }
            for account in accounts {
                try database.execute(
                    sql: "INSERT INTO accounts (number, name, state) VALUES (?, ?, ?)",
                    arguments: [account.number.text, account.name, account.state.rawValue])
                guard account.opening > 0 else { continue }
                try CustomerLedger.book(database, "opening", account.number.text, from: CustomerLedger.ledgerAccount, to: account.number.text, account.opening, "opening")
            }
        }
    }

    /// As `BankSystem` asks for it.
    package func answer(_ question: BankQuestion) throws -> BankAnswer? { try answers([question])[0] }

    /// One transaction, and one sync, for all of them.
    package func answers(_ questions: [BankQuestion]) throws -> [BankAnswer] {
        try queue.write { database in try questions.map { try answer($0, database) } }
    }

    private func answer(_ question: BankQuestion, _ database: Database) throws -> BankAnswer {
        guard question.amount <= UInt64(Int64.max) else { return .refused(.aboveLimit, "more than this ledger can book") }
        // Asked again: the answer of then.
        if let known = try Row.fetchOne(
            database, sql: "SELECT refusal, text FROM answers WHERE kind = ? AND reference = ?", arguments: [question.kind.rawValue, question.reference])
        {
            let refusal: String? = known["refusal"]
            guard let refusal else { return .done }
            return .refused(BankRefusal(rawValue: refusal) ?? .unspecified, known["text"])
        }
        let answer = try carryOut(question, database)
        var (refusal, text): (String?, String) = (nil, "")
        if case .refused(let kind, let words) = answer { (refusal, text) = (kind.rawValue, words) }
        try database.execute(
            sql: "INSERT INTO answers (kind, reference, refusal, text) VALUES (?, ?, ?, ?)",
            arguments: [question.kind.rawValue, question.reference, refusal, text])
        return answer
    }

    private func carryOut(_ question: BankQuestion, _ database: Database) throws -> BankAnswer {
        let account = question.account.text
        func book(from debit: String, to credit: String) throws {
            try CustomerLedger.book(database, question.kind.rawValue, question.reference, from: debit, to: credit, question.amount, question.endToEndID)
        }
        switch question.kind {
        case .reserve:
            if let refusal = try refusal(question, database) { return refusal }
            let balance = try CustomerLedger.balance(database, account)
            guard balance >= Int64(question.amount) else {
                return .refused(.insufficientFunds, "the account does not cover the amount")
            }
            try book(from: account, to: CustomerLedger.reserved)
        case .settle: try book(from: CustomerLedger.reserved, to: CustomerLedger.ledgerAccount)
        case .release: try book(from: CustomerLedger.reserved, to: account)
        case .mayCredit: if let refusal = try refusal(question, database) { return refusal }
        case .credit:
            let isOpen = try refusal(question, database) == nil
            try book(from: CustomerLedger.ledgerAccount, to: isOpen ? account : CustomerLedger.suspense)
        }
        return .done
    }

    private func refusal(_ question: BankQuestion, _ database: Database) throws -> BankAnswer? {
        let state = try String.fetchOne(database, sql: "SELECT state FROM accounts WHERE number = ?", arguments: [question.account.text])
        guard let state else { return .refused(.unknownAccount, "there is no account \(question.account)") }
        guard question.currency == currency else { return .refused(.wrongCurrency, "accounts here are in \(currency)") }
        switch Account.State(rawValue: state) {
        case .open: return nil
        case .closed: return .refused(.closedAccount, "the account \(question.account) is closed")
        case .blocked, nil: return .refused(.blockedAccount, "the account \(question.account) is blocked")
        }
    }

    private static func book(
        _ database: Database, _ kind: String, _ reference: String, from debit: String, to credit: String, _ amount: Amount, _ text: String
    ) throws {
        try database.execute(
            sql: "INSERT INTO bookings (kind, reference, debit, credit, amount, text) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [kind, reference, debit, credit, Int64(amount), text])
    }

    private static func balance(_ database: Database, _ account: String) throws -> Int64 {
        try Int64.fetchOne(
            database,
            sql: "SELECT (SELECT coalesce(sum(amount), 0) FROM bookings WHERE credit = ?) - (SELECT coalesce(sum(amount), 0) FROM bookings WHERE debit = ?)",
            arguments: [account, account]) ?? 0
    }

    /// Every account with its balance: customers by number, then what is reserved and in suspense.
    package func balances() throws -> [Balance] {
        try queue.read { database in
            var rows = try Row.fetchAll(database, sql: "SELECT number, name FROM accounts ORDER BY number").map { row in
                Balance(number: row["number"], name: row["name"], amount: UInt64(try CustomerLedger.balance(database, row["number"])))
            }
            for own in [CustomerLedger.reserved, CustomerLedger.suspense] {
                rows.append(Balance(number: own, name: "", amount: UInt64(try CustomerLedger.balance(database, own))))
            }
            return rows
        }
    }
}
