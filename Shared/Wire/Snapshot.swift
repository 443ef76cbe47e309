import Cryptography
import Schema

/// What a snapshot of a chain's state consists of (V-8): the final block whose state it is, and the hash of each part.
package struct SnapshotManifest: Hashable, Sendable {
    /// Shows the block to be final.
    package var final: FinalHeader
    /// Hashes of the parts, in order.
    package var parts: [Digest]

    package init(final: FinalHeader, parts: [Digest]) {
        self.final = final
        self.parts = parts
    }

    init(_ message: PBSnapshot) throws(WireFault) {
        try Field.present(message.hasFinal, "Snapshot.final")
        try Field.count(message.parts.count, atMost: Limits.snapshotParts, "Snapshot.parts")
        guard !message.parts.isEmpty else { throw WireFault(.invalid, "Snapshot.parts") }
        final = try FinalHeader(message.final)
        parts = try mapChecked(message.parts) { item throws(WireFault) in try Field.digest(item, "Snapshot.parts") }
    }

    var message: PBSnapshot {
        var message = PBSnapshot()
        message.final = final.message
        message.parts = parts.map(\.data)
        return message
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.decode(PBSnapshot.self, bytes, "Snapshot"))
    }

    package var encoded: [UInt8] { Field.encode(message) }

    /// The hash that names a part.
    package static func partHash(_ part: [UInt8]) -> Digest { Blake2b.hash(part) }
}
