import OrderedCollections
import Wire

/// Alarms that roles have raised, each kind once: what it says, who raises it, how often, and when last.
package struct AlarmBook: Sendable {
    /// One code, as one role instance or several raise it.
    package struct Entry: Sendable, Hashable {
        package let code: String
        package let severity: Alarm.Severity
        /// Role instances, ascending.
        package internal(set) var sources: [String]
        package internal(set) var count = 0
        /// Of the buses' clocks, Unix milliseconds.
        package internal(set) var firstMilliseconds: UInt64
        package internal(set) var lastMilliseconds: UInt64
        /// What the last one said.
        package internal(set) var detail: String
    }

    private struct Key: Hashable {
        var code: String
        var severity: Alarm.Severity
    }

    private var byCode: OrderedDictionary<Key, Entry> = [:]

    /// Codes kept at once; an attacker with a key could else make up as many as it likes.
    package static let codesMaximum = 1_024
    /// Instances named for one code.
    package static let sourcesMaximum = 64

    package init() {}

    /// The gravest first, of equal ones the newest.
    package var entries: [Entry] {
        byCode.values.sorted { left, right in
            let (one, other) = (left.severity.rank, right.severity.rank)
            if one != other { return one > other }
            return (right.lastMilliseconds, left.code) < (left.lastMilliseconds, right.code)
        }
    }

    /// Whether any is critical.
    package var isCritical: Bool { byCode.values.contains { $0.severity == .critical } }

    /// Somebody has raised an alarm.
    ///
    /// - Parameter publisher: as the bus authenticated it; what the alarm itself says of that is not believed.
    package mutating func add(_ alarm: Alarm, by publisher: String, at time: UInt64) {
        let key = Key(code: alarm.code, severity: alarm.severity)
        guard byCode[key] != nil || byCode.count < AlarmBook.codesMaximum else { return }
        var entry = byCode[key] ?? Entry(
            code: alarm.code, severity: alarm.severity, sources: [], firstMilliseconds: time, lastMilliseconds: time, detail: alarm.detail)
        entry.count += 1
        entry.firstMilliseconds = min(entry.firstMilliseconds, time)
        if time >= entry.lastMilliseconds { (entry.lastMilliseconds, entry.detail) = (time, alarm.detail) }
        if !entry.sources.contains(publisher), entry.sources.count < AlarmBook.sourcesMaximum {
            entry.sources.insert(publisher, at: entry.sources.firstIndex { $0 > publisher } ?? entry.sources.count)
        }
        byCode[key] = entry
    }
}

extension Alarm.Severity {
    /// Graver ones are higher.
    fileprivate var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .critical: 2
        }
    }
}
