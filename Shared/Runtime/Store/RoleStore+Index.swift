import GRDB
import RoleKit

/// Index tables: pairs of a key and a place, kept in the order of keys by SQLite.
///
/// They are made from other tables of the same store, so they carry no checksums: whoever follows a place looks at what is there.
extension RoleStore {
    /// Places of a key, ascending.
    package func places(_ table: StoreTable, of key: UInt64, limit: Int) throws(RoleStoreFault) -> [StoredRow] {
        precondition(limit > 0, "a search asks for places")
        return try translating {
            try database.read { database in
                guard try database.tableExists(table.rawValue) else { return [] }
                // Places from 2^63 on lie below zero; the order among few is made here.
                let places = try Int64.fetchAll(
                    database, sql: "SELECT place FROM \(table.rawValue) WHERE key = ? LIMIT ?", arguments: [Int64(bitPattern: key), Int64(clamping: limit)])
                return places.map { UInt64(bitPattern: $0) }.sorted().map { StoredRow(key: $0, value: []) }
            }
        }
    }

    func add(_ entries: [IndexEntry], to table: StoreTable, _ database: Database, _ tables: inout Set<String>) throws {
        try makeIndex(table, database, &tables)
        let statement = try database.cachedStatement(sql: "INSERT OR IGNORE INTO \(table.rawValue) (key, place) VALUES (?, ?)")
        for entry in entries { try statement.execute(arguments: [Int64(bitPattern: entry.key), Int64(bitPattern: entry.place)]) }
    }

    private func makeIndex(_ table: StoreTable, _ database: Database, _ tables: inout Set<String>) throws {
        guard tables.insert(table.rawValue).inserted else { return }
        RoleStore.checkName(table)
        try database.execute(
            sql: "CREATE TABLE IF NOT EXISTS \(table.rawValue) (key INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (key, place)) WITHOUT ROWID")
    }

    static func checkName(_ table: StoreTable) {
        precondition(
            table.rawValue.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 } && !["meta", "votes"].contains(table.rawValue),
            "a table's name is small letters and digits, and none of the store's own")
    }
}
