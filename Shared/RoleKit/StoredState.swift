import Wire

/// What a store holds when its role starts. Small tables are handed over whole, large ones are read in portions.
package struct StoredState {
    /// Rows of a table from a key on, ascending, at most so many.
    package typealias Reader = (StoreTable, _ from: UInt64, _ limit: Int) throws(StoredFault) -> [StoredRow]

    private var rows: [StoreTable: [StoredRow]]
    /// Ascending by slot and duty.
    package private(set) var votes: [VoteRow]
    /// Votes of lower slots have been forgotten; none can be cast any more.
    package private(set) var forgottenBelow: Slot
    private let read: Reader?

    /// - Parameter read: reads tables that are not among `rows`; without it those are empty.
    package init(rows: [StoreTable: [StoredRow]] = [:], votes: [VoteRow] = [], forgottenBelow: Slot = 0, read: Reader? = nil) {
        self.rows = rows
        self.votes = votes
        self.forgottenBelow = forgottenBelow
        self.read = read
    }

    /// Rows of a table that is handed over whole, by ascending key.
    package subscript(table: StoreTable) -> [StoredRow] { rows[table] ?? [] }

    /// Rows of any table from a key on, ascending, at most `limit`.
    package func rows(_ table: StoreTable, from key: UInt64, limit: Int) throws(StoredFault) -> [StoredRow] {
        if let all = rows[table] { return Array(all.lazy.filter { $0.key >= key }.prefix(limit)) }
        guard let read else { return [] }
        return try read(table, key, limit)
    }

    /// Hands every row of a table from a key on to `body`, in portions, until `body` says that it is enough.
    package func forEach(_ table: StoreTable, from key: UInt64, _ body: (StoredRow) throws(StoredFault) -> Bool) throws(StoredFault) {
        var next = key
        while true {
            let portion = try rows(table, from: next, limit: StoredState.portion)
            for row in portion {
                guard try body(row) else { return }
            }
            guard let last = portion.last, portion.count == StoredState.portion, last.key < UInt64.max else { return }
            next = last.key + 1
        }
    }

    /// Rows read at once.
    private static let portion = 64
}
