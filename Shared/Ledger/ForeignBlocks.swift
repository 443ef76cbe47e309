import Cryptography
import Wire

/// Final blocks of other chains that a block's evidence may name, by hash.
///
/// Whoever makes one has verified every header's certificates and networks; the ledger trusts their state roots.
package struct ForeignBlocks: Sendable {
    private var headers: [Digest: BlockHeader] = [:]

    /// None.
    package static let none = ForeignBlocks([])

    /// - Parameter finals: verified, in any order.
    package init(_ finals: [FinalHeader]) {
        for final in finals { headers[final.hash] = final.header }
    }

    /// The final block named `hash`; nil when nobody showed it.
    package subscript(hash: Digest) -> BlockHeader? { headers[hash] }
}
