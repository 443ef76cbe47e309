import Foundation

/// What a key file says, checked.
struct KeyFileContent {
    /// How a sealed secret was sealed.
    struct Sealing: Codable {
        var cipher: String
        var salt: String
        var nonce: String
        var operations: Int
        var memoryBytes: Int

        enum CodingKeys: String, CodingKey {
            case cipher, salt, nonce, operations
            case memoryBytes = "memory_bytes"
        }
    }

    static let format = "concordat-key"

    let kind: KeyFile.Kind
    let publicKey: String
    /// Hexadecimal, plain or sealed.
    let secretText: String
    let sealing: Sealing?

    init(
        kind: KeyFile.Kind, publicKey: String, secret: Digest, passphrase: String?, cost: SealingCost, path: String
    ) throws(KeyFileFault) {
        self.kind = kind
        self.publicKey = publicKey
        guard let passphrase else {
            secretText = secret.hex
            sealing = nil
            return
        }
        guard !passphrase.isEmpty else { throw KeyFileFault(path, .emptyPassphrase) }
        let box = SealedBox(salt: RandomBytes.bytes(SealedBox.saltByteCount), nonce: RandomBytes.bytes(SealedBox.nonceByteCount), cost: cost)
        let context = KeyFileContent.context(kind, publicKey)
        guard let sealed = box.seal(secret, passphrase: passphrase, context: context) else {
            throw KeyFileFault(path, .outOfMemory(byteCount: cost.memoryBytes))
        }
        secretText = Hexadecimal.encode(sealed)
        sealing = Sealing(
            cipher: SealedBox.name, salt: Hexadecimal.encode(box.salt), nonce: Hexadecimal.encode(box.nonce),
            operations: cost.operations, memoryBytes: cost.memoryBytes)
    }

    /// Reads the JSON. The decoder's own errors quote the text, which may be secret; none of them gets out.
    init(json: Data, path: String) throws(KeyFileFault) {
        let decoder = JSONDecoder()
        guard let head = try? decoder.decode(Head.self, from: json), head.format == KeyFileContent.format else {
            throw KeyFileFault(path, .damaged("it is no JSON of format \(KeyFileContent.format) with a version"))
        }
        guard head.version <= KeyFile.version else { throw KeyFileFault(path, .futureVersion(head.version)) }
        guard head.version == KeyFile.version else { throw KeyFileFault(path, .damaged("there is no version \(head.version)")) }
        let fields: Fields
        do {
            fields = try decoder.decode(Fields.self, from: json)
        } catch {
            throw KeyFileFault(path, .damaged("\(KeyFileContent.field(of: error)) is missing or of the wrong type"))
        }
        guard let kind = KeyFile.Kind(rawValue: fields.kind) else {
            throw KeyFileFault(path, .damaged("the field kind is neither identity nor transport"))
        }
        self.kind = kind
        publicKey = fields.publicKey
        secretText = fields.secret
        sealing = fields.sealing
        guard fields.checksum == checksum else { throw KeyFileFault(path, .damaged("the checksum does not fit")) }
    }

    var json: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let fields = Fields(
            format: KeyFileContent.format, version: KeyFile.version, kind: kind.rawValue, publicKey: publicKey,
            secret: secretText, sealing: sealing, checksum: checksum)
        guard let json = try? encoder.encode(fields) else { preconditionFailure("plain strings and numbers always encode") }
        return json + Data("\n".utf8)
    }

    /// The 32 secret bytes.
    func secret(passphrase: String?, path: String) throws(KeyFileFault) -> Digest {
        guard let bytes = Hexadecimal.decode(secretText) else {
            throw KeyFileFault(path, .damaged("the field secret is not hexadecimal"))
        }
        guard let sealing else {
            guard let secret = Digest(bytes) else { throw KeyFileFault(path, .damaged("the field secret is not 32 bytes")) }
            return secret
        }
        guard let passphrase else { throw KeyFileFault(path, .passphraseNeeded) }
        guard sealing.cipher == SealedBox.name else { throw KeyFileFault(path, .damaged("the cipher is not \(SealedBox.name)")) }
        guard
            let salt = Hexadecimal.decode(sealing.salt), let nonce = Hexadecimal.decode(sealing.nonce),
            let cost = SealingCost(operations: sealing.operations, memoryBytes: sealing.memoryBytes),
            salt.count == SealedBox.saltByteCount, nonce.count == SealedBox.nonceByteCount,
            bytes.count == SealedBox.sealedByteCount
        else { throw KeyFileFault(path, .damaged("the numbers of the sealing are out of bounds")) }
        let box = SealedBox(salt: salt, nonce: nonce, cost: cost)
        switch box.open(bytes, passphrase: passphrase, context: KeyFileContent.context(kind, publicKey)) {
        case .secret(let secret): return secret
        case .refused: throw KeyFileFault(path, .wrongPassphrase)
        case .outOfMemory: throw KeyFileFault(path, .outOfMemory(byteCount: cost.memoryBytes))
        }
    }

    /// Tells a damaged file from a wrong passphrase; no protection against people, the seal is that.
    private var checksum: String {
        var parts = ["\(KeyFile.version)", kind.rawValue, publicKey, secretText]
        if let sealing {
            parts += [sealing.cipher, sealing.salt, sealing.nonce, "\(sealing.operations)", "\(sealing.memoryBytes)"]
        }
        return Blake2b.hash(.keyFile, Array(parts.joined(separator: "\n").utf8)).hex
    }

    /// Ties a sealed secret to the rest of its file.
    private static func context(_ kind: KeyFile.Kind, _ publicKey: String) -> [UInt8] {
        Domain.keyFile.tag + Array("\(KeyFile.version)\n\(kind.rawValue)\n\(publicKey)".utf8)
    }

    private static func field(of error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "the field \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            context.codingPath.last.map { "the field \($0.stringValue)" } ?? "a field"
        default: "a field"
        }
    }

    private struct Head: Decodable {
        var format: String
        var version: Int
    }

    private struct Fields: Codable {
        var format: String
        var version: Int
        var kind: String
        var publicKey: String
        var secret: String
        var sealing: Sealing?
        var checksum: String

        enum CodingKeys: String, CodingKey {
            case format, version, kind, secret, sealing, checksum
            case publicKey = "public_key"
        }
    }
}
