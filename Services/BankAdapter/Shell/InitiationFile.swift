import BankCore
import Cryptography
import Foundation
import XMLCoder

/// Payment files as bytes: looked at strictly first, then parsed.
package enum InitiationFile {
    /// Reads a file's bytes; whatever is wrong with the whole is in the header's refusals.
    package static func read(_ bytes: [UInt8], _ around: InitiationReader.Surroundings) -> PaymentMessage {
        let fingerprint = Blake2b.hash(bytes).hex
        func refused(_ reason: StatusReason, name: String = InitiationReader.messageName) -> PaymentMessage {
            PaymentMessage(refused: MessageHeader(fingerprint: fingerprint, messageID: InitiationReader.notProvided, messageName: name, refusals: [reason]))
        }
        let outline: ElementOutline
        do {
            outline = try ElementOutline(bytes)
        } catch {
            return refused(error)
        }
        guard outline.namespace == InitiationReader.namespace else {
            return refused(StatusReason(.format, "the document is a '\(outline.namespace.prefix(100))'; only \(InitiationReader.messageName) is read", line: 1))
        }
        let decoder = XMLDecoder()
        decoder.shouldProcessNamespaces = true
        do {
            let document = try decoder.decode(RawDocument.self, from: Data(bytes))
            return InitiationReader(around, outline: outline).read(document, fingerprint: fingerprint)
        } catch {
            return refused(reason(error))
        }
    }

    /// What the parser says, without what it says to programmers.
    private static func reason(_ error: any Error) -> StatusReason {
        func place(_ path: [any CodingKey]) -> String? {
            let text = path.map { $0.intValue.map { "[\($0 + 1)]" } ?? $0.stringValue }.joined(separator: "/")
            return text.isEmpty ? nil : text
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context): return StatusReason(.format, "\(key.stringValue) is missing", place: place(context.codingPath))
        case DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context):
            return StatusReason(.format, "this is empty, or not what belongs here", place: place(context.codingPath))
        default: return StatusReason(.format, "the file is no well-formed XML")
        }
    }
}
