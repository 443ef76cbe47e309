import CSodium

/// Ed25519 (RFC 8032) by libsodium.
package enum Ed25519 {
    /// Whether `signature` by `key` stands for exactly `message`. Non-canonical and small-order encodings are refused.
    package static func verify(_ signature: Signature, of message: [UInt8], by key: PublicKey) -> Bool {
        signature.withBytes { signature in
            key.digest.withBytes { key in
                message.withUnsafeBufferPointer { message in
                    crypto_sign_verify_detached(
                        signature.baseAddress!.assumingMemoryBound(to: UInt8.self),
                        message.baseAddress, UInt64(message.count),
                        key.baseAddress!.assumingMemoryBound(to: UInt8.self)) == 0
                }
            }
        }
    }
}
