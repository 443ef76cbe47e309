import Chain
import Foundation
import Wire

/// Receipts as files: the exact bytes for verifiers, and JSON for people.
enum ReceiptFile {
    /// Bytes of the largest one that is read.
    static let byteCountMax = 64 << 20

    static func write(_ receipt: Receipt, named name: String, in folder: String) throws {
        let safe = String(name.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "_" })
        try write(receipt, to: "\(folder)/\(safe).receipt")
        try Data((JSONText.pretty(Readable(receipt)) + "\n").utf8).write(to: URL(fileURLWithPath: "\(folder)/\(safe).json"))
    }

    static func write(_ receipt: Receipt, to path: String) throws {
        try Data(receipt.encoded).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Reads a receipt in the form in which `write` left it, whoever wrote it.
    static func read(_ path: String) throws -> Receipt {
        let bytes = try BinaryFile.read(path, byteCountMax: byteCountMax, whenMissing: "Get one: concordat receipt get ID")
        do throws(WireFault) {
            return try Receipt(decoding: bytes)
        } catch {
            throw Failure(.failed, "\(path) is no receipt: \(error)", "Get it again: concordat receipt get ID. A receipt is a binary file that ends in .receipt.")
        }
    }

    private struct Readable: Encodable {
        struct Part: Encodable {
            var chain: String, block: String, height: UInt64, time_milliseconds: UInt64, position: Int, outcome: String
            var notary_signatures: Int, finality_signatures: Int, recorded_in_notary_height: UInt64?
        }
        var id: String
        var parts: [Part]

        init(_ receipt: Receipt) {
            id = receipt.id.hex
            parts = receipt.parts.map { part in
                Part(
                    chain: part.chain.description, block: part.final.hash.hex, height: part.final.header.height,
                    time_milliseconds: part.final.header.time, position: part.index, outcome: part.outcome.rejection?.code ?? "applied",
                    notary_signatures: part.final.notary?.signers.signatures.count ?? 0,
                    finality_signatures: part.final.finality.signatureCount,
                    recorded_in_notary_height: part.record?.final.header.height)
            }
        }
    }
}

/// Binary files that people hand over.
enum BinaryFile {
    /// Reads a whole file of at most `byteCountMax` bytes.
    static func read(_ path: String, byteCountMax: Int, whenMissing advice: String) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            let reason = errno
            if reason == ENOENT || reason == ENOTDIR { throw Failure(.failed, "there is no file \(path)", advice) }
            throw Failure(.failed, "\(path) cannot be opened: \(String(cString: strerror(reason)))", "Check the owner and mode of the file and its folder.")
        }
        defer { try? handle.close() }
        let data: Data
        do {
            data = try handle.read(upToCount: byteCountMax + 1) ?? Data()
        } catch {
            throw Failure(.failed, "\(path) cannot be read", "Name an ordinary file.")
        }
        guard data.count <= byteCountMax else { throw Failure(.failed, "\(path) has more than \(byteCountMax) bytes", "Name the right file; ours are smaller.") }
        return [UInt8](data)
    }
}
