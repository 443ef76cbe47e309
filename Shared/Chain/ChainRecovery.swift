import Cryptography
import Ledger
import RoleKit
import Wire

/// A snapshot that lies whole in a store.
package struct StoredSnapshot: Hashable, Sendable {
    package var height: Height
    package var partCount: Int

    package init(height: Height, partCount: Int) {
        self.height = height
        self.partCount = partCount
    }

    /// Where a part lies in table `snapshot_parts`; parts are counted from 0.
    package static func key(_ height: Height, _ part: Int) -> UInt64 { height << 16 | UInt64(part) }
}

/// A chain as a role's store gives it back: the newest usable snapshot and the blocks above it (V-8). A snapshot that was damaged is
/// found by its root, a block by its checksum; what cannot be used is left to be fetched from peers.
package struct ChainRecovery {
    package private(set) var tree: BlockTree
    /// Shows the tree's final block to be final; nil at genesis.
    package private(set) var final: FinalHeader?
    /// Blocks above the tree's final one, which are candidates in it: final headers with cross data, ascending.
    package private(set) var followed: [(final: FinalHeader, crosses: [CrossData])] = []
    /// Shows the newest stored block to be final; nil at genesis.
    package var newest: FinalHeader? { followed.last?.final ?? final }
    /// Ascending.
    package private(set) var snapshots: [StoredSnapshot] = []
    /// Transactions in blocks above the newest snapshot.
    package private(set) var transactions = 0
    /// What the role does and says about damage once it runs.
    package private(set) var repairs: [RoleEffect] = []

    /// - Parameter blocks: table of the chain's final blocks.
    /// - Parameter finalThrough: blocks above this height become candidates of the tree and not its final ones, as far as a notary may still
    ///   leave them for another branch.
    /// - Parameter each: told of every block above the snapshot, before it is executed.
    /// - Throws: a stored block that is whole and cannot be one of this chain.
    package init(
        _ context: RoleContext, book: ElectorateBook, chain: ChainID, blocks: StoreTable = .blocks, _ recovered: StoredState,
        finalThrough: Height = .max,
        each: (FinalBlock) throws(StoredFault) -> Void = { _ in }
    ) throws(StoredFault) {
        tree = BlockTree(book: book, chain: chain, verify: context.verify)
        for row in try recovered.rows(.snapshots, from: 0, limit: Int.max).reversed() {
            let manifest = row.isDamaged ? nil : try? SnapshotManifest(decoding: row.value)
            if final == nil, let manifest, let ledger = try ChainRecovery.state(manifest, row.key, tree, recovered) {
                tree = BlockTree(book: book, chain: chain, verify: context.verify, ledger: ledger, final: manifest.final.header)
                final = manifest.final
            } else if final == nil || manifest == nil {
                discard(row.key)
                continue
            }
            snapshots.insert(StoredSnapshot(height: row.key, partCount: manifest?.parts.count ?? 0), at: 0)
        }
        try replay(recovered, blocks, finalThrough, each)
    }

    /// The state in a snapshot's parts; nil when something about it does not fit.
    private static func state(
        _ manifest: SnapshotManifest, _ height: Height, _ tree: BlockTree, _ recovered: StoredState
    ) throws(StoredFault) -> LedgerState? {
        var checker = tree.checker
        guard manifest.final.header.height == height, manifest.final.header.chain == tree.chain.id, checker.fault(in: manifest.final) == nil
        else { return nil }
        var loader = SnapshotLoader(network: tree.network, chain: tree.chain.id)
        for (index, hash) in manifest.parts.enumerated() {
            let key = StoredSnapshot.key(height, index)
            guard let row = try recovered.rows(.snapshotParts, from: key, limit: 1).first, row.key == key, !row.isDamaged,
                SnapshotManifest.partHash(row.value) == hash, (try? loader.add(row.value)) != nil
            else { return nil }
        }
        return try? loader.finish(manifest.final.header)
    }

    private mutating func replay(
        _ recovered: StoredState, _ blocks: StoreTable, _ finalThrough: Height, _ each: (FinalBlock) throws(StoredFault) -> Void
    ) throws(StoredFault) {
        let network = tree.network.id
        var next = tree.finalHeight + 1
        try recovered.forEach(blocks, from: tree.finalHeight + 1) { row throws(StoredFault) in
            // What follows a hole or a damaged block is fetched again with it.
            guard row.key == next else { return false }
            guard !row.isDamaged else {
                repairs.append(
                    .raise(
                        code: "stored_damage", detail: "block \(row.key) of \(tree.chain.id) was damaged on disk; it is fetched from peers",
                        severity: .warning))
                return false
            }
            guard let item = try? FinalBlock(decoding: row.value, network: network), let proof = item.final else {
                throw StoredFault(blocks, key: row.key, "this block cannot be read")
            }
            guard case .valid = tree.validate(item.block, isFinal: true) else {
                throw StoredFault(blocks, key: row.key, "this block does not follow from those before it")
            }
            try each(item)
            next += 1
            if row.key <= finalThrough {
                _ = tree.finalize(item.block.hash)
                final = proof
            } else {
                followed.append((proof, item.block.transactions.compactMap(CrossData.init)))
                if followed.count > Int(Limits.unrecordedFollowed) {
                    final = followed.removeFirst().final
                    _ = tree.finalize(final?.hash ?? item.block.hash)
                }
            }
            transactions += item.block.transactions.count
            return true
        }
    }

    private mutating func discard(_ height: Height) {
        repairs += [
            .persist([.delete(.snapshots, key: height)]),
            .raise(
                code: "stored_damage", detail: "the snapshot of \(tree.chain.id) at height \(height) was damaged on disk; an older one is used",
                severity: .warning),
        ]
    }
}
