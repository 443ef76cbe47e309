import Cryptography
import Determinism
import Testing

@Suite struct MerkleTreeTests {
    private func leaves(_ count: Int) -> [Digest] {
        (0..<count).map { MerkleTree.leaf([UInt8](repeating: UInt8($0 % 251), count: $0), outcome: UInt8($0 % 3)) }
    }

    /// The root by recursion on the largest power of two, a shape that says the same as moving the odd node up.
    private func reference(_ leaves: ArraySlice<Digest>) -> Digest {
        guard leaves.count > 1 else { return leaves.first ?? .zero }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        let left = reference(leaves.prefix(half))
        let right = reference(leaves.dropFirst(half))
        return Blake2b.hash([1] + left.bytes + right.bytes)
    }

    @Test("an empty tree is zero and a tree of one leaf is the leaf")
    func smallTrees() {
        #expect(MerkleTree.root(leaves: []) == .zero)
        #expect(MerkleTree.root(leaves: leaves(1)) == leaves(1)[0])
    }

    @Test("a leaf hashes its tag, the transaction and the outcome")
    func leafLayout() {
        #expect(MerkleTree.leaf([7, 8, 9], outcome: 5) == Blake2b.hash([0, 7, 8, 9, 5]))
        #expect(MerkleTree.leaf([], outcome: 0) == Blake2b.hash([0, 0]))
    }

    @Test("the root of every size agrees with the recursive definition")
    func agreesWithReference() {
        for count in 0...70 {
            let leaves = leaves(count)
            #expect(MerkleTree.root(leaves: leaves) == reference(leaves[...]), "\(count) leaves")
        }
    }

    @Test("the path of every leaf of every size leads to the root")
    func pathsHold() {
        for count in 1...40 {
            let leaves = leaves(count)
            let root = MerkleTree.root(leaves: leaves)
            for index in 0..<count {
                let path = MerkleTree.path(leaves: leaves, of: index)
                #expect(MerkleTree.root(leaf: leaves[index], index: index, count: count, path: path) == root)
            }
        }
    }

    @Test("a path with another leaf, place, sibling or length does not lead to the root")
    func mutatedPathsFail() {
        for count in 2...24 {
            let leaves = leaves(count)
            let root = MerkleTree.root(leaves: leaves)
            for index in 0..<count {
                let path = MerkleTree.path(leaves: leaves, of: index)
                let leaf = leaves[index]
                #expect(MerkleTree.root(leaf: .zero, index: index, count: count, path: path) != root)
                for other in 0..<count where other != index {
                    #expect(MerkleTree.root(leaf: leaf, index: other, count: count, path: path) != root)
                }
                for level in path.indices {
                    var changed = path
                    changed[level].d ^= 1
                    #expect(MerkleTree.root(leaf: leaf, index: index, count: count, path: changed) != root)
                }
                #expect(MerkleTree.root(leaf: leaf, index: index, count: count, path: path.dropLast()) == nil)
                #expect(MerkleTree.root(leaf: leaf, index: index, count: count, path: path + [.zero]) == nil)
            }
        }
    }

    @Test("an index outside the tree has no root")
    func refusesOutside() {
        #expect(MerkleTree.root(leaf: .zero, index: 0, count: 0, path: []) == nil)
        #expect(MerkleTree.root(leaf: .zero, index: -1, count: 1, path: []) == nil)
        #expect(MerkleTree.root(leaf: .zero, index: 3, count: 3, path: []) == nil)
        #expect(MerkleTree.root(leaf: .zero, index: 0, count: .max, path: []) == nil)
    }
}
