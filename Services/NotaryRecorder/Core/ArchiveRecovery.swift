import Chain
import Cryptography
import Ledger
import RoleKit
import Wire

/// What a recorder's store gives back when it starts: the notary chain's state from a snapshot and the blocks above it, every
/// archive's head, and an index of the blocks that the one on disk does not have. It reads what came since the last flush, however
/// long the archive is.
struct ArchiveRecovery {
    private(set) var chain: ChainRecovery
    private(set) var index: ArchiveIndex
    /// Newest block of each archive, by position; nil for an empty one.
    private(set) var heads: [ArchiveIndex.Mark?]

    /// - Parameter chains: every chain, by position.
    /// - Throws: an archived block that is whole and cannot be read.
    init(_ context: RoleContext, book: ElectorateBook, chains: [ChainID], _ recovered: StoredState) throws(StoredFault) {
        guard let notary = chains.firstIndex(of: .notary) else { preconditionFailure("a network has a notary chain") }
        chain = try ChainRecovery(context, book: book, chain: .notary, blocks: RecorderRole.archive(notary), recovered)
        let marks = chains.indices.map { position in
            recovered[.facts].first { $0.key == UInt64(position) && !$0.isDamaged }.flatMap { ArchiveIndex.Mark($0.value) }
        }
        index = ArchiveIndex(policy: context.snapshots, marks: marks)
        heads = marks
        for position in chains.indices { try read(position, context.network.id, recovered) }
        heads[notary] = chain.final.map { ArchiveIndex.Mark(height: $0.header.height, hash: $0.hash) }
    }

    /// Blocks above those that are indexed on disk. What follows a hole or a damaged block is fetched again with it.
    private mutating func read(_ position: Int, _ network: Digest, _ recovered: StoredState) throws(StoredFault) {
        let table = RecorderRole.archive(position)
        var next = (heads[position]?.height ?? 0) + 1
        try recovered.forEach(table, from: next) { row throws(StoredFault) in
            guard row.key == next, !row.isDamaged else { return false }
            guard let item = try? FinalBlock(decoding: row.value, network: network), item.final != nil else {
                throw StoredFault(table, key: row.key, "this block cannot be read")
            }
            index.add(item.block, position: position)
            heads[position] = ArchiveIndex.Mark(height: row.key, hash: item.block.hash)
            next += 1
            return true
        }
    }
}
