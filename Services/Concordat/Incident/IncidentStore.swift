import RoleKit
import Wire

/// A role's store in memory, for a run that nothing outlives.
struct IncidentStore {
    private var rows: [StoreTable: [UInt64: [UInt8]]] = [:]
    private var places: [StoreTable: Set<IndexEntry>] = [:]
    private var votes: [VoteRow] = []
    private var forgottenBelow: Slot = 0

    mutating func carryOut(_ operation: StoreOperation) {
        switch operation {
        case .put(let table, let key, let value): rows[table, default: [:]][key] = value
        case .delete(let table, let key): rows[table]?[key] = nil
        case .deleteThrough(let table, let key): rows[table] = rows[table]?.filter { $0.key > key }
        case .index(let table, let entries): places[table, default: []].formUnion(entries)
        case .vote(let row): votes.append(row)
        case .forgetVotes(let slot):
            votes.removeAll { $0.slot < slot }
            forgottenBelow = max(forgottenBelow, slot)
        }
    }

    /// Rows of a table from a key on, ascending.
    func rows(_ table: StoreTable, from key: UInt64, limit: Int) -> [StoredRow] {
        let keys = (rows[table] ?? [:]).keys.filter { $0 >= key }.sorted().prefix(limit)
        return keys.map { StoredRow(key: $0, value: rows[table]?[$0] ?? []) }
    }

    /// Places of a key in an index table, ascending.
    func places(_ table: StoreTable, key: UInt64, limit: Int) -> [StoredRow] {
        (places[table] ?? []).filter { $0.key == key }.map(\.place).sorted().prefix(limit).map { StoredRow(key: $0, value: []) }
    }

    /// What a start would find.
    func recovered(_ tables: [StoreTable]) -> StoredState {
        let whole = Dictionary(uniqueKeysWithValues: tables.map { ($0, rows($0, from: 0, limit: .max)) })
        return StoredState(rows: whole, votes: votes.sorted { ($0.slot, $0.duty.rawValue) < ($1.slot, $1.duty.rawValue) }, forgottenBelow: forgottenBelow) {
            [self] table, key, limit in rows(table, from: key, limit: limit)
        }
    }
}
