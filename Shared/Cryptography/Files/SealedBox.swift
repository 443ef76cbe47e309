import CSodium
import Foundation

/// What one try at a passphrase costs: whoever guesses pays it for each guess.
package struct SealingCost: Hashable, Sendable {
    /// Passes of Argon2id over the memory.
    package let operations: Int
    /// Bytes of memory.
    package let memoryBytes: Int

    /// 256 MiB and three passes, well under two seconds: libsodium's choice for keys that are opened seldom.
    package static let moderate = SealingCost(unchecked: 3, 268_435_456)
    /// The least that Argon2id takes; for tests alone.
    package static let least = SealingCost(unchecked: 1, 8_192)

    /// - Returns: nil for what Argon2id does not take, and for more than 16 passes or 1 GiB: a file from elsewhere
    ///   must not be able to stop its reader.
    package init?(operations: Int, memoryBytes: Int) {
        guard (1...16).contains(operations), (8_192...1_073_741_824).contains(memoryBytes) else { return nil }
        self.init(unchecked: operations, memoryBytes)
    }

    private init(unchecked operations: Int, _ memoryBytes: Int) {
        self.operations = operations
        self.memoryBytes = memoryBytes
    }
}

/// 32 secret bytes under a passphrase: Argon2id makes the key, XChaCha20-Poly1305 seals.
struct SealedBox {
    static let name = "argon2id-xchacha20poly1305"
    static let saltByteCount = Int(crypto_pwhash_argon2id_SALTBYTES)
    static let nonceByteCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    static let sealedByteCount = Digest.byteCount + Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    enum Opened {
        case secret(Digest)
        /// Another passphrase, or other bytes than were sealed.
        case refused
        case outOfMemory
    }

    let salt: [UInt8]
    let nonce: [UInt8]
    let cost: SealingCost

    /// - Returns: nil when the memory is not to be had.
    func seal(_ secret: Digest, passphrase: String, context: [UInt8]) -> [UInt8]? {
        guard var key = key(passphrase) else { return nil }
        defer { sodium_memzero(&key, key.count) }
        var sealed = [UInt8](repeating: 0, count: SealedBox.sealedByteCount)
        let result = secret.withBytes {
            crypto_aead_xchacha20poly1305_ietf_encrypt(
                &sealed, nil, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt64($0.count),
                context, UInt64(context.count), nil, nonce, key)
        }
        precondition(result == 0, "sealing 32 bytes cannot fail")
        return sealed
    }

    func open(_ sealed: [UInt8], passphrase: String, context: [UInt8]) -> Opened {
        guard var key = key(passphrase) else { return .outOfMemory }
        defer { sodium_memzero(&key, key.count) }
        var secret = [UInt8](repeating: 0, count: Digest.byteCount)
        defer { sodium_memzero(&secret, secret.count) }
        let result = crypto_aead_xchacha20poly1305_ietf_decrypt(
            &secret, nil, nil, sealed, UInt64(sealed.count), context, UInt64(context.count), nonce, key)
        guard result == 0, let digest = Digest(secret) else { return .refused }
        return .secret(digest)
    }

    private func key(_ passphrase: String) -> [UInt8]? {
        // The same letters typed on another system may arrive composed otherwise.
        var letters = passphrase.precomposedStringWithCanonicalMapping.utf8.map { CChar(bitPattern: $0) }
        defer { sodium_memzero(&letters, letters.count) }
        var key = [UInt8](repeating: 0, count: Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES))
        let result = crypto_pwhash_argon2id(
            &key, UInt64(key.count), letters, UInt64(letters.count), salt,
            UInt64(cost.operations), cost.memoryBytes, crypto_pwhash_argon2id_ALG_ARGON2ID13)
        return result == 0 ? key : nil
    }
}
