import Cryptography
import OrderedCollections
import Wire

/// What a tap has heard, and whether it has heard all of it: every stream's frames count up, and each names the hash of the one before (BUS-5). It
/// judges that by itself, whatever the connection that delivers them believes.
package struct TapTally: Sendable {
    /// Frames of one role and kind.
    package struct Count: Sendable, Hashable {
        package let role: String
        package let kind: String
        package internal(set) var frames = 0
        package internal(set) var bytes = 0
    }

    /// Frames that are missing from one stream.
    package struct Hole: Sendable, Hashable {
        package let topic: String
        package let site: String
        package let from: UInt64
        package let through: UInt64
    }

    private struct Stream: Hashable {
        var topic: String
        var site: String
        var bootEpoch: UInt64
    }

    private struct Place {
        var sequence: UInt64
        var hash: Digest
    }

    private struct Key: Hashable {
        var role: String
        var kind: String
    }

    private var streams: OrderedDictionary<Stream, Place> = [:]
    private var byKind: OrderedDictionary<Key, Count> = [:]
    /// All frames heard, shown or not.
    package private(set) var heard = 0
    package private(set) var shown = 0
    package private(set) var shownBytes = 0
    /// Frames that no log holds any more, or that never came.
    package private(set) var holes: [Hole] = []
    /// Frames that do not name the one before.
    package private(set) var broken = 0

    /// Holes that are listed; beyond it they are only counted.
    package static let holesMaximum = 1_000
    package private(set) var lost: UInt64 = 0

    package init() {}

    /// Streams of which a frame has come.
    package var streamCount: Int { streams.count }
    /// Whether no frame is known to be missing, or out of line.
    package var isComplete: Bool { lost == 0 && broken == 0 }

    /// Ascending by role and kind.
    package var counts: [Count] { byKind.values.sorted { ($0.role, $0.kind) < ($1.role, $1.kind) } }

    /// A frame has come. Frames of one stream come in order.
    ///
    /// - Parameter hash: its frame hash.
    /// - Returns: the frames that are missing before it.
    package mutating func hear(_ frame: TapFrame, previous: Digest, hash: Digest) -> Hole? {
        heard += 1
        let stream = Stream(topic: frame.topic, site: frame.site, bootEpoch: frame.bootEpoch)
        defer { streams[stream] = Place(sequence: frame.sequence, hash: hash) }
        guard let last = streams[stream] else { return nil }
        if frame.sequence == last.sequence + 1 {
            if previous != last.hash { broken += 1 }
            return nil
        }
        guard frame.sequence > last.sequence else {
            broken += 1
            return nil
        }
        let hole = Hole(topic: frame.topic, site: frame.site, from: last.sequence + 1, through: frame.sequence - 1)
        lost += hole.through - hole.from + 1
        if holes.count < TapTally.holesMaximum { holes.append(hole) }
        return hole
    }

    /// A frame is shown.
    package mutating func show(_ frame: TapFrame) {
        shown += 1
        shownBytes += frame.byteCount
        let key = Key(role: frame.role, kind: frame.kind)
        byKind[key, default: Count(role: frame.role, kind: frame.kind)].frames += 1
        byKind[key]?.bytes += frame.byteCount
    }
}
