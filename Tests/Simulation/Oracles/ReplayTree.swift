import Cryptography

/// The oracles' own state tree: leaves kept sorted, the root built from them all anew.
struct ReplayTree: Sendable {
    private var leaves: [(key: Digest, leaf: Digest)] = []

    /// Sets the value bytes under a name.
    ///
    /// - Parameter kind: tag of the key's domain, `state-account`, `state-cross` or `state-head`.
    mutating func set(_ value: [UInt8], kind: String, name: [UInt8]) {
        let key = Blake2b.hash(ReplayTree.tag(kind) + name)
        let leaf = Blake2b.hash([2] + key.bytes + Blake2b.hash(ReplayTree.tag("state-value") + value).bytes)
        var low = 0
        var high = leaves.count
        while low < high {
            let middle = (low + high) / 2
            if leaves[middle].key < key { low = middle + 1 } else { high = middle }
        }
        if low < leaves.count, leaves[low].key == key { leaves[low].leaf = leaf } else { leaves.insert((key, leaf), at: low) }
    }

    /// Takes an entry out.
    mutating func remove(kind: String, name: [UInt8]) {
        let key = Blake2b.hash(ReplayTree.tag(kind) + name)
        leaves.removeAll { $0.key == key }
    }

    var root: Digest { build(leaves[...], bit: 0) }

    private func build(_ part: ArraySlice<(key: Digest, leaf: Digest)>, bit: Int) -> Digest {
        guard let first = part.first else { return .zero }
        if part.count == 1 { return first.leaf }
        var middle = part.startIndex
        while middle < part.endIndex, !part[middle].key.bit(bit) { middle += 1 }
        let left = build(part[part.startIndex..<middle], bit: bit + 1)
        let right = build(part[middle..<part.endIndex], bit: bit + 1)
        return Blake2b.hash([3] + left.bytes + right.bytes)
    }

    private static func tag(_ name: String) -> [UInt8] { Array("concordat/1/\(name)".utf8) + [0] }

    /// The root over a block's transactions and outcome bytes.
    static func transactionsRoot(_ transactions: [[UInt8]], _ outcomes: [UInt8]) -> Digest {
        var level = zip(transactions, outcomes).map { Blake2b.hash([0] + $0 + [$1]) }
        guard !level.isEmpty else { return .zero }
        while level.count > 1 {
            var above: [Digest] = []
            var index = 0
            while index < level.count {
                let isAlone = index + 1 == level.count
                above.append(isAlone ? level[index] : Blake2b.hash([1] + level[index].bytes + level[index + 1].bytes))
                index += 2
            }
            level = above
        }
        return level[0]
    }
}
