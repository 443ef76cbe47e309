import Cryptography
import Wire

/// A header that is to be mined: a nonce is looked for with which its hash meets the target (engine `pow`).
package struct MiningJob: Hashable, Sendable {
    /// Exact bytes of the header without its nonce.
    package var header: [UInt8]
    package var target: UInt64

    /// - Precondition: the header has no nonce yet.
    package init(_ header: BlockHeader) {
        precondition(header.fields.workNonce == 0, "a header is mined once")
        self.header = header.bytes
        target = header.workTarget
    }
}

/// The search for a job's nonce, in slices of any size.
package struct NonceSearch: Sendable {
    private let target: UInt64
    /// Tag of the hash, header, and the key of the nonce; the nonce follows.
    private var bytes: [UInt8]
    private let prefixCount: Int
    private var next: UInt64

    /// Field 16 of a header, a varint.
    private static let nonceKey: [UInt8] = [0x80, 0x01]

    /// - Parameter nonce: only greater ones are tried.
    package init(_ job: MiningJob, after nonce: UInt64 = 0) {
        next = nonce + 1
        target = job.target
        bytes = Domain.block.tag + job.header + NonceSearch.nonceKey
        prefixCount = bytes.count
    }

    /// Tries so many nonces.
    ///
    /// - Returns: the one that meets the target, or nil when none of them does.
    package mutating func search(_ count: Int) -> UInt64? {
        for _ in 0..<count {
            let nonce = next
            next += 1
            bytes.removeLast(bytes.count - prefixCount)
            var rest = nonce
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
            if WorkRule.isMet(target, by: Blake2b.hash(bytes)) { return nonce }
        }
        return nil
    }
}
