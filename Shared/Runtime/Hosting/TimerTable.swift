import Determinism
import RoleKit

/// The timers of one role, earliest first.
struct TimerTable {
    private struct Entry {
        var due: UInt64
        var id: TimerID
    }

    private var entries: [Entry] = []

    /// The longest wait without a timer.
    static let idleMilliseconds = 60_000

    /// Sets a timer, replacing one of the same name.
    mutating func set(_ id: TimerID, afterMilliseconds: UInt64, at now: Moment) {
        cancel(id)
        let (sum, overflow) = now.monotonicMilliseconds.addingReportingOverflow(afterMilliseconds)
        let due = overflow ? UInt64.max : sum
        let position = entries.firstIndex { $0.due > due } ?? entries.count
        entries.insert(Entry(due: due, id: id), at: position)
    }

    mutating func cancel(_ id: TimerID) { entries.removeAll { $0.id == id } }

    /// Timers that have run out, earliest first.
    mutating func takeDue(at now: Moment) -> [TimerID] {
        let count = entries.firstIndex { $0.due > now.monotonicMilliseconds } ?? entries.count
        let due = entries.prefix(count).map(\.id)
        entries.removeFirst(count)
        return due
    }

    func millisecondsUntilDue(at now: Moment) -> Int {
        guard let first = entries.first else { return TimerTable.idleMilliseconds }
        let now = now.monotonicMilliseconds
        return first.due > now ? Int(min(first.due - now, UInt64(TimerTable.idleMilliseconds))) : 0
    }
}
