/// The tree over a chain's whole state: a sparse binary Merkle tree whose path is the key, most significant bit first.
///
/// A leaf hashes 0x02, its key and the hash of its value; an inner node hashes 0x03 and both children; an empty
/// subtree is zero. A subtree with exactly one leaf is that leaf, so the root depends on nothing but the set of
/// entries: not on their order, and not on what once was there (docs/protocol.md, state tree).
///
/// Nodes lie in flat arrays with lists of free places. Copying shares the arrays until one copy changes.
package struct StateTree: Sendable {
    static let leafTag: UInt8 = 2
    static let innerTag: UInt8 = 3

    struct Leaf {
        var key: Digest
        var value: Digest
        var hash: Digest
    }

    struct Inner {
        var left: Reference
        var right: Reference
        var hash: Digest
    }

    /// Nothing, a place among the inner nodes, or a place among the leaves, in four bytes.
    struct Reference: Equatable {
        /// 0 is nothing, above 0 an inner node, below 0 a leaf; one off the place.
        private var raw: Int32

        static let empty = Reference(raw: 0)
        static func inner(_ place: Int) -> Reference { Reference(raw: Int32(place + 1)) }
        static func leaf(_ place: Int) -> Reference { Reference(raw: -Int32(place + 1)) }

        private init(raw: Int32) { self.raw = raw }

        var isEmpty: Bool { raw == 0 }
        var isLeaf: Bool { raw < 0 }
        var isInner: Bool { raw > 0 }
        var place: Int { Int(raw.magnitude) - 1 }
    }

    var top = Reference.empty
    var leaves: [Leaf] = []
    var inners: [Inner] = []
    var freeLeaves: [Int32] = []
    var freeInners: [Int32] = []

    /// The tree without entries; its root is zero.
    package init() {}

    /// The hash of the whole state; zero when it is empty.
    package var root: Digest { hash(of: top) }

    /// The number of entries.
    package var count: Int { leaves.count - freeLeaves.count }

    /// The hash of the value stored under a key, or nil when there is none.
    package func value(of key: Digest) -> Digest? {
        let end = walk(towards: key) { _ in }
        guard end.isLeaf else { return nil }
        let leaf = leaves[end.place]
        return leaf.key == key ? leaf.value : nil
    }

    /// What shows to anybody who knows the root that a key is there with its value, or is not there.
    package func proof(of key: Digest) -> StatePath {
        var siblings: [Digest] = []
        let end = walk(towards: key) { siblings.append(hash(of: $0)) }
        guard end.isLeaf else { return StatePath(siblings: siblings, terminal: .empty) }
        let leaf = leaves[end.place]
        return StatePath(siblings: siblings, terminal: .leaf(key: leaf.key, value: leaf.value))
    }

    /// Follows a key from the root to the leaf or the emptiness where its path ends.
    private func walk(towards key: Digest, passing sibling: (Reference) -> Void) -> Reference {
        var node = top
        var depth = 0
        while node.isInner {
            let inner = inners[node.place]
            let turnsRight = key.isOne(at: depth)
            sibling(turnsRight ? inner.left : inner.right)
            node = turnsRight ? inner.right : inner.left
            depth += 1
        }
        return node
    }

    func hash(of node: Reference) -> Digest {
        if node.isEmpty { return .zero }
        return node.isLeaf ? leaves[node.place].hash : inners[node.place].hash
    }
}

extension StateTree: Equatable {
    /// Trees are equal when their roots are, since the root is a function of the entries.
    package static func == (left: StateTree, right: StateTree) -> Bool { left.root == right.root }
}

extension Digest {
    /// `bit` without its bounds check, for walks that end before bit 256.
    @inline(__always)
    func isOne(at index: Int) -> Bool {
        let word = switch index >> 6 {
        case 0: a
        case 1: b
        case 2: c
        default: d
        }
        return (word.bigEndian >> UInt64(63 - index & 63)) & 1 == 1
    }
}
