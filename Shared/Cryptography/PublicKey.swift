/// An Ed25519 public key: the name of an account, a node or a notary.
package struct PublicKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The 32 bytes.
    package var digest: Digest

    package init(_ digest: Digest) {
        self.digest = digest
    }

    /// - Returns: nil unless there are exactly 32 bytes. Whether they are a point of the curve is found when a signature is checked.
    package init?(_ bytes: some Collection<UInt8>) {
        guard let digest = Digest(bytes) else { return nil }
        self.digest = digest
    }

    package var bytes: [UInt8] { digest.bytes }
    package var hex: String { digest.hex }
    package var description: String { digest.description }

    package static func < (left: PublicKey, right: PublicKey) -> Bool { left.digest < right.digest }
}
