import Cryptography
import Determinism
import Testing

@Suite struct StatePathTests {
    private func sample(seed: UInt64, count: Int) -> (tree: StateTree, present: [(Digest, Digest)], absent: [Digest]) {
        var random = SeededRandom(seed: seed)
        var model: [Digest: Digest] = [:]
        for _ in 0..<count { model[random.crowdedKey()] = random.digest() }
        let present = model.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let absent = (0..<count).map { _ in random.crowdedKey() }.filter { model[$0] == nil }
        var tree = StateTree()
        tree.update(present.map { (key: $0.0, value: $0.1) })
        return (tree, present, absent)
    }

    @Test("proofs of presence and absence lead to the root", arguments: [0, 1, 2, 3, 10, 200])
    func proofsHold(count: Int) {
        let (tree, present, absent) = sample(seed: UInt64(count), count: count)
        for (key, value) in present { #expect(tree.proof(of: key).root(for: key, value: value) == tree.root) }
        for key in absent { #expect(tree.proof(of: key).root(for: key, value: nil) == tree.root) }
        #expect(StateTree().proof(of: .zero).root(for: .zero, value: nil) == .zero)
    }

    @Test("no proof shows the opposite of what is true")
    func noProofOfTheOpposite() {
        let (tree, present, absent) = sample(seed: 9, count: 100)
        for (key, value) in present {
            #expect(tree.proof(of: key).root(for: key, value: nil) == nil)
            for other in absent { #expect(tree.proof(of: other).root(for: key, value: nil) != tree.root) }
            for (other, _) in present where other != key {
                #expect(tree.proof(of: other).root(for: key, value: nil) != tree.root)
                #expect(tree.proof(of: other).root(for: key, value: value) != tree.root)
            }
        }
        for key in absent { #expect(tree.proof(of: key).root(for: key, value: .zero) == nil) }
    }

    @Test("a proof with any bit or the number of siblings changed fails")
    func mutatedProofsFail() {
        let (tree, present, absent) = sample(seed: 11, count: 40)
        var random = SeededRandom(seed: 12)
        let claims: [(Digest, Digest?)] = present.map { ($0.0, $0.1) } + absent.map { ($0, nil) }
        #expect(absent.count > 5)
        for (key, value) in claims {
            let proof = tree.proof(of: key)
            for mutant in mutants(of: proof, &random) {
                #expect(mutant.root(for: key, value: value) != tree.root, "\(mutant)")
            }
            if let value { #expect(proof.root(for: key, value: flipped(value, &random)) != tree.root) }
        }
    }

    private func mutants(of proof: StatePath, _ random: inout SeededRandom) -> [StatePath] {
        var mutants: [StatePath] = []
        for level in proof.siblings.indices {
            var changed = proof
            changed.siblings[level] = flipped(changed.siblings[level], &random)
            mutants.append(changed)
            changed = proof
            changed.siblings.remove(at: level)
            mutants.append(changed)
            changed = proof
            changed.siblings.insert(random.digest(), at: level)
            mutants.append(changed)
        }
        for extra in [Digest.zero, random.digest()] {
            mutants.append(StatePath(siblings: proof.siblings + [extra], terminal: proof.terminal))
        }
        switch proof.terminal {
        case .empty:
            mutants.append(StatePath(siblings: proof.siblings, terminal: .leaf(key: random.digest(), value: .zero)))
        case .leaf(let key, let value):
            mutants.append(StatePath(siblings: proof.siblings, terminal: .empty))
            mutants.append(StatePath(siblings: proof.siblings, terminal: .leaf(key: flipped(key, &random), value: value)))
            mutants.append(StatePath(siblings: proof.siblings, terminal: .leaf(key: key, value: flipped(value, &random))))
        }
        return mutants
    }

    private func flipped(_ digest: Digest, _ random: inout SeededRandom) -> Digest {
        var bytes = digest.bytes
        bytes[Int(random.below(32))] ^= 1 << UInt8(random.below(8))
        return Digest(bytes)!
    }

    @Test("a path longer than a key has bits is refused")
    func refusesOverlong() {
        let path = StatePath(siblings: [Digest](repeating: Digest(a: 1, b: 1, c: 1, d: 1), count: 257), terminal: .empty)
        #expect(path.root(for: .zero, value: nil) == nil)
    }
}
