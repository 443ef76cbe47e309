/// A path in a state tree: from the root to where a key is, or would be.
package struct StatePath: Hashable, Sendable {
    /// What stands where the path ends.
    package enum Terminal: Hashable, Sendable {
        /// Nothing: no key with this beginning is there.
        case empty
        /// A leaf: the key itself, or another one with the same beginning.
        case leaf(key: Digest, value: Digest)
    }

    /// A path is never longer than a key has bits.
    package static let siblingCountMax = 256

    /// The hashes beside the path, from the root downwards; zero for an empty subtree.
    package var siblings: [Digest]
    /// What stands at the path's end.
    package var terminal: Terminal

    package init(siblings: [Digest], terminal: Terminal) {
        self.siblings = siblings
        self.terminal = terminal
    }

    /// The path of a key that is there.
    package init(siblings: [Digest], presentKey key: Digest, value: Digest) {
        self.init(siblings: siblings, terminal: .leaf(key: key, value: value))
    }

    /// The root of the tree in which this path holds. The caller compares it with a root it trusts.
    ///
    /// - Parameter value: the hash of the value the key is claimed to have; nil for the claim that it is absent.
    /// - Returns: nil when the path cannot show the claim in any tree.
    package func root(for key: Digest, value: Digest?) -> Digest? {
        guard siblings.count <= StatePath.siblingCountMax, let end = endHash(for: key, value: value) else { return nil }
        // Beside a lone leaf or an empty place there is always something, or the tree would be shorter.
        guard siblings.last != .zero else { return nil }
        var digest = end
        for depth in siblings.indices.reversed() {
            digest = key.isOne(at: depth)
                ? Blake2b.hash(tag: StateTree.innerTag, siblings[depth], digest)
                : Blake2b.hash(tag: StateTree.innerTag, digest, siblings[depth])
        }
        return digest
    }

    private func endHash(for key: Digest, value: Digest?) -> Digest? {
        guard case .leaf(let leafKey, let leafValue) = terminal else { return value == nil ? .zero : nil }
        if let value {
            guard leafKey == key, leafValue == value else { return nil }
        } else {
            guard leafKey != key, leafKey.sharesPrefix(with: key, bitCount: siblings.count) else { return nil }
        }
        return Blake2b.hash(tag: StateTree.leafTag, leafKey, leafValue)
    }
}

extension Digest {
    /// Whether the first `bitCount` bits are the same.
    func sharesPrefix(with other: Digest, bitCount: Int) -> Bool {
        commonPrefixBitCount(with: other) >= bitCount
    }

    private func commonPrefixBitCount(with other: Digest) -> Int {
        if a != other.a { return (a ^ other.a).bigEndian.leadingZeroBitCount }
        if b != other.b { return 64 + (b ^ other.b).bigEndian.leadingZeroBitCount }
        if c != other.c { return 128 + (c ^ other.c).bigEndian.leadingZeroBitCount }
        return 192 + (d ^ other.d).bigEndian.leadingZeroBitCount
    }
}
