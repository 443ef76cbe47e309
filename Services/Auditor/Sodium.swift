import CSodium

typealias Bytes = [UInt8]

/// The auditor's own door to libsodium: BLAKE2b-256 and Ed25519, nothing else.
enum Sodium {
    static let hashBytes = 32
    static let keyBytes = 32
    static let signatureBytes = 64

    /// libsodium picks its fastest code once; calling this again is free.
    static let isReady: Bool = sodium_init() >= 0

    /// BLAKE2b with 32 bytes of output, no key.
    static func hash(_ content: Bytes) -> Bytes {
        var out = Bytes(repeating: 0, count: hashBytes)
        let result = content.withUnsafeBufferPointer {
            crypto_generichash(&out, out.count, $0.baseAddress, UInt64($0.count), nil, 0)
        }
        precondition(result == 0, "BLAKE2b of a valid buffer cannot fail")
        return out
    }

    /// The hash of content under a domain's tag.
    static func hash(_ tag: Tag, _ content: Bytes) -> Bytes { hash(tag.bytes + content) }

    /// Whether an Ed25519 signature stands for a message. Wrong lengths never stand.
    static func verify(_ signature: Bytes, of message: Bytes, by key: Bytes) -> Bool {
        guard signature.count == signatureBytes, key.count == keyBytes else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), key) == 0
    }
}

/// What a hash or signature is about (docs/protocol.md, section 3).
enum Tag: String {
    case network, genesis, block, transaction, xid, foreign, offence, leader, reserve
    case epochSeed = "epoch-seed"
    case stateEpoch = "state-epoch"
    case stateStake = "state-stake"
    case stateAccount = "state-account"
    case stateCross = "state-cross"
    case stateHead = "state-head"
    case stateOffence = "state-offence"
    case stateCandidacy = "state-candidacy"
    case stateBallot = "state-ballot"
    case stateClosing = "state-closing"
    case stateFrozen = "state-frozen"
    case stateContract = "state-contract"
    case stateBridge = "state-bridge"
    case stateLane = "state-lane"
    case stateChain = "state-chain"
    case stateMeter = "state-meter"
    case statePause = "state-pause"
    case consent
    case stateValue = "state-value"
    case register, transfer, cross, confirm, refuse, cancel, candidate, notary, vote, bond, unbond, candidacy, ballot, closing, deploy, sponsor, lock, redeem, attest, pause, join, admit
    case candidacyKey = "candidacy-key"

    var bytes: Bytes { Array("concordat/1/\(rawValue)".utf8) + [0] }

    /// What a signature of this domain is made over.
    func preimage(network: Bytes, _ payload: Bytes) -> Bytes { bytes + network + payload }
}

/// Fixed layouts: numbers with their most significant byte first, names padded with zeros to 32 bytes.
enum Layout {
    static let zeroHash = Bytes(repeating: 0, count: Sodium.hashBytes)
    static let nameBytes = 32

    static func number(_ value: some FixedWidthInteger) -> Bytes {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    /// - Precondition: at most 32 bytes; names are checked where they are read.
    static func padded(_ name: String) -> Bytes {
        let bytes = Array(name.utf8)
        precondition(bytes.count <= nameBytes, "names of chains and assets are at most 32 bytes")
        return bytes + Bytes(repeating: 0, count: nameBytes - bytes.count)
    }

    static func isChainName(_ name: String) -> Bool {
        (1...nameBytes).contains(name.utf8.count)
            && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    static func isAssetName(_ name: String) -> Bool {
        (1...nameBytes).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || (45...47).contains($0)
            }
    }

    /// The first bytes of a hash, for people.
    static func short(_ hash: Bytes) -> String { hex(Bytes(hash.prefix(6))) }

    static func hex(_ bytes: Bytes) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func bytes(hex text: String) -> Bytes? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: Bytes = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
