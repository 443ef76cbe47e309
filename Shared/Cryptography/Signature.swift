/// An Ed25519 signature, 64 bytes.
package struct Signature: Hashable, Sendable {
    package static let byteCount = 64
    /// First and second half, in byte order.
    package var first: Digest, second: Digest

    /// Stands where a signature is still to be made.
    package static let zero = Signature(first: .zero, second: .zero)

    package init(first: Digest, second: Digest) {
        self.first = first
        self.second = second
    }

    /// - Returns: nil unless there are exactly 64 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Signature.byteCount,
            let first = Digest(bytes.prefix(32)), let second = Digest(bytes.suffix(32))
        else { return nil }
        self.first = first
        self.second = second
    }

    /// - Returns: nil unless there are exactly 64 bytes.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Signature.byteCount, let first = Digest(UnsafeRawBufferPointer(rebasing: bytes[..<32])),
            let second = Digest(UnsafeRawBufferPointer(rebasing: bytes[32...]))
        else { return nil }
        self.init(first: first, second: second)
    }

    package var bytes: [UInt8] { first.bytes + second.bytes }

    /// Calls `body` with the 64 bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let words = (first.a, first.b, first.c, first.d, second.a, second.b, second.c, second.d)
        return try Swift.withUnsafeBytes(of: words, body)
    }
}
