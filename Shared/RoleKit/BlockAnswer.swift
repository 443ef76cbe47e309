import Cryptography
import Wire

extension Response {
    /// Answer to a question for blocks, from the rows that hold them: as many as fit, from the first on.
    ///
    /// - Parameter head: newest final height of the answering node.
    package static func blocks(from rows: [StoredRow], network: Digest, head: Height) -> Response {
        var size = 0
        let fitting = rows.prefix {
            size += $0.value.count
            return size <= Limits.blockAnswerBytes
        }
        return .blocks(fitting.compactMap { try? FinalBlock(decoding: $0.value, network: network) }, head: head)
    }
}
