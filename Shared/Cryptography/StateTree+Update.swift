extension StateTree {
    /// One entry to set, or with a nil value to remove.
    package typealias Change = (key: Digest, value: Digest?)

    /// Applies a batch of changes; every node above several of them is hashed once.
    ///
    /// - Parameter changes: in any order; a nil value removes the key, which need not be there.
    /// - Precondition: no key twice.
    package mutating func update(_ changes: [Change]) {
        let sorted = changes.sorted { $0.key < $1.key }
        sorted.withUnsafeBufferPointer { sorted in
            for index in sorted.indices.dropFirst() {
                precondition(sorted[index - 1].key != sorted[index].key, "a batch changes each key at most once")
            }
            top = applying(sorted, from: 0, to: sorted.count, at: top, depth: 0)
        }
    }

    /// The subtree at `node` after the changes `start..<end`, all of which lie below it.
    private mutating func applying(
        _ changes: UnsafeBufferPointer<Change>, from start: Int, to end: Int, at node: Reference, depth: Int
    ) -> Reference {
        if start == end { return node }
        if end - start == 1, !node.isInner, let settled = settling(changes[start], at: node) { return settled }
        let middle = split(changes, from: start, to: end, depth: depth)
        var left = Reference.empty
        var right = Reference.empty
        if node.isInner {
            left = inners[node.place].left
            right = inners[node.place].right
        } else if node.isLeaf {
            if leaves[node.place].key.isOne(at: depth) { right = node } else { left = node }
        }
        left = applying(changes, from: start, to: middle, at: left, depth: depth + 1)
        right = applying(changes, from: middle, to: end, at: right, depth: depth + 1)
        return joining(left, right, reusing: node)
    }

    /// One change where the path has ended; nil when a second leaf makes the subtree grow.
    private mutating func settling(_ change: Change, at node: Reference) -> Reference? {
        if node.isEmpty { return change.value.map { insertLeaf(change.key, $0) } ?? .empty }
        if leaves[node.place].key != change.key { return change.value == nil ? node : nil }
        guard let value = change.value else {
            freeLeaves.append(Int32(node.place))
            return .empty
        }
        leaves[node.place] = StateTree.leaf(change.key, value)
        return node
    }

    /// The first of the sorted changes whose bit at `depth` is one.
    private func split(_ changes: UnsafeBufferPointer<Change>, from start: Int, to end: Int, depth: Int) -> Int {
        var low = start
        var high = end
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].key.isOne(at: depth) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The canonical subtree of two children; a leaf without a neighbour rises.
    private mutating func joining(_ left: Reference, _ right: Reference, reusing node: Reference) -> Reference {
        if left.isEmpty && !right.isInner || right.isEmpty && left.isLeaf {
            if node.isInner { freeInners.append(Int32(node.place)) }
            return left.isEmpty ? right : left
        }
        let hash = Blake2b.hash(tag: StateTree.innerTag, hash(of: left), hash(of: right))
        let inner = Inner(left: left, right: right, hash: hash)
        if node.isInner {
            inners[node.place] = inner
            return node
        }
        if let free = freeInners.popLast() {
            inners[Int(free)] = inner
            return .inner(Int(free))
        }
        inners.append(inner)
        return .inner(inners.count - 1)
    }

    private mutating func insertLeaf(_ key: Digest, _ value: Digest) -> Reference {
        let leaf = StateTree.leaf(key, value)
        if let free = freeLeaves.popLast() {
            leaves[Int(free)] = leaf
            return .leaf(Int(free))
        }
        leaves.append(leaf)
        return .leaf(leaves.count - 1)
    }

    private static func leaf(_ key: Digest, _ value: Digest) -> Leaf {
        Leaf(key: key, value: value, hash: Blake2b.hash(tag: leafTag, key, value))
    }
}
