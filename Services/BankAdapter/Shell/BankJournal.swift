import BankCore
import Foundation
import GRDB

/// What an adapter must not forget, on disk before it matters: one database file, every commit synced.
package final class BankJournal {
    private let queue: DatabaseQueue

    /// Opens or makes a journal.
    package init(_ path: String) throws {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(BankJournal.busySeconds)
        queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try queue.write { database in
            try database.execute(sql: "CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, content BLOB NOT NULL)")
        }
    }

    /// Opens a journal to look at it, also while its adapter runs; nothing can be kept.
    package init(reading path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(BankJournal.busySeconds)
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// How long two processes wait for each other at a database.
    static let busySeconds: TimeInterval = 10

    /// All entries, oldest first.
    package func entries() throws -> [JournalEntry] {
        let decoder = JSONDecoder()
        return try queue.read { database in
            try Row.fetchAll(database, sql: "SELECT key, content FROM entries ORDER BY number").map { row in
                let key: String = row["key"]
                let content: Data = row["content"]
                switch key.first {
                case "m": return .message(try decoder.decode(MessageEntry.self, from: content))
                case "i": return .instruction(try decoder.decode(InstructionEntry.self, from: content))
                case "c": return .credit(try decoder.decode(CreditEntry.self, from: content))
                default: throw BankFault("the journal holds an entry \(key) that this program does not know", "Use the program that wrote it.")
                }
            }
        }
    }

    /// Keeps entries, all of them or none; they are on disk when this returns.
    package func keep(_ entries: [JournalEntry]) throws {
        let encoder = JSONEncoder()
        let rows = try entries.map { entry in
            switch entry {
            case .message(let message): (entry.key, try encoder.encode(message))
            case .instruction(let instruction): (entry.key, try encoder.encode(instruction))
            case .credit(let credit): (entry.key, try encoder.encode(credit))
            }
        }
        try queue.write { database in
            for (key, content) in rows {
                try database.execute(
                    sql: "INSERT INTO entries (key, content) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET content = excluded.content",
                    arguments: [key, content])
            }
        }
    }
}

/// What is wrong around an adapter, and what to do.
package struct BankFault: Error, Hashable, Sendable {
    /// A clause.
    package var problem: String
    /// A sentence.
    package var advice: String

    package init(_ problem: String, _ advice: String) {
        self.problem = problem
        self.advice = advice
    }
}
