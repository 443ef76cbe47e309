import CSodium

extension KeyPair {
    /// A fresh pair from the system's random bytes. For the shell only: no core draws secrets.
    package static func generate() -> KeyPair { KeyPair(seed: RandomBytes.digest()) }
}

extension TransportKeyPair {
    /// A fresh pair from the system's random bytes. For the shell only: no core draws secrets.
    package static func generate() -> TransportKeyPair { TransportKeyPair(secret: RandomBytes.digest()) }
}

enum RandomBytes {
    static func digest() -> Digest { Digest(bytes(Digest.byteCount))! }

    static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf(&bytes, count)
        return bytes
    }
}
