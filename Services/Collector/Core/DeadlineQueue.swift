import Cryptography
import Wire

/// Names by the chain time at which they end, earliest first. Names that ended otherwise may stay in it until their time.
struct DeadlineQueue: Sendable {
    private struct Entry: Sendable {
        var deadline: ChainTime
        var name: Digest
    }

    /// Latest first, so that the earliest are taken off the end.
    private var entries: [Entry] = []

    mutating func insert(_ name: Digest, deadline: ChainTime) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].deadline > deadline { low = middle + 1 } else { high = middle }
        }
        entries.insert(Entry(deadline: deadline, name: name), at: low)
    }

    /// Takes out the names whose deadline no block after one of chain time `time` can meet (R2).
    mutating func takePassed(at time: ChainTime) -> [Digest] {
        var passed: [Digest] = []
        while let last = entries.last, last.deadline <= time {
            passed.append(last.name)
            entries.removeLast()
        }
        return passed
    }
}
