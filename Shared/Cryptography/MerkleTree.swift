/// The binary Merkle tree over a block's transactions and their outcomes (docs/protocol.md, transactions root).
///
/// A leaf hashes 0x00, the transaction and its outcome; a node hashes 0x01 and both children. The last node of a
/// level with an odd number of nodes moves up unchanged, so no leaf is ever counted twice. The empty tree is zero.
package enum MerkleTree {
    private static let leafTag: UInt8 = 0
    private static let nodeTag: UInt8 = 1

    /// The leaf of one transaction.
    /// - Parameter transaction: the exact bytes of the transaction as it stands in the block.
    /// - Parameter outcome: 0 for applied, else the number of the reason.
    package static func leaf(_ transaction: [UInt8], outcome: UInt8) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: transaction.count + 2, alignment: 1) { buffer in
            buffer[0] = leafTag
            UnsafeMutableRawBufferPointer(rebasing: buffer[1...]).copyBytes(from: transaction)
            buffer[transaction.count + 1] = outcome
            return Blake2b.hash(UnsafeRawBufferPointer(buffer))
        }
    }

    /// The root over leaves in block order; zero when there are none, the leaf itself when there is one.
    package static func root(leaves: [Digest]) -> Digest {
        var level = leaves
        while level.count > 1 { level = above(level) }
        return level.first ?? .zero
    }

    /// The siblings that lead from one leaf to the root, the lowest first; levels where the node has no sibling
    /// contribute nothing.
    /// - Precondition: `0 <= index < leaves.count`.
    package static func path(leaves: [Digest], of index: Int) -> [Digest] {
        precondition(leaves.indices.contains(index), "a path starts at a leaf of the tree")
        var path: [Digest] = []
        var level = leaves
        var position = index
        while level.count > 1 {
            if position ^ 1 < level.count { path.append(level[position ^ 1]) }
            level = above(level)
            position /= 2
        }
        return path
    }

    /// The root that a leaf and its path lead to. The number of leaves says at which levels a sibling is missing.
    ///
    /// - Parameter count: leaves of the whole tree, from the block's header.
    /// - Returns: nil when the index is outside the tree, or the path has too few or too many siblings for it.
    package static func root(leaf: Digest, index: Int, count: Int, path: [Digest]) -> Digest? {
        guard index >= 0, index < count else { return nil }
        var digest = leaf
        var position = index
        var width = count
        var used = 0
        while width > 1 {
            if position ^ 1 < width {
                guard used < path.count else { return nil }
                let sibling = path[used]
                used += 1
                digest = position & 1 == 0
                    ? Blake2b.hash(tag: nodeTag, digest, sibling) : Blake2b.hash(tag: nodeTag, sibling, digest)
            }
            position /= 2
            // Half of the width rounded up, without the overflow of width + 1.
            width = width / 2 + width % 2
        }
        return used == path.count ? digest : nil
    }

    private static func above(_ level: [Digest]) -> [Digest] {
        var parents: [Digest] = []
        parents.reserveCapacity((level.count + 1) / 2)
        for index in stride(from: 0, to: level.count - 1, by: 2) {
            parents.append(Blake2b.hash(tag: nodeTag, level[index], level[index + 1]))
        }
        if level.count % 2 == 1 { parents.append(level[level.count - 1]) }
        return parents
    }
}
