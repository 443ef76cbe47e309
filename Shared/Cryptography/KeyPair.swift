import CSodium

/// An Ed25519 key pair. The secret never leaves this type but by `seed`, for key files; printing it shows the public half alone.
package struct KeyPair: Sendable {
    package let publicKey: PublicKey
    /// The 32 secret bytes; whoever has them can sign. For key files only.
    package let seed: Digest
    private let secret: [UInt8]

    /// The pair that a seed of 32 secret bytes stands for.
    package init(seed: Digest) {
        var publicBytes = [UInt8](repeating: 0, count: 32)
        var secret = [UInt8](repeating: 0, count: 64)
        let result = seed.withBytes {
            crypto_sign_seed_keypair(&publicBytes, &secret, $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        precondition(result == 0, "a 32-byte seed always gives a key pair")
        self.seed = seed
        self.secret = secret
        publicKey = PublicKey(publicBytes)!
    }

    /// Signs a message; the same message always gives the same 64 bytes.
    package func sign(_ message: [UInt8]) -> Signature {
        var bytes = [UInt8](repeating: 0, count: Signature.byteCount)
        let result = crypto_sign_detached(&bytes, nil, message, UInt64(message.count), secret)
        precondition(result == 0, "signing with a valid key cannot fail")
        return Signature(bytes)!
    }

    /// The capability to sign, without the secret.
    package var signer: Signer { Signer(publicKey: publicKey, sign: sign) }
}

extension KeyPair: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The public key; never the secret.
    package var description: String { "KeyPair(\(publicKey.hex))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}
