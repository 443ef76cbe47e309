/// The state tree as docs/protocol.md defines it, written anew: a subtree with one leaf is that leaf, an empty one is zero,
/// so that the root is a function of the entries alone.
struct StateTreeModel: Sendable {
    private indirect enum Node: Sendable {
        case empty
        case leaf(key: Bytes, hash: Bytes)
        case inner(left: Node, right: Node, hash: Bytes)

        var hash: Bytes {
            switch self {
            case .empty: Layout.zeroHash
            case .leaf(_, let hash), .inner(_, _, let hash): hash
            }
        }
    }

    private var top = Node.empty

    var root: Bytes { top.hash }

    /// Sets the entry under a key hash to a value.
    mutating func set(_ key: Bytes, to value: Bytes) {
        let leaf = Node.leaf(key: key, hash: StateTreeModel.leafHash(key, StateTreeModel.valueHash(value)))
        top = StateTreeModel.placing(leaf, under: key, in: top, depth: 0)
    }

    /// Takes the entry under a key hash out.
    mutating func remove(_ key: Bytes) { top = StateTreeModel.removing(key, from: top, depth: 0) }

    private static func removing(_ key: Bytes, from node: Node, depth: Int) -> Node {
        switch node {
        case .empty: return node
        case .leaf(let other, _): return other == key ? .empty : node
        case .inner(let left, let right, _):
            let isRight = bit(key, depth)
            let changed = removing(key, from: isRight ? right : left, depth: depth + 1)
            switch (changed, isRight ? left : right) {
            case (.empty, .empty): return .empty
            case (.empty, .leaf(let key, let hash)), (.leaf(let key, let hash), .empty): return .leaf(key: key, hash: hash)
            case (_, let kept): return isRight ? inner(kept, changed) : inner(changed, kept)
            }
        }
    }

    private static func placing(_ leaf: Node, under key: Bytes, in node: Node, depth: Int) -> Node {
        switch node {
        case .empty: return leaf
        case .leaf(let other, _):
            if other == key { return leaf }
            let below = bit(other, depth) ? inner(.empty, node) : inner(node, .empty)
            guard case .inner(let left, let right, _) = below else { return leaf }
            return bit(key, depth)
                ? inner(left, placing(leaf, under: key, in: right, depth: depth + 1))
                : inner(placing(leaf, under: key, in: left, depth: depth + 1), right)
        case .inner(let left, let right, _):
            return bit(key, depth)
                ? inner(left, placing(leaf, under: key, in: right, depth: depth + 1))
                : inner(placing(leaf, under: key, in: left, depth: depth + 1), right)
        }
    }

    private static func inner(_ left: Node, _ right: Node) -> Node {
        .inner(left: left, right: right, hash: innerHash(left.hash, right.hash))
    }

    /// Bit `index` of a key hash; 0 is the most significant bit of the first byte.
    static func bit(_ key: Bytes, _ index: Int) -> Bool { key[index / 8] >> UInt8(7 - index % 8) & 1 == 1 }

    static func valueHash(_ value: Bytes) -> Bytes { Sodium.hash(.stateValue, value) }
    static func leafHash(_ key: Bytes, _ valueHash: Bytes) -> Bytes { Sodium.hash([2] + key + valueHash) }
    static func innerHash(_ left: Bytes, _ right: Bytes) -> Bytes { Sodium.hash([3] + left + right) }
}

/// The binary tree over a block's transactions and outcomes.
enum TransactionTreeModel {
    /// The root over leaves in block order: pairs are joined level by level, a last one without a neighbour moves up as it is.
    static func root(of transactions: [Bytes], outcomes: Bytes) -> Bytes {
        var level = zip(transactions, outcomes).map { Sodium.hash([0] + $0 + [$1]) }
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: 2).map {
                $0 + 1 < level.count ? Sodium.hash([1] + level[$0] + level[$0 + 1]) : level[$0]
            }
        }
        return level.first ?? Layout.zeroHash
    }
}
