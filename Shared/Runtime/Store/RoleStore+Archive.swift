import GRDB
import RoleKit
import Wire

extension StoreTable {
    /// How far a recorder's archive has come: position of the chain → copied, trimmed and cut; and where the archive is.
    static let copies = StoreTable(rawValue: "copies")

    private static let archivePrefix = "archive_"

    /// A recorder's final blocks of the chain at a position: height → encoded FinalBlock.
    static func archive(_ position: Int) -> StoreTable { StoreTable(rawValue: archivePrefix + "\(position)") }

    /// Position of the chain whose final blocks these are; nil for every other table.
    var archivePosition: Int? { rawValue.hasPrefix(StoreTable.archivePrefix) ? Int(rawValue.dropFirst(StoreTable.archivePrefix.count)) : nil }
}

extension RoleStore {
    /// Row of `copies` that says where the archive is.
    static let archivePlaceKey: UInt64 = 1 << 32

    /// Where the archive beside the store is, as the store notes it.
    func notedArchive() throws(RoleStoreFault) -> String? {
        try translating { try database.read { try ArchiveNote.place($0) } }
    }

    /// How far the archive has come with the chain at a position.
    func archiveLane(_ position: Int) throws(RoleStoreFault) -> ArchiveLane {
        try translating { try database.read { try ArchiveNote.lane($0, position) } }
    }

    /// Keys of a table up to one, ascending.
    func keys(_ table: StoreTable, through key: UInt64) throws(RoleStoreFault) -> [UInt64] {
        try translating { try database.read { try ArchiveNote.keys($0, table, through: key) } }
    }

    /// Makes the file smaller when most of it holds nothing any more. On a full disk it stays as it is.
    func giveBackRoom() throws(RoleStoreFault) {
        do throws(RoleStoreFault) {
            try translating {
                try database.writeWithoutTransaction { database in
                    let numbers = try ["page_count", "freelist_count", "page_size"].map { try Int.fetchOne(database, sql: "PRAGMA \($0)") ?? 0 }
                    guard numbers[1] * 2 > numbers[0], numbers[1] * numbers[2] > ArchiveLimits.emptyBytesWorth else { return }
                    try database.execute(sql: "VACUUM")
                    _ = try database.checkpoint(.truncate)
                }
            }
        } catch {
            guard error.problem == .diskFull else { throw error }
        }
    }
}

/// Reads what a recorder's store notes of its archive.
enum ArchiveNote {
    static func place(_ database: Database) throws -> String? {
        guard let row = try RoleStore.rows(database, .copies, from: RoleStore.archivePlaceKey, limit: 1).first, row.key == RoleStore.archivePlaceKey,
            !row.isDamaged
        else { return nil }
        return String(decoding: row.value, as: UTF8.self)
    }

    static func lane(_ database: Database, _ position: Int) throws -> ArchiveLane {
        let table = StoreTable.archive(position)
        let note = try RoleStore.rows(database, .copies, from: UInt64(position), limit: 1).first.flatMap { $0.key == UInt64(position) ? $0 : nil }
        var lane = ArchiveLane()
        if let note {
            if !note.isDamaged, let noted = ArchiveLane(note.value) {
                lane = noted
            } else {
                // The note is damaged: what the store lacks lies below the newest blocks that follow each other, and what the archive has above
                // that may not be what the recorder holds to.
                lane.trimmed = try gap(database, table)
                lane.cut = lane.trimmed + 1
                lane.beginAnew()
            }
        }
        guard try database.tableExists(table.rawValue) else { return lane }
        let newest = try Int64.fetchOne(database, sql: "SELECT max(key) FROM \(table.rawValue)")
        lane.newest = max(newest.map { UInt64(bitPattern: $0) } ?? 0, lane.trimmed)
        lane.mends = try keys(database, table, through: lane.trimmed)
        return lane
    }

    /// The height below the newest blocks that follow each other.
    private static func gap(_ database: Database, _ table: StoreTable) throws -> Height {
        guard try database.tableExists(table.rawValue) else { return 0 }
        let first = try Int64.fetchOne(
            database,
            sql: "SELECT max(key) FROM \(table.rawValue) AS row WHERE NOT EXISTS (SELECT 1 FROM \(table.rawValue) AS below WHERE below.key = row.key - 1)")
        return first.map { UInt64(bitPattern: $0) - 1 } ?? 0
    }

    /// Heights fit SQLite's integers.
    static func keys(_ database: Database, _ table: StoreTable, through key: UInt64) throws -> [UInt64] {
        guard try database.tableExists(table.rawValue) else { return [] }
        return try Int64.fetchAll(database, sql: "SELECT key FROM \(table.rawValue) WHERE key BETWEEN 0 AND ? ORDER BY key", arguments: [Int64(clamping: key)])
            .map { UInt64(bitPattern: $0) }
    }
}
