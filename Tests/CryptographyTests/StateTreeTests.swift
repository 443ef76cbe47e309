import Cryptography
import Determinism
import Testing

/// The definition of the tree, word for word: no sharing, no batches, no memory.
enum NaiveStateTree {
    static func root(_ entries: [(key: Digest, value: Digest)], depth: Int = 0) -> Digest {
        if entries.isEmpty { return .zero }
        if entries.count == 1 { return Blake2b.hash([2] + entries[0].key.bytes + entries[0].value.bytes) }
        let left = root(entries.filter { !$0.key.bit(depth) }, depth: depth + 1)
        let right = root(entries.filter { $0.key.bit(depth) }, depth: depth + 1)
        return Blake2b.hash([3] + left.bytes + right.bytes)
    }
}

extension SeededRandom {
    mutating func digest() -> Digest { Digest(a: next(), b: next(), c: next(), d: next()) }

    /// A key that often shares a long beginning with others, so that deep and one-sided subtrees occur.
    mutating func crowdedKey() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        if chance(perMillion: 300_000) { return digest() }
        bytes[Int(below(32))] = 1 << UInt8(below(8))
        if chance(perMillion: 500_000) { bytes[31] ^= UInt8(below(4)) }
        return Digest(bytes)!
    }
}

@Suite struct StateTreeTests {
    private func entries(_ model: [Digest: Digest]) -> [(key: Digest, value: Digest)] {
        model.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
    }

    @Test("an empty tree is zero and one entry is its leaf")
    func smallTrees() {
        var tree = StateTree()
        #expect(tree.root == .zero)
        var random = SeededRandom(seed: 1)
        let key = random.digest(), value = random.digest()
        tree.update([(key: key, value: value)])
        #expect(tree.root == Blake2b.hash([2] + key.bytes + value.bytes))
        tree.update([(key: key, value: nil)])
        #expect(tree.root == .zero && tree.count == 0)
    }

    @Test("after any history of inserts, changes and removals the tree is the one of its entries", arguments: 0..<12 as Range<UInt64>)
    func agreesWithReference(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var tree = StateTree()
        var model: [Digest: Digest] = [:]
        var known: [Digest] = []
        for _ in 0..<60 {
            var batch: [Digest: Digest?] = [:]
            for _ in 0..<random.below(12) {
                let reuse = !known.isEmpty && random.chance(perMillion: 600_000)
                let key = reuse ? known[Int(random.below(UInt64(known.count)))] : random.crowdedKey()
                known.append(key)
                batch.updateValue(random.chance(perMillion: 450_000) ? nil : random.digest(), forKey: key)
            }
            for (key, value) in batch { model[key] = value }
            tree.update(batch.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }.shuffled(using: &random))
            #expect(tree.root == NaiveStateTree.root(entries(model)))
            #expect(tree.count == model.count)
        }
        for key in known { #expect(tree.value(of: key) == model[key]) }
    }

    @Test("one at a time in any order gives the root of one batch")
    func orderDoesNotMatter() {
        var random = SeededRandom(seed: 5)
        let all = entries(Dictionary((0..<300).map { _ in (random.crowdedKey(), random.digest()) }) { first, _ in first })
        var batched = StateTree()
        batched.update(all.map { (key: $0.key, value: $0.value) })
        for _ in 0..<4 {
            var single = StateTree()
            for entry in all.shuffled(using: &random) { single.update([(key: entry.key, value: entry.value)]) }
            #expect(single.root == batched.root)
        }
    }

    @Test("removing what was added restores the root, and a copy keeps its own entries")
    func undoRestores() {
        var random = SeededRandom(seed: 6)
        var tree = StateTree()
        tree.update((0..<500).map { _ in (key: random.digest(), value: random.digest()) })
        let before = tree
        let added = (0..<200).map { _ in (key: random.digest(), value: random.digest()) }
        tree.update(added.map { (key: $0.key, value: $0.value) })
        #expect(tree != before)
        tree.update(added.map { (key: $0.key, value: nil) })
        #expect(tree == before)
        #expect(before.count == 500 && tree.count == 500)
    }

    @Test("two keys that differ in the last bit only have a path of 256 siblings")
    func deepestPath() {
        var bytes = [UInt8](repeating: 0xA5, count: 32)
        let first = Digest(bytes)!
        bytes[31] ^= 1
        let second = Digest(bytes)!
        var tree = StateTree()
        tree.update([(key: first, value: first), (key: second, value: second)])
        let proof = tree.proof(of: first)
        #expect(proof.siblings.count == StatePath.siblingCountMax)
        #expect(proof.root(for: first, value: first) == tree.root)
        #expect(tree.root == NaiveStateTree.root([(key: first, value: first), (key: second, value: second)]))
        tree.update([(key: second, value: nil)])
        #expect(tree.proof(of: first).siblings.isEmpty)
    }
}
