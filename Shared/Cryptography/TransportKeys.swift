import CSodium

/// The public half of a CURVE key (Curve25519, 32 bytes), by which a link knows its other end.
package struct TransportKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Characters of the text form.
    package static let characterCount = 40
    /// The 32 bytes.
    package var digest: Digest

    package init(_ digest: Digest) {
        self.digest = digest
    }

    /// Reads the 40 characters of the text form.
    package init(_ text: String) throws(Z85.Fault) {
        guard text.count == TransportKey.characterCount else {
            throw .wrongLength(expected: TransportKey.characterCount, found: text.count)
        }
        let bytes = try Z85.decode(text)
        digest = Digest(bytes)!
    }

    /// The 40 characters of Z85 that network.yaml shows and libzmq takes.
    package var text: String { Z85.encode(digest.bytes) }
    package var description: String { text }

    package static func < (left: TransportKey, right: TransportKey) -> Bool { left.digest < right.digest }
}

/// A CURVE key pair for one end of a link. Printing it shows the public half alone.
package struct TransportKeyPair: Sendable {
    package let publicKey: TransportKey
    /// The 32 secret bytes, for the socket's option and for key files only.
    package let secret: Digest

    /// The pair that 32 secret bytes stand for.
    package init(secret: Digest) {
        var publicBytes = [UInt8](repeating: 0, count: Digest.byteCount)
        let result = secret.withBytes {
            crypto_scalarmult_curve25519_base(&publicBytes, $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        precondition(result == 0, "the base point times any scalar is a point")
        self.secret = secret
        publicKey = TransportKey(Digest(publicBytes)!)
    }
}

extension TransportKeyPair: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The public key; never the secret.
    package var description: String { "TransportKeyPair(\(publicKey))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}
