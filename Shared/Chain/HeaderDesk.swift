import Cryptography
import RoleKit
import Wire

/// Answers who keeps headers but no bodies (A9).
package struct HeaderDesk: Sendable {
    /// Requests whose blocks are being read; a read's token is its request's.
    private var reads: [UInt64] = []

    package init() {}

    /// Reads what a request asks for.
    ///
    /// - Parameter head: height of the newest final block.
    package mutating func requested(from height: Height, limit: Int, head: Height, token: UInt64) -> [RoleEffect] {
        guard height <= head, limit > 0 else { return [.reply(token: token, .headers(HeaderRun(headers: [], last: nil), head: head))] }
        reads.append(token)
        return [.read(token: token, .blocks, from: max(height, 1), limit: min(limit, Limits.headersPerAnswer))]
    }

    /// Answers from the blocks that were read and are whole.
    ///
    /// - Returns: nil when the read was not for headers.
    package mutating func served(token: UInt64, _ rows: [StoredRow], head: Height, _ network: Digest) -> RoleEffect? {
        guard let place = reads.firstIndex(of: token) else { return nil }
        reads.remove(at: place)
        return .reply(token: token, HeaderDesk.answer(rows, head: head, network))
    }

    /// The headers of blocks that were read and are whole; none when one does not follow from the one before.
    package static func answer(_ rows: [StoredRow], head: Height, _ network: Digest) -> Response {
        let blocks = rows.compactMap { try? FinalBlock(decoding: $0.value, network: network) }
        // Only the last one's certificates travel.
        let run = HeaderRun(headers: blocks.dropLast().map(\.block.header), last: blocks.last?.final)
        let isRow = blocks.count == rows.count && zip(blocks, blocks.dropFirst()).allSatisfy { $1.block.header.parent == $0.block.hash }
        return .headers(isRow && run.last != nil ? run : HeaderRun(headers: [], last: nil), head: head)
    }
}
