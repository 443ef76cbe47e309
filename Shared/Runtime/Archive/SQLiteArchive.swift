import Foundation
import GRDB
import RoleKit
import Wire

/// An archive in an SQLite file of its own, for instance on a larger and slower disk than the recorder's store.
final class SQLiteArchive: BlockArchive {
    private let place: String
    private let database: DatabaseQueue
    private var tables: Set<String> = []

    static let version = 1
    private static let busySeconds = 2.0

    init(_ folder: String, _ owner: ArchiveOwner, for use: ArchiveLocation.Use) throws(ArchiveFault) {
        place = "\(folder)/\(owner.name).sqlite"
        var configuration = Configuration()
        configuration.readonly = use == .reading
        configuration.busyMode = .timeout(SQLiteArchive.busySeconds)
        let (file, settings) = (place, configuration)
        database = try SQLiteArchive.translating(file) {
            guard FileManager.default.fileExists(atPath: folder) else { throw ArchiveFault(file, .unavailable("the folder is not there")) }
            guard use == .copying || FileManager.default.fileExists(atPath: file) else { throw ArchiveFault(file, .missing) }
            let queue = try DatabaseQueue(path: file, configuration: settings)
            if use == .copying { try SQLiteArchive.prepare(queue, owner) }
            return queue
        }
        try SQLiteArchive.translating(file) { try database.read { try SQLiteArchive.check($0, file, owner) } }
    }

    private static func prepare(_ queue: DatabaseQueue, _ owner: ArchiveOwner) throws {
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            try database.inTransaction(.immediate) {
                try database.execute(sql: "CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID")
                for (key, value) in [("version", "\(version)"), ("network", owner.network.hex), ("recorder", owner.recorder.description)] {
                    try database.execute(sql: "INSERT OR IGNORE INTO about (key, value) VALUES (?, ?)", arguments: [key, value])
                }
                return .commit
            }
        }
    }

    private static func check(_ database: Database, _ place: String, _ owner: ArchiveOwner) throws {
        guard try database.tableExists("about") else { throw ArchiveFault(place, .missing) }
        var facts: [String: String] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT key, value FROM about") { facts[row[0]] = row[1] }
        try ArchiveAbout.check(facts, place, owner, version: version)
    }

    func extent(of chain: ChainID, through height: Height) throws(ArchiveFault) -> (newest: Height?, count: UInt64) {
        try translating {
            try database.read { database in
                guard try database.hasTable(SQLiteArchive.table(chain)) else { return (nil, 0) }
                let newest = try Int64.fetchOne(database, sql: "SELECT max(height) FROM \"\(SQLiteArchive.table(chain))\"")
                let count = try Int64.fetchOne(
                    database, sql: "SELECT count(*) FROM \"\(SQLiteArchive.table(chain))\" WHERE height <= ?", arguments: [Int64(clamping: height)])
                return (newest.map { Height($0) }, UInt64(count ?? 0))
            }
        }
    }

    func count(of chain: ChainID, in heights: ClosedRange<Height>) throws(ArchiveFault) -> UInt64 {
        try translating {
            try database.read { database in
                guard try database.hasTable(SQLiteArchive.table(chain)) else { return 0 }
                let count = try Int64.fetchOne(
                    database, sql: "SELECT count(*) FROM \"\(SQLiteArchive.table(chain))\" WHERE height BETWEEN ? AND ?",
                    arguments: [Int64(clamping: heights.lowerBound), Int64(clamping: heights.upperBound)])
                return UInt64(count ?? 0)
            }
        }
    }

    func take(_ rows: [StoredRow], of chain: ChainID, cut: Height?) throws(ArchiveFault) {
        let table = SQLiteArchive.table(chain)
        try translating {
            try database.inTransaction(.immediate) { database in
                if !tables.contains(table) {
                    try database.execute(sql: "CREATE TABLE IF NOT EXISTS \"\(table)\" (height INTEGER PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL)")
                }
                if let cut { try database.execute(sql: "DELETE FROM \"\(table)\" WHERE height >= ?", arguments: [Int64(clamping: cut)]) }
                let statement = try database.cachedStatement(sql: "INSERT OR REPLACE INTO \"\(table)\" (height, value, sum) VALUES (?, ?, ?)")
                for row in rows { try statement.execute(arguments: [Int64(clamping: row.key), Data(row.value), RoleStoreRows.sum(row.value)]) }
                return .commit
            }
            tables.insert(table)
        }
    }

    func rows(of chain: ChainID, in heights: ClosedRange<Height>, limit: Int) throws(ArchiveFault) -> ArchivePortion {
        try translating {
            try database.read { database in
                var portion = ArchivePortion(rows: [], isCut: false)
                guard try database.hasTable(SQLiteArchive.table(chain)) else { return portion }
                let cursor = try Row.fetchCursor(
                    database, sql: "SELECT height, value, sum FROM \"\(SQLiteArchive.table(chain))\" WHERE height BETWEEN ? AND ? ORDER BY height",
                    arguments: [Int64(clamping: heights.lowerBound), Int64(clamping: heights.upperBound)])
                var size = 0
                while let row = try cursor.next() {
                    guard portion.rows.count < limit, portion.rows.isEmpty || size < ArchiveLimits.answerBytes else {
                        portion.isCut = true
                        break
                    }
                    let found = RoleStoreRows.row(row)
                    size += found.value.count
                    portion.rows.append(found)
                }
                return portion
            }
        }
    }

    func close() { try? database.close() }

    /// Names of chains are small letters, digits and `-`.
    private static func table(_ chain: ChainID) -> String { "blocks_\(chain)" }

    private func translating<Result>(_ body: () throws -> Result) throws(ArchiveFault) -> Result { try SQLiteArchive.translating(place, body) }

    private static func translating<Result>(_ place: String, _ body: () throws -> Result) throws(ArchiveFault) -> Result {
        do {
            return try body()
        } catch let fault as ArchiveFault {
            throw fault
        } catch let error as DatabaseError where error.resultCode == .SQLITE_NOTADB || error.resultCode == .SQLITE_READONLY {
            throw ArchiveFault(place, .refused("\(error)"))
        } catch {
            throw ArchiveFault(place, .unavailable("\(error)"))
        }
    }
}

/// What every archive says about itself.
enum ArchiveAbout {
    /// - Parameter facts: `version`, `network` and `recorder`.
    static func check(_ facts: [String: String], _ place: String, _ owner: ArchiveOwner, version: Int) throws(ArchiveFault) {
        guard let found = facts["version"] else { throw ArchiveFault(place, .missing) }
        guard Int(found).map({ $0 <= version }) ?? false else { throw ArchiveFault(place, .futureVersion(found: found, known: version)) }
        guard facts["network"] == owner.network.hex, facts["recorder"] == owner.recorder.description else {
            throw ArchiveFault(
                place,
                .wrongOwner(
                    found: "\(facts["recorder"] ?? "nobody") of network \(facts["network"]?.prefix(12) ?? "none")",
                    expected: "\(owner.recorder) of network \(owner.network.hex.prefix(12))"))
        }
    }
}
