import Crypto
import RoleKit
import Wire

/// Answers who keeps headers but no bodies (A9).
struct HeaderDesk: Sendable {
    /// Requests whose blocks are being read; a read's token is its request's.
    private var reads: [UInt64] = []

    /// Reads what a request asks for.
    ///
    /// - Parameter head: height of the newest final block.
    mutating func requested(from height: Height, limit: Int, head: Height, token: UInt64) -> [RoleEffect] {
        guard height <= head, limit > 0 else { return [.reply(token: token, .headers(HeaderRun(headers: [], last: nil), head: head))] }
        reads.append(token)
        return [.read(token: token, .blocks, from: max(height, 1), limit: min(limit, Limits.headersPerAnswer))]
    }

    /// - Returns: nil when the read was not for headers.
    mutating func served(token: UInt64, _ rows: [StoredRow], head: Height, _ network: Digest) -> [RoleEffect]? {
        guard let place = reads.firstIndex(of: token) else { return nil }
        reads.remove(at: place)
        let whole = rows.prefix { !$0.isDamaged }
        // Only the last one's certificates travel, so only of the last one they are read.
        var headers = whole.dropLast().compactMap { (try? FinalBlock(decoding: $0.value, network: network))?.block.header }
        var last = whole.last.flatMap { try? FinalBlock(decoding: $0.value, network: network) }?.final
        let isRow = zip(headers, headers.dropFirst()).allSatisfy { $1.parent == $0.hash } && last.map { $0.header.parent == headers.last?.hash || headers.isEmpty } ?? false
        if !isRow { (headers, last) = ([], nil) }
        return [.reply(token: token, .headers(HeaderRun(headers: headers, last: last), head: head))]
    }
}
