import Cryptography
import RoleKit
import Wire

/// The store of one instance: tables and votes, with what is committed but not yet synced kept apart.
///
/// The contract of the shell is that a commit is synced before anything of its turn is sent. A disk whose unsynced writes vanish
/// therefore keeps every commit that a send followed, and may lose the others when the process dies.
package struct VirtualDisk {
    /// A vote that contradicts a stored one.
    package struct VoteConflict: Error {
        package var stored: VoteRow
        package var refused: VoteRow
    }

    private struct VoteKey: Hashable {
        var chain: ChainID
        var epoch: Epoch
        var slot: Slot
        var duty: VoteDuty
    }

    private(set) var tables: [StoreTable: [UInt64: [UInt8]]] = [:]
    /// Index tables: key → places.
    private var indexes: [StoreTable: [UInt64: Set<UInt64>]] = [:]
    /// Rows whose bytes are no longer those that were written; the real store knows them by their checksums.
    private var damaged: [StoreTable: Set<UInt64>] = [:]
    private var votes: [VoteKey: VoteRow] = [:]
    private var forgottenBelow: Slot = 0
    /// Committed operations that a crash may take away, oldest first.
    private var unsynced: [StoreOperation] = []

    package init() {}

    /// Commits the operations of one turn.
    ///
    /// - Parameter synced: whether they, and all before them, are on the platter afterwards.
    /// - Throws: `VoteConflict` when a stored vote of the same key says something else; nothing is changed.
    package mutating func commit(_ operations: [StoreOperation], synced: Bool) throws(VoteConflict) {
        for case .vote(let row) in operations {
            if row.slot < forgottenBelow { throw VoteConflict(stored: row, refused: row) }
            if let stored = vote(like: row), stored.hash != row.hash || stored.bytes != row.bytes {
                throw VoteConflict(stored: stored, refused: row)
            }
        }
        unsynced.append(contentsOf: operations)
        if synced { sync() }
    }

    /// Puts everything committed on the platter.
    package mutating func sync() {
        for operation in unsynced { perform(operation) }
        unsynced.removeAll(keepingCapacity: true)
    }

    /// The process died: what was not synced is gone.
    ///
    /// - Returns: how many operations were lost.
    package mutating func loseUnsynced() -> Int {
        defer { unsynced.removeAll() }
        return unsynced.count
    }

    /// Rows of a table from a key on, ascending.
    package mutating func rows(_ table: StoreTable, from key: UInt64, limit: Int) -> [StoredRow] {
        sync()
        return settledRows(table, from: key, limit: limit)
    }

    /// Places of a key in an index table, ascending.
    package mutating func places(_ table: StoreTable, of key: UInt64, limit: Int) -> [StoredRow] {
        sync()
        return (indexes[table]?[key] ?? []).sorted().prefix(limit).map { StoredRow(key: $0, value: []) }
    }

    private func settledRows(_ table: StoreTable, from key: UInt64, limit: Int) -> [StoredRow] {
        guard let rows = tables[table] else { return [] }
        return rows.keys.filter { $0 >= key }.sorted().prefix(limit).map {
            StoredRow(key: $0, value: rows[$0] ?? [], isDamaged: damaged[table]?.contains($0) ?? false)
        }
    }

    /// Everything but the votes, and the tables named, is gone.
    mutating func lose(keeping kept: [StoreTable]) {
        sync()
        tables = tables.filter { kept.contains($0.key) }
        indexes = indexes.filter { kept.contains($0.key) }
        damaged = damaged.filter { kept.contains($0.key) }
    }

    /// Changes one bit of a row.
    mutating func flip(_ table: StoreTable, _ key: UInt64, bit: Int) {
        guard let count = tables[table]?[key]?.count, count > 0 else { return }
        tables[table]?[key]?[bit / 8 % count] ^= 1 << UInt8(bit % 8)
        damaged[table, default: []].insert(key)
    }

    /// What a starting core is given.
    package mutating func recovered(_ names: [StoreTable]) -> StoredState {
        sync()
        var rows: [StoreTable: [StoredRow]] = [:]
        for name in names { rows[name] = self.rows(name, from: 0, limit: Int.max) }
        let ordered = votes.values.sorted {
            $0.slot != $1.slot ? $0.slot < $1.slot : $0.duty != $1.duty ? $0.duty.rawValue < $1.duty.rawValue : $0.epoch < $1.epoch
        }
        let disk = self
        return StoredState(rows: rows, votes: ordered, forgottenBelow: forgottenBelow) { table, key, limit in
            disk.settledRows(table, from: key, limit: limit)
        }
    }

    private func vote(like row: VoteRow) -> VoteRow? {
        for case .vote(let waiting) in unsynced where VirtualDisk.key(waiting) == VirtualDisk.key(row) { return waiting }
        return votes[VirtualDisk.key(row)]
    }

    private static func key(_ row: VoteRow) -> VoteKey {
        VoteKey(chain: row.chain, epoch: row.epoch, slot: row.slot, duty: row.duty)
    }

    private mutating func perform(_ operation: StoreOperation) {
        switch operation {
        case .put(let table, let key, let value):
            tables[table, default: [:]][key] = value
            damaged[table]?.remove(key)
        case .delete(let table, let key): tables[table]?[key] = nil
        case .deleteThrough(let table, let key):
            for row in (tables[table] ?? [:]).keys.filter({ $0 <= key }) { tables[table]?[row] = nil }
        case .index(let table, let entries):
            for entry in entries { indexes[table, default: [:]][entry.key, default: []].insert(entry.place) }
        case .vote(let row): votes[VirtualDisk.key(row)] = row
        case .forgetVotes(let slot):
            for key in votes.keys.filter({ $0.slot < slot }) { votes[key] = nil }
            forgottenBelow = max(forgottenBelow, slot)
        }
    }
}
