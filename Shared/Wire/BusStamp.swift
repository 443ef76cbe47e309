import Cryptography
import Schema
import SwiftProtobuf

/// What a bus stamps on a frame: where the frame stands in the stream of its topic (BUS-4).
package struct BusStamp: Equatable, Sendable {
    /// Site of the bus that stamped it.
    package let site: String
    /// Member that published it, as authenticated.
    package let publisher: String
    /// Boot epoch of that bus: Unix milliseconds when it started.
    package let bootEpoch: UInt64
    /// Position in the stream, from 1.
    package let sequence: UInt64
    /// Frame hash of the previous frame of the stream; zero for the first.
    package let previous: Digest
    /// The bus's clock when it took the frame, Unix milliseconds.
    package let timeMilliseconds: UInt64

    package init(site: String, publisher: String, bootEpoch: UInt64, sequence: UInt64, previous: Digest, timeMilliseconds: UInt64) {
        precondition(sequence >= 1, "sequences count from 1")
        self.site = site
        self.publisher = publisher
        self.bootEpoch = bootEpoch
        self.sequence = sequence
        self.previous = previous
        self.timeMilliseconds = timeMilliseconds
    }

    /// Reads the second part of a frame.
    /// - Throws: `.malformed` when it is no stamp or out of bounds.
    package init(_ bytes: [UInt8]) throws(BusReason) {
        guard bytes.count <= BusLimits.stampBytes, let stamp = try? PBStamp(serializedBytes: bytes) else { throw .malformed }
        guard let previous = Digest(stamp.previous), stamp.sequence >= 1, stamp.sequence <= BusLimits.highestSequence,
            !stamp.site.isEmpty, stamp.site.utf8.count <= BusLimits.nameBytes, stamp.publisher.utf8.count <= BusLimits.nameBytes
        else { throw .malformed }
        self.init(
            site: stamp.site, publisher: stamp.publisher, bootEpoch: stamp.bootEpoch, sequence: stamp.sequence,
            previous: previous, timeMilliseconds: stamp.timeMilliseconds)
    }

    /// The second part of a frame. Hashes are made over the bytes sent, so nobody else needs to encode it the same way.
    package var bytes: [UInt8] {
        var stamp = PBStamp()
        stamp.site = site
        stamp.publisher = publisher
        stamp.bootEpoch = bootEpoch
        stamp.sequence = sequence
        stamp.previous = .init(previous.bytes)
        stamp.timeMilliseconds = timeMilliseconds
        guard let bytes: [UInt8] = try? stamp.serializedBytes() else { preconditionFailure("a stamp has no required fields that could lack") }
        return bytes
    }

    /// The frame hash: hash(.frame, topic, a zero byte, the stamp's bytes, BLAKE2b of the body) (BUS-5).
    package static func frameHash(topic: String, stamp: [UInt8], body: [UInt8]) -> Digest {
        var content = Array(topic.utf8)
        content.reserveCapacity(content.count + 1 + stamp.count + Digest.byteCount)
        content.append(0)
        content.append(contentsOf: stamp)
        Blake2b.hash(body).withBytes { content.append(contentsOf: $0) }
        return Blake2b.hash(.frame, content)
    }
}
