import Cryptography
import Ledger
import Wire

/// A transaction that could go into a block, with verified foreign headers for its evidence.
package struct BlockItem: Hashable, Sendable {
    package var transaction: Transaction
    package var foreign: [FinalHeader]

    package init(transaction: Transaction, foreign: [FinalHeader]) {
        self.transaction = transaction
        self.foreign = foreign
    }
}

/// What a builder made.
package struct BuiltBlock: Sendable {
    package var block: Block
    /// Transactions that could not go in, with why; those not named stayed out for want of room.
    package var left: [(id: Digest, reason: Reason)]
}

extension BlockTree {
    /// Makes and signs a candidate on a block of the tree (S830, S840): takes items in order while there is room,
    /// and executes them to find outcomes and state root. On a `pow` chain it is still to be mined.
    ///
    /// The block is not added to the tree; `validate` does that as for anybody's candidate.
    /// - Parameter time: chain time; raised to just above the parent's when it is not.
    /// - Parameter notary: newest notary block known to be final.
    /// - Precondition: the tree contains `parent`, and `slot` is above its slot.
    package mutating func build(
        on parent: Digest, slot: Slot, time: ChainTime, items: [BlockItem], notary: (height: Height, hash: Digest), signer: Signer
    ) -> BuiltBlock {
        guard let parentSlot = self.slot(of: parent), let parentTime = self.time(of: parent), slot > parentSlot else {
            preconditionFailure("a block is built on a block of the tree, in a later slot")
        }
        let blockTime = max(time, parentTime + 1)
        // It never goes back along a chain: another node's builder may have known more.
        let known = notaryHead(of: parent)
        let notary = notary.height > known.height ? notary : known
        var selection = Selection()
        var left: [(id: Digest, reason: Reason)] = []
        let root = draft(on: parent, slot: slot, time: blockTime) { ledger in
            for item in items where selection.hasRoom(for: item) {
                guard item.foreign.allSatisfy({ $0.header.chain != .notary || $0.header.height <= notary.height }) else {
                    left.append((item.transaction.id, .notaryHeadInvalid))
                    continue
                }
                switch ledger.apply(item.transaction, foreign: ForeignBlocks(item.foreign)) {
                case .applied: selection.take(item, outcome: .applied)
                case .rejected(let reason): selection.take(item, outcome: Outcome(rejection: reason))
                case .invalid(let reason): left.append((item.transaction.id, reason))
                }
            }
            return ledger.commit()
        }
        undoDraft()
        let leaves = zip(selection.transactions, selection.outcomes).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) }
        let height = (height(of: parent) ?? 0) + 1
        let epoch = chain.id == .notary ? chain.epoch(of: slot) : book.notaryEpoch(of: chain.id, height: height)
        let header = BlockHeader(
            .init(
                chain: chain.id, height: height, epoch: epoch, slot: slot, parent: parent, parentSlot: parentSlot,
                time: blockTime, transactionsRoot: MerkleTree.root(leaves: leaves), transactionCount: selection.transactions.count,
                foreignRoot: Block.foreignRoot(selection.foreign), stateRoot: root, notaryHeight: notary.height,
                notaryHead: notary.hash, builder: signer.publicKey, workTarget: target(on: parent, time: blockTime) ?? 0))
        let block = Block(
            header: header, builderSignature: signer.sign(.candidate, network: network.id, header.bytes),
            transactions: selection.transactions, outcomes: selection.outcomes, foreign: selection.foreign)
        return BuiltBlock(block: block, left: left)
    }

    /// Every signature of a block that is not a certificate: its builder's and its transactions', in that order.
    package func signatureChecks(for block: Block) -> Result<[SignatureCheck], Rejection> {
        var checks = [block.builderCheck(network: network.id)]
        for transaction in block.transactions {
            switch StateCheck.signatureChecks(for: transaction, network: network, chain: chain.id) {
            case .success(let more): checks += more
            case .failure(let reason): return .failure(Rejection(reason: reason, transaction: transaction.id))
            }
        }
        return .success(checks)
    }
}

/// What has been taken into a block under construction.
private struct Selection {
    var transactions: [Transaction] = []
    var outcomes: [Outcome] = []
    var foreign: [FinalHeader] = []
    private var ids: Set<Digest> = []
    private var foreignHashes: Set<Digest> = []
    private var byteCount = 0

    /// Room kept for header, signature and framing.
    private static let framingBytes = 4_096

    func hasRoom(for item: BlockItem) -> Bool {
        let more = item.foreign.filter { !foreignHashes.contains($0.hash) }
        return transactions.count < Limits.blockTransactions && foreignHashes.count + more.count <= Limits.blockForeignHeaders
            && byteCount + item.transaction.bytes.count + more.reduce(0) { $0 + $1.encoded.count } + Selection.framingBytes
                <= Limits.blockBytes && !ids.contains(item.transaction.id)
    }

    mutating func take(_ item: BlockItem, outcome: Outcome) {
        ids.insert(item.transaction.id)
        transactions.append(item.transaction)
        outcomes.append(outcome)
        byteCount += item.transaction.bytes.count + 8
        let named = Set(item.transaction.evidence.map(\.block))
        for final in item.foreign where named.contains(final.hash) && foreignHashes.insert(final.hash).inserted {
            foreign.append(final)
            byteCount += final.encoded.count + 8
        }
    }
}
