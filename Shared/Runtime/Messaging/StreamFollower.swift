import Cryptography
import DequeModule
import Wire

/// Follows the stream of one topic and site: delivers each frame once and in order, and knows what is missing (BUS-10, BUS-11).
struct StreamFollower {
    /// What a frame or an answer led to, in order.
    enum Step: Equatable {
        case deliver(BusDelivery)
        case lost(from: UInt64, through: UInt64)
        case broken(sequence: UInt64)
    }

    /// Boot epoch of the bus that stamps the stream.
    let epoch: UInt64
    /// Sequence of the last frame delivered, or given up.
    private(set) var last: UInt64
    /// Frame hash of the last frame; nil when it is not known.
    private var lastHash: Digest?
    /// The newest sequence known to exist.
    private var known: UInt64
    /// Frames beyond a gap, ascending.
    private var held: Deque<BusDelivery> = []
    private var heldBytes = 0
    /// A Backfill is under way.
    var isAsked = false

    /// A stream of which every frame is wanted.
    init(epoch: UInt64) {
        self.epoch = epoch
        last = 0
        lastHash = .zero
        known = 0
    }

    /// A stream of which the frames after one are wanted.
    /// - Parameter hash: of the frame at `sequence`; nil when it is not known.
    init(epoch: UInt64, after sequence: UInt64, hash: Digest?) {
        self.epoch = epoch
        last = sequence
        lastHash = sequence == 0 ? .zero : hash
        known = sequence
    }

    /// What is to be asked for, if anything is missing.
    var gap: ClosedRange<UInt64>? {
        if let first = held.first { return last + 1...first.stamp.sequence - 1 }
        return known > last ? last + 1...known : nil
    }

    /// Learns that a frame exists.
    mutating func learn(_ sequence: UInt64) { known = max(known, sequence) }

    /// Takes a frame from the fan-out.
    mutating func take(_ frame: BusDelivery) -> [Step] {
        let sequence = frame.stamp.sequence
        guard sequence > last else { return [] }
        known = max(known, sequence)
        guard sequence == last + 1 else {
            hold(frame)
            return []
        }
        // A frame that does not fit the chain is asked for again: `known` stays ahead of `last`.
        guard fits(frame) else { return [] }
        return [deliver(frame)] + drain()
    }

    /// Takes an answer to Backfill: what it covers and does not hold is gone.
    /// - Parameter frames: ascending.
    mutating func fill(from: UInt64, through: UInt64, _ frames: [BusDelivery]) -> [Step] {
        isAsked = false
        guard from <= last + 1, through > last else {
            // An answer that covers nothing: what was said to exist does not.
            if held.isEmpty { known = last }
            return drain()
        }
        var steps: [Step] = []
        for frame in frames where frame.stamp.sequence > last && frame.stamp.sequence <= through {
            steps += skip(to: frame.stamp.sequence)
            if !fits(frame) { steps.append(.broken(sequence: frame.stamp.sequence)) }
            steps.append(deliver(frame))
        }
        steps += skip(to: through + 1)
        return steps + drain()
    }

    private func fits(_ frame: BusDelivery) -> Bool { lastHash == nil || frame.stamp.previous == lastHash }

    private mutating func deliver(_ frame: BusDelivery) -> Step {
        last = frame.stamp.sequence
        lastHash = frame.hash
        known = max(known, last)
        return .deliver(frame)
    }

    /// Gives up what lies between the last frame and this sequence.
    private mutating func skip(to sequence: UInt64) -> [Step] {
        guard sequence > last + 1 else { return [] }
        defer {
            last = sequence - 1
            lastHash = nil
        }
        return [.lost(from: last + 1, through: sequence - 1)]
    }

    private mutating func hold(_ frame: BusDelivery) {
        if let newest = held.last, newest.stamp.sequence >= frame.stamp.sequence { return }
        // What is not held is asked for later: `known` remembers it.
        guard held.count < BusLimits.heldFrames, heldBytes + frame.body.count <= BusLimits.heldBytes else { return }
        heldBytes += frame.body.count
        held.append(frame)
    }

    private mutating func drain() -> [Step] {
        var steps: [Step] = []
        while let first = held.first, first.stamp.sequence <= last + 1 {
            held.removeFirst()
            heldBytes -= first.body.count
            if first.stamp.sequence == last + 1, fits(first) { steps.append(deliver(first)) }
        }
        return steps
    }
}
