import Cryptography
import FoundationEssentials
import SwiftProtobuf

/// Turns schema fields into checked values, naming the field at fault.
enum Field {
    static func digest(_ data: Data, _ field: String) throws(WireFault) -> Digest {
        guard let digest = data.withUnsafeBytes({ Digest($0) }) else { throw WireFault(.invalid, field) }
        return digest
    }

    static func key(_ data: Data, _ field: String) throws(WireFault) -> PublicKey {
        guard let key = PublicKey(data) else { throw WireFault(.invalid, field) }
        return key
    }

    static func signature(_ data: Data, _ field: String) throws(WireFault) -> Signature {
        guard let signature = data.withUnsafeBytes({ Signature($0) }) else { throw WireFault(.invalid, field) }
        return signature
    }

    static func chain(_ text: String, _ field: String) throws(WireFault) -> ChainID {
        guard let chain = ChainID(text) else { throw WireFault(.invalid, field) }
        return chain
    }

    static func asset(_ text: String, _ field: String) throws(WireFault) -> AssetID {
        guard let asset = AssetID(text) else { throw WireFault(.invalid, field) }
        return asset
    }

    static func amount(_ amount: UInt64, _ field: String) throws(WireFault) -> Amount {
        guard amount > 0 else { throw WireFault(.invalid, field) }
        return amount
    }

    static func text(_ text: String, atMost limit: Int, _ field: String) throws(WireFault) -> String {
        guard text.utf8.count <= limit else { throw WireFault(.tooLarge, field) }
        return text
    }

    static func count(_ count: Int, atMost limit: Int, _ field: String) throws(WireFault) {
        guard count <= limit else { throw WireFault(.tooLarge, field) }
    }

    static func present(_ isPresent: Bool, _ field: String) throws(WireFault) {
        guard isPresent else { throw WireFault(.missing, field) }
    }

    /// Decodes a message; unless `bytes` are what an encoder of this schema writes, they are refused (faults case 40).
    /// Unknown fields would survive a plain decoding and come back when it is encoded, so they are dropped before the comparison.
    static func canonical<M: SwiftProtobuf.Message>(_ type: M.Type, _ bytes: [UInt8], _ field: String) throws(WireFault) -> M {
        let message = try decode(type, bytes, field, discardingUnknown: true)
        guard encode(message) == bytes else { throw WireFault(.notCanonical, field) }
        return message
    }

    /// Decodes a message without asking for canonical bytes.
    static func decode<M: SwiftProtobuf.Message>(
        _ type: M.Type, _ bytes: [UInt8], _ field: String, discardingUnknown: Bool = false
    ) throws(WireFault) -> M {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = discardingUnknown
        do {
            return try M(serializedBytes: bytes, options: options)
        } catch {
            throw WireFault(.malformed, field)
        }
    }

    static func encode(_ message: some SwiftProtobuf.Message) -> [UInt8] {
        do {
            return try message.serializedBytes()
        } catch {
            // proto3 messages have no required fields, and every string of ours is valid UTF-8.
            preconditionFailure("a message of ours could not be encoded: \(error)")
        }
    }
}

extension Digest {
    static func dataOf(_ bytes: [UInt8]) -> Data { Data(bytes) }

    var data: Data { withBytes { Data($0) } }
}

extension PublicKey {
    var data: Data { digest.data }
}

extension Signature {
    var data: Data { withBytes { Data($0) } }
}

/// Maps with a typed throw, which `Sequence.map` does for arrays only in part.
func mapChecked<Source, Target>(_ source: [Source], _ transform: (Source) throws(WireFault) -> Target) throws(WireFault) -> [Target] {
    var target: [Target] = []
    target.reserveCapacity(source.count)
    for element in source { target.append(try transform(element)) }
    return target
}
