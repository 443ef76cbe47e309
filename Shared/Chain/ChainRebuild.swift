import Cryptography
import Ledger
import Wire

/// Builds a chain's state anew from blocks that somebody has kept, and believes none of them (A9): each has to be shown final by its
/// certificates, to follow the one before, and to lead to the state root that its header names.
///
/// Electorates are learned from the states built: of the notaries by building the notary chain first, over the same book.
package struct ChainRebuild: Sendable {
    /// Why a block is not the chain's next one.
    package enum Fault: Error, Hashable, Sendable {
        /// It is of another chain or height, or follows another block.
        case notNext
        /// Nothing shows it to be final.
        case notFinal(Reason)
        /// What it says of itself is not what comes of executing it.
        case untrue(Reason, transaction: Digest?)

        /// A clause without a full stop.
        package var text: String {
            switch self {
            case .notNext: "it does not follow from the block before"
            case .notFinal(let reason): "it is not shown to be final (\(reason.code))"
            case .untrue(let reason, let transaction):
                "it does not do what it says (\(reason.code)\(transaction.map { ", transaction \($0.hex)" } ?? ""))"
            }
        }
    }

    private var tree: BlockTree
    private var checker: CertificateChecker
    /// Transactions executed so far.
    package private(set) var transactions = 0

    package init(book: ElectorateBook, chain: ChainID, verify: @escaping @Sendable (SignatureCheck) -> Bool = { $0.holds }) {
        tree = BlockTree(book: book, chain: chain, verify: verify)
        checker = CertificateChecker(book: book, verify: verify)
    }

    package var chain: ChainID { tree.chain.id }
    package var height: Height { tree.finalHeight }
    package var slot: Slot { tree.finalSlot }
    package var stateRoot: Digest { tree.ledger.root }

    /// Executes the next block.
    ///
    /// - Throws: why it is not the next one; then nothing has changed.
    package mutating func add(_ item: FinalBlock) throws(Fault) {
        let header = item.block.header
        guard header.chain == chain, header.height == height + 1, header.parent == tree.finalHash else { throw .notNext }
        guard let final = item.final else { throw .notFinal(.evidenceMissing) }
        if let reason = checker.fault(in: final) { throw .notFinal(reason) }
        switch tree.validate(item.block, isFinal: true) {
        case .missingParent: throw .notNext
        case .invalid(let reason, let transaction): throw .untrue(reason, transaction: transaction)
        case .valid: _ = tree.finalize(header.hash)
        }
        transactions += item.block.transactions.count
    }
}
