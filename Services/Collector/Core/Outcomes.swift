import Crypto
import DequeModule
import Wire

/// What final blocks made of transactions, by transaction id, and where cross transactions last moved, by xid; the newest
/// `Limits.collectorOutcomes` of them.
struct Outcomes: Sendable {
    struct Entry: Sendable {
        var rejection: Reason?
        var height: Height
        var index: UInt64
        var acceptedMilliseconds: UInt64
        var finalMilliseconds: UInt64
    }

    private var entries: [Digest: Entry] = [:]
    private var order: Deque<Digest> = []

    subscript(name: Digest) -> Entry? { entries[name] }

    mutating func record(_ name: Digest, _ entry: Entry) {
        if entries.updateValue(entry, forKey: name) == nil { order.append(name) }
        if order.count > Limits.collectorOutcomes { entries[order.removeFirst()] = nil }
    }
}
