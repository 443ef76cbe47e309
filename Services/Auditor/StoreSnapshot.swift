import Foundation
import GRDB

/// One row of a vote table or vote log.
struct StoredVote: Hashable, Sendable {
    var chain: String
    var epoch: UInt64
    var slot: UInt64
    var duty: UInt8
    var hash: Bytes
    /// The signed message as it was sent.
    var bytes: Bytes
}

/// What one role's store held at one moment.
struct StoreSnapshot: Sendable {
    struct Row: Sendable {
        var key: UInt64
        var value: Bytes
    }

    /// `alpha-1/consensus.alpha`, for people.
    var name: String
    var node: String
    var role: String
    var chain: String
    /// Network id that the store says it belongs to, in hexadecimal.
    var network: String?
    var tables: [String: [Row]] = [:]
    var votes: [StoredVote] = []
    /// The second copy of the votes.
    var loggedVotes: [StoredVote] = []

    /// Rows of a table by ascending key; none when the store has no such table.
    func rows(_ table: String) -> [Row] { tables[table] ?? [] }

    /// Rows of a recorder's archive, of all its tables.
    var archive: [Row] { tables.keys.filter { $0.hasPrefix("archive") }.sorted().flatMap { tables[$0] ?? [] } }
}

/// Reads SQLite stores without changing them.
enum StoreReader {
    /// Tables that the audit looks at.
    private static let tables = ["blocks", "branch", "accepted", "ended", "certificates", "candidates", "copies"]
    /// A recorder keeps one table a chain, and all their names begin so.
    private static let archive = "archive"

    /// Reads one store in one transaction.
    ///
    /// A store whose folder cannot be written may refuse to open, because SQLite wants to make its index of the log there;
    /// then a copy is read.
    /// - Parameter blocksAbove: reads only blocks above this height when given, and nothing else.
    static func read(_ file: URL, into snapshot: inout StoreSnapshot, blocksAbove: UInt64? = nil) throws {
        do {
            try readTables(of: file, into: &snapshot, blocksAbove: blocksAbove)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN || error.resultCode == .SQLITE_READONLY {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("concordat-audit-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            try readTables(of: try copy(file, to: folder), into: &snapshot, blocksAbove: blocksAbove)
        }
    }

    private static func copy(_ file: URL, to folder: URL) throws -> URL {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let target = folder.appendingPathComponent(file.lastPathComponent)
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: file.path + suffix) {
            try FileManager.default.copyItem(atPath: file.path + suffix, toPath: target.path + suffix)
        }
        return target
    }

    private static func readTables(of file: URL, into snapshot: inout StoreSnapshot, blocksAbove: UInt64?) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: file.path, configuration: configuration)
        defer { try? queue.close() }
        let result = try queue.read { database in
            var tables: [String: [StoreSnapshot.Row]] = [:]
            if let blocksAbove {
                let sql = "SELECT key, value FROM blocks WHERE key > ? ORDER BY key"
                return try (["blocks": Row.fetchAll(database, sql: sql, arguments: [Int64(bitPattern: blocksAbove)]).map(row)], [StoredVote](), String?.none)
            }
            let names = try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
            for table in names where StoreReader.tables.contains(table) || table.hasPrefix(StoreReader.archive) {
                tables[table] = try Row.fetchAll(database, sql: "SELECT key, value FROM \"\(table)\" ORDER BY key").map(row)
            }
            let network = try names.contains("meta") ? String.fetchOne(database, sql: "SELECT value FROM meta WHERE key = 'network'") : nil
            let votes = try database.tableExists("votes")
                ? try Row.fetchAll(database, sql: "SELECT chain, epoch, slot, duty, hash, bytes FROM votes ORDER BY slot, duty").map(vote) : []
            return (tables, votes, network)
        }
        (snapshot.tables, snapshot.votes, snapshot.network) = result
    }

    private static func row(_ row: Row) throws -> StoreSnapshot.Row {
        guard let key = Int64.fromDatabaseValue(row["key"]), let value = Data.fromDatabaseValue(row["value"]) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row does not hold a number and bytes")
        }
        return StoreSnapshot.Row(key: UInt64(bitPattern: key), value: Bytes(value))
    }

    private static func vote(_ row: Row) throws -> StoredVote {
        guard let chain = String.fromDatabaseValue(row["chain"]), let epoch = Int64.fromDatabaseValue(row["epoch"]),
            let slot = Int64.fromDatabaseValue(row["slot"]), let number = Int64.fromDatabaseValue(row["duty"]),
            let duty = UInt8(exactly: number), let hash = Data.fromDatabaseValue(row["hash"]), let bytes = Data.fromDatabaseValue(row["bytes"])
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a vote's row does not hold what it should") }
        return StoredVote(
            chain: chain, epoch: UInt64(bitPattern: epoch), slot: UInt64(bitPattern: slot), duty: duty, hash: Bytes(hash), bytes: Bytes(bytes))
    }
}
