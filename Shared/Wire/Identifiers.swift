import Cryptography

/// Text of at most 32 bytes, held inline: cheap to copy, hash and compare in loops that run per transaction.
package struct ShortText: Hashable, Sendable, Comparable {
    package static let byteCount = 32
    /// The text's bytes, padded with zeros.
    package var padded: Digest

    /// - Returns: nil unless `text` is 1 to 32 bytes, every one allowed by `isAllowed`.
    package init?(_ text: String, where isAllowed: (UInt8) -> Bool) {
        var text = text
        var words: Digest.Words = (0, 0, 0, 0)
        let fits = text.withUTF8 { bytes in
            guard !bytes.isEmpty, bytes.count <= ShortText.byteCount, bytes.allSatisfy(isAllowed) else { return false }
            withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: UnsafeRawBufferPointer(bytes)) }
            return true
        }
        guard fits else { return nil }
        padded = Digest(a: words.0, b: words.1, c: words.2, d: words.3)
    }

    package var text: String { padded.withBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }

    package static func < (left: ShortText, right: ShortText) -> Bool { left.padded < right.padded }

    package func hash(into hasher: inout Hasher) {
        // Short names live in the first words; the digest's own hash looks at the first alone.
        hasher.combine(padded.a)
        hasher.combine(padded.b)
    }
}

/// Names a chain: 1 to 32 of a-z, 0-9 and `-`.
package struct ChainID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var text: ShortText
    /// The notary chain of every network.
    package static let notary = ChainID("notary")!

    package init?(_ name: String) {
        guard let text = ShortText(name, where: { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }) else { return nil }
        self.text = text
    }

    package var description: String { text.text }
    /// UTF-8 bytes without padding.
    package var bytes: [UInt8] { Array(description.utf8) }
    package static func < (left: ChainID, right: ChainID) -> Bool { left.text < right.text }
}

/// Names an asset: 1 to 32 of letters, digits, `-`, `.` and `/` (a wrapped asset carries its origin: `alpha/X`).
package struct AssetID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var text: ShortText

    package init?(_ name: String) {
        guard
            let text = ShortText(
                name,
                where: {
                    (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46 || $0 == 47
                })
        else { return nil }
        self.text = text
    }

    package var description: String { text.text }
    package static func < (left: AssetID, right: AssetID) -> Bool { left.text < right.text }
}

/// Position of a block in its chain; 0 is genesis.
package typealias Height = UInt64
/// A Simplex slot, from 1; 0 stands for genesis.
package typealias Slot = UInt64
/// Epoch of a voting set.
package typealias Epoch = UInt64
/// Minor units of an asset.
package typealias Amount = UInt64
/// Chain time: Unix milliseconds in a block's header.
package typealias ChainTime = UInt64

extension Digest {
    /// A name that is stored padded with zeros to 32 bytes. Nil unless these are the bytes of a name.
    package var paddedName: String? {
        let bytes = self.bytes
        let name = bytes.prefix { $0 != 0 }
        guard bytes.dropFirst(name.count).allSatisfy({ $0 == 0 }) else { return nil }
        return String(validating: name, as: UTF8.self)
    }
}
