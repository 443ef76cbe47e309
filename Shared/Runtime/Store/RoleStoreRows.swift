import Cryptography
import Foundation
import GRDB
import RoleKit

/// The form of rows of a role's tables: a number, bytes, and a checksum that tells when a disk gives back other bytes than it was
/// given (faults case 15).
enum RoleStoreRows {
    /// About what an entry of an index puts into the write-ahead log, when many are added at once.
    static let entryByteCount = 256

    /// Keys are unsigned and SQLite's integers are not: keys from 2^63 on lie below zero, in the same order.
    static func halves(from key: UInt64) -> [ClosedRange<Int64>] {
        let start = Int64(bitPattern: key)
        return start >= 0 ? [start...Int64.max, Int64.min...(-1)] : [start...(-1)]
    }

    static func halves(through key: UInt64) -> [ClosedRange<Int64>] {
        let end = Int64(bitPattern: key)
        return end >= 0 ? [0...end] : [0...Int64.max, Int64.min...end]
    }

    /// The first 8 bytes of the value's hash: against damage, not against forgers.
    static func sum(_ value: [UInt8]) -> Int64 { Int64(bitPattern: Blake2b.hash(value).a) }

    /// A row of key, value and checksum. Rows of version 1 have no checksum and count as whole.
    static func row(_ row: Row) -> StoredRow {
        let value = [UInt8](row[1] as Data)
        let stored: Int64? = row[2]
        return StoredRow(key: UInt64(bitPattern: row[0]), value: value, isDamaged: stored.map { $0 != sum(value) } ?? false)
    }

    /// Version 2: tables of version 1 get the column.
    static func addSums(_ database: Database) throws {
        let names = try String.fetchAll(
            database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%(key INTEGER PRIMARY KEY, value BLOB NOT NULL)'")
        for name in names { try database.execute(sql: "ALTER TABLE \(name) ADD COLUMN sum INTEGER") }
        try database.execute(sql: "PRAGMA user_version = \(RoleStore.version)")
    }
}
