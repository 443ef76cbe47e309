import Schema
import Wire

/// The calls under way at a bus, with their deadlines (BUS-22).
struct CallTable: Sendable {
    /// Who is to answer.
    enum Target: Hashable, Sendable {
        case replica(Peer)
        case link(String)
    }

    struct Entry: Sendable {
        let caller: Peer
        /// The id that the caller gave.
        let callerID: UInt64
        /// As it goes to the replica, with the bus's own id.
        let call: PBCall
        var target: Target
        let deadlineMilliseconds: UInt64
    }

    private var entries: [UInt64: Entry] = [:]
    private var lastID: UInt64 = 0
    /// Ids by the span of time in which they end; a reply does not remove its id here, the span's end does.
    private var ends: [UInt64: [UInt64]] = [:]
    private var nextSpan: UInt64 = 0

    var count: Int { entries.count }

    /// When the next span of calls ends; nil when no call is under way.
    var nextEndMilliseconds: UInt64? {
        entries.isEmpty ? nil : (nextSpan + 1) * BusTiming.callBucketMilliseconds
    }

    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    mutating func insert(_ id: UInt64, _ entry: Entry, nowMilliseconds: UInt64) {
        if entries.isEmpty {
            ends = [:]
            nextSpan = nowMilliseconds / BusTiming.callBucketMilliseconds
        }
        entries[id] = entry
        ends[max(entry.deadlineMilliseconds / BusTiming.callBucketMilliseconds, nextSpan), default: []].append(id)
    }

    subscript(_ id: UInt64) -> Entry? { entries[id] }

    mutating func retarget(_ id: UInt64, _ target: Target) { entries[id]?.target = target }

    mutating func remove(_ id: UInt64) -> Entry? { entries.removeValue(forKey: id) }

    /// Ids of the calls that a target is to answer, in order.
    func ids(for target: Target) -> [UInt64] { entries.keys.sorted().filter { entries[$0]?.target == target } }

    /// Ids of the calls of one caller, in order.
    func ids(of caller: Peer) -> [UInt64] { entries.keys.sorted().filter { entries[$0]?.caller == caller } }

    /// Takes out the calls whose span of time has ended.
    mutating func removeEnded(nowMilliseconds: UInt64) -> [(id: UInt64, entry: Entry)] {
        var ended: [(id: UInt64, entry: Entry)] = []
        while !entries.isEmpty, (nextSpan + 1) * BusTiming.callBucketMilliseconds <= nowMilliseconds {
            for id in ends.removeValue(forKey: nextSpan) ?? [] {
                if let entry = entries.removeValue(forKey: id) { ended.append((id, entry)) }
            }
            nextSpan += 1
        }
        return ended
    }
}
