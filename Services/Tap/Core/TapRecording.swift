import Cryptography
import Wire

/// Frames in a file, exactly as they were heard, so that an incident can be looked at again.
///
/// The file begins with `concordat/tap/1`, a line's end and the network id 32. Then per frame: topic's length u16 and topic, stamp's length u16 and stamp,
/// body's length u32 and body. Numbers are big-endian.
package struct TapRecording: Sendable, Hashable {
    /// One frame.
    package struct Frame: Sendable, Hashable {
        package let topic: String
        /// The exact bytes of the stamp.
        package let stamp: [UInt8]
        package let body: [UInt8]

        package init(topic: String, stamp: [UInt8], body: [UInt8]) {
            self.topic = topic
            self.stamp = stamp
            self.body = body
        }

        /// As it stands in the file.
        ///
        /// - Precondition: topic and stamp are of a frame of a bus.
        package var encoded: [UInt8] {
            precondition(topic.utf8.count <= BusLimits.topicBytes && stamp.count <= BusLimits.stampBytes, "a bus bounds both")
            return UInt16(topic.utf8.count).bigEndianBytes + Array(topic.utf8) + UInt16(stamp.count).bigEndianBytes + stamp
                + UInt32(body.count).bigEndianBytes + body
        }
    }

    /// Why bytes are no recording.
    package enum Fault: Error, Hashable, Sendable {
        /// It does not begin as one does.
        case noRecording
        /// A frame is out of bounds, at a place in the file.
        case malformed(offset: Int)
        /// The file ends within a frame that begins at a place: whoever wrote it was stopped.
        case cutShort(offset: Int)
    }

    private static let magic = Array("concordat/tap/1\n".utf8)

    /// How a file of a network begins.
    package static func head(network: Digest) -> [UInt8] { magic + network.bytes }

    package let network: Digest
    package private(set) var frames: [Frame] = []
    /// Where the file ends within a frame; nil when it does not. The frames before are whole.
    package private(set) var cutShort: Int?

    /// Reads a file.
    package init(_ bytes: [UInt8]) throws(Fault) {
        let start = TapRecording.magic.count
        guard bytes.starts(with: TapRecording.magic), bytes.count >= start + Digest.byteCount, let network = Digest(bytes[start..<start + Digest.byteCount]) else {
            throw .noRecording
        }
        self.network = network
        var place = start + Digest.byteCount
        while place < bytes.count {
            let begin = place
            do throws(Fault) {
                let topic = try TapRecording.part(2, bytes, &place, begin, atMost: BusLimits.topicBytes)
                let stamp = try TapRecording.part(2, bytes, &place, begin, atMost: BusLimits.stampBytes)
                let body = try TapRecording.part(4, bytes, &place, begin, atMost: BusLimits.memberMessageBytes)
                let name = String(decoding: topic, as: UTF8.self)
                guard BusTopic.isValid(name) else { throw Fault.malformed(offset: begin) }
                frames.append(Frame(topic: name, stamp: Array(stamp), body: Array(body)))
            } catch {
                guard case .cutShort(let offset) = error else { throw error }
                cutShort = offset
                return
            }
        }
    }

    /// A length and as many bytes.
    private static func part(_ width: Int, _ bytes: [UInt8], _ place: inout Int, _ begin: Int, atMost most: Int) throws(Fault) -> ArraySlice<UInt8> {
        guard bytes.count - place >= width else { throw .cutShort(offset: begin) }
        let count = bytes[place..<place + width].reduce(0) { $0 << 8 | Int($1) }
        guard count <= most else { throw .malformed(offset: begin) }
        place += width
        guard bytes.count - place >= count else { throw .cutShort(offset: begin) }
        defer { place += count }
        return bytes[place..<place + count]
    }
}
