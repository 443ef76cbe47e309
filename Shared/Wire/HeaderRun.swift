import Cryptography
import Schema

/// Headers of final blocks in a row: what a device keeps of a chain (A9).
package struct HeaderRun: Hashable, Sendable {
    /// Each the child of the one before, without the last.
    package var headers: [BlockHeader]
    /// The last one, final by itself, which makes all those before it final; nil when the run is empty.
    package var last: FinalHeader?

    package init(headers: [BlockHeader], last: FinalHeader?) {
        self.headers = headers
        self.last = last
    }

    init(_ message: PBHeaders) throws(WireFault) {
        try Field.count(message.headers.count, atMost: Limits.headersPerAnswer, "Headers.headers")
        headers = try mapChecked(message.headers) { item throws(WireFault) in try BlockHeader(decoding: [UInt8](item)) }
        last = message.hasLast ? try FinalHeader(message.last) : nil
        guard last != nil || headers.isEmpty else { throw WireFault(.missing, "Headers.last") }
    }

    var message: PBHeaders {
        var message = PBHeaders()
        message.headers = headers.map { Digest.dataOf($0.bytes) }
        if let last { message.last = last.message }
        return message
    }

    /// Reads a run as a device keeps it: without the height of whoever answered.
    package init(decoding bytes: [UInt8]) throws(WireFault) {
        let message = try Field.canonical(PBHeaders.self, bytes, "Headers")
        guard message.head == 0 else { throw WireFault(.invalid, "Headers.head") }
        try self.init(message)
    }

    package var encoded: [UInt8] { Field.encode(message) }
}
