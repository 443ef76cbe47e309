import Foundation

/// A file that keeps one key pair: JSON, readable by its owner alone, with the secret sealed when a passphrase is given.
///
/// Fields: `format`, `version`, `kind`, `public_key`, `secret` (hexadecimal; 32 bytes plain or sealed), `sealing`
/// (absent for a plain secret) and `checksum` over all the others.
package enum KeyFile {
    /// What is written now; later versions are refused with the advice to update.
    package static let version = 1
    /// No key file comes near this size; more is not even read.
    package static let byteCountMax = 16_384

    /// What the pair in a file is for.
    package enum Kind: String, Sendable {
        /// Ed25519: accounts, nodes, notaries.
        case identity
        /// CURVE: one end of a link.
        case transport
    }

    /// What can be told about a file without its passphrase.
    package struct Summary: Hashable, Sendable {
        /// What the pair is for.
        package var kind: Kind
        /// An address for an identity, Z85 for a transport key.
        package var publicKey: String
        /// Whether reading the pair takes a passphrase.
        package var isSealed: Bool

        package init(kind: Kind, publicKey: String, isSealed: Bool) {
            self.kind = kind
            self.publicKey = publicKey
            self.isSealed = isSealed
        }
    }

    /// Writes an identity.
    ///
    /// - Parameter passphrase: seals the secret; nil leaves it plain, protected by the file's mode alone.
    /// - Parameter replacing: whether an existing file may be replaced, as one step.
    /// - Throws: `.alreadyThere` when there is a file and it may not be replaced; what the system refuses.
    package static func write(
        _ pair: KeyPair, to path: String, passphrase: String? = nil, replacing: Bool = false, cost: SealingCost = .moderate
    ) throws(KeyFileFault) {
        let content = try KeyFileContent(
            kind: .identity, publicKey: pair.publicKey.address.text, secret: pair.seed, passphrase: passphrase, cost: cost,
            path: path)
        try PrivateFile.write(content.json, to: path, replacing: replacing)
    }

    /// Writes a transport key; like an identity.
    package static func write(
        _ pair: TransportKeyPair, to path: String, passphrase: String? = nil, replacing: Bool = false,
        cost: SealingCost = .moderate
    ) throws(KeyFileFault) {
        let content = try KeyFileContent(
            kind: .transport, publicKey: pair.publicKey.text, secret: pair.secret, passphrase: passphrase, cost: cost,
            path: path)
        try PrivateFile.write(content.json, to: path, replacing: replacing)
    }

    /// Reads an identity.
    ///
    /// - Parameter passphrase: needed for a sealed file, and not looked at for a plain one.
    /// - Throws: why not, with the path and what to do.
    package static func readIdentity(_ path: String, passphrase: String? = nil) throws(KeyFileFault) -> KeyPair {
        let content = try load(path, kind: .identity)
        let pair = KeyPair(seed: try content.secret(passphrase: passphrase, path: path))
        guard pair.publicKey.address.text == content.publicKey else { throw KeyFileFault(path, .mismatch) }
        return pair
    }

    /// Reads a transport key; like an identity.
    package static func readTransport(_ path: String, passphrase: String? = nil) throws(KeyFileFault) -> TransportKeyPair {
        let content = try load(path, kind: .transport)
        let pair = TransportKeyPair(secret: try content.secret(passphrase: passphrase, path: path))
        guard pair.publicKey.text == content.publicKey else { throw KeyFileFault(path, .mismatch) }
        return pair
    }

    /// Reads what needs no passphrase. That the public key belongs to the secret is not checked here.
    package static func summary(_ path: String) throws(KeyFileFault) -> Summary {
        let content = try KeyFileContent(json: PrivateFile.read(path, byteCountMax: byteCountMax), path: path)
        return Summary(kind: content.kind, publicKey: content.publicKey, isSealed: content.sealing != nil)
    }

    private static func load(_ path: String, kind: Kind) throws(KeyFileFault) -> KeyFileContent {
        let content = try KeyFileContent(json: PrivateFile.read(path, byteCountMax: byteCountMax), path: path)
        guard content.kind == kind else { throw KeyFileFault(path, .wrongKind(expected: kind, found: content.kind)) }
        return content
    }
}
