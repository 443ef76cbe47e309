import Cryptography
import DequeModule
import Schema
import Wire

/// The name of a stream: a topic has one stream per site that publishes on it.
struct StreamName: Hashable, Sendable {
    let site: String
    let topic: String
}

/// The newest frames of one stream, for Backfill (BUS-11). Bounded by frames and by bytes.
package struct StreamLog: Sendable {
    /// One frame as it was sent.
    package struct Frame: Sendable {
        package let sequence: UInt64
        package let stamp: [UInt8]
        package let body: [UInt8]
    }

    /// Boot epoch of the bus that stamps the stream.
    package let epoch: UInt64
    /// Sequence of the newest frame; 0 before the first.
    package private(set) var headSequence: UInt64 = 0
    /// Frame hash of the newest frame; zero before the first.
    package private(set) var headHash = Digest.zero
    private var frames: Deque<Frame> = []
    private var bytes = 0
    /// The head interval in which the newest frame came (BUS-12).
    var changedInterval: UInt64 = 0

    package init(epoch: UInt64) { self.epoch = epoch }

    /// Adds the newest frame; the oldest go when a bound is passed.
    /// - Precondition: the sequence is beyond the head.
    package mutating func append(topic: String, sequence: UInt64, stamp: [UInt8], body: [UInt8]) {
        precondition(sequence > headSequence, "a stream only grows")
        headSequence = sequence
        headHash = BusStamp.frameHash(topic: topic, stamp: stamp, body: body)
        frames.append(Frame(sequence: sequence, stamp: stamp, body: body))
        bytes += stamp.count + body.count
        while frames.count > BusLimits.logFrames || bytes > BusLimits.logStreamBytes, let oldest = frames.popFirst() {
            bytes -= oldest.stamp.count + oldest.body.count
        }
    }

    /// The frames of a range that the log holds, as many as fit into one answer.
    /// - Returns: the frames, ascending, and the last sequence that they cover.
    package func read(from: UInt64, through: UInt64) -> (frames: [Frame], through: UInt64) {
        let end = min(through, headSequence)
        var found: [Frame] = []
        var bytes = 0
        var index = firstIndex(from)
        while index < frames.count, frames[index].sequence <= end {
            let size = frames[index].stamp.count + frames[index].body.count
            if !found.isEmpty, bytes + size > BusLimits.backfillBytes { return (found, frames[index].sequence - 1) }
            bytes += size
            found.append(frames[index])
            index += 1
        }
        return (found, end)
    }

    /// Index of the first frame at or beyond a sequence; frames ascend, with holes where a linked bus lost some.
    private func firstIndex(_ sequence: UInt64) -> Int {
        var low = 0
        var high = frames.count
        while low < high {
            let middle = (low + high) / 2
            if frames[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
