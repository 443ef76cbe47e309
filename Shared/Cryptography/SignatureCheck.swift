/// One signature still to be checked; carried to wherever threads are free.
package struct SignatureCheck: Hashable, Sendable {
    package var key: PublicKey
    package var signature: Signature
    /// The whole signed preimage.
    package var message: [UInt8]

    package init(key: PublicKey, signature: Signature, message: [UInt8]) {
        self.key = key
        self.signature = signature
        self.message = message
    }

    /// Whether the signature stands.
    package var holds: Bool { Ed25519.verify(signature, of: message, by: key) }
}
