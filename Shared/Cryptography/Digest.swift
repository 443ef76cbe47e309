/// 32 bytes, held as four words in memory order: hashes, and what is 32 bytes wide like one.
package struct Digest: Hashable, Sendable {
    /// The 32 bytes as four words, most significant first.
    package typealias Words = (UInt64, UInt64, UInt64, UInt64)
    /// Words in memory order: the bytes of the digest are the bytes of the words.
    package var a: UInt64, b: UInt64, c: UInt64, d: UInt64

    /// 32 zero bytes, the name of nothing.
    package static let zero = Digest(a: 0, b: 0, c: 0, d: 0)
    package static let byteCount = 32

    package init(a: UInt64, b: UInt64, c: UInt64, d: UInt64) {
        self.a = a
        self.b = b
        self.c = c
        self.d = d
    }

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        let contiguous = bytes.withContiguousStorageIfAvailable { Digest(UnsafeRawBufferPointer($0)) } ?? Digest(Array(bytes))
        guard let contiguous else { return nil }
        self = contiguous
    }

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard let digest = bytes.withUnsafeBytes({ Digest($0) }) else { return nil }
        self = digest
    }

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Digest.byteCount else { return nil }
        self.init(
            a: bytes.loadUnaligned(as: UInt64.self), b: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            c: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self), d: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }

    /// Calls `body` with the 32 bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let words: Words = (a, b, c, d)
        return try Swift.withUnsafeBytes(of: words, body)
    }

    /// Adds the 32 bytes to others.
    package func append(to bytes: inout [UInt8]) { withBytes { bytes.append(contentsOf: $0) } }

    /// The 32 bytes.
    package var bytes: [UInt8] { withBytes { Array($0) } }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { Hexadecimal.encode(bytes) }

    /// Bit `index` of the digest, 0 being the most significant bit of the first byte.
    package func bit(_ index: Int) -> Bool {
        precondition(index >= 0 && index < 256, "a digest has 256 bits")
        return withBytes { ($0[index / 8] >> UInt8(7 - index % 8)) & 1 == 1 }
    }

    package func hash(into hasher: inout Swift.Hasher) {
        // Digests are already uniform: one word spreads as well as four.
        hasher.combine(a)
    }
}

extension Digest: Comparable {
    /// Orders as the bytes do.
    package static func < (left: Digest, right: Digest) -> Bool {
        if left.a != right.a { return left.a.bigEndian < right.a.bigEndian }
        if left.b != right.b { return left.b.bigEndian < right.b.bigEndian }
        if left.c != right.c { return left.c.bigEndian < right.c.bigEndian }
        return left.d.bigEndian < right.d.bigEndian
    }
}

extension Digest: CustomStringConvertible {
    /// The first 12 hexadecimal digits, for logs.
    package var description: String { String(hex.prefix(12)) }
}
