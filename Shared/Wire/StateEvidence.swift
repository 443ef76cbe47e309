import Cryptography
import Schema

/// A path in a chain's state tree, from the root downwards (docs/protocol.md, state tree).
package struct StateProof: Hashable, Sendable {
    /// The entry's bytes; nil shows that there is none.
    package var value: [UInt8]?
    /// One sibling a level; `Digest.zero` for an empty subtree.
    package var siblings: [Digest]
    /// For absence: the other leaf at the path's end, or nil when nothing is there.
    package var other: Leaf?

    /// A leaf as the tree hashes it.
    package struct Leaf: Hashable, Sendable {
        package var key: Digest
        package var value: Digest

        package init(key: Digest, value: Digest) {
            self.key = key
            self.value = value
        }
    }

    package init(value: [UInt8]?, siblings: [Digest], other: Leaf?) {
        self.value = value
        self.siblings = siblings
        self.other = other
    }
}

/// A claim about one entry of another chain's state at one final block.
package struct StateEvidence: Hashable, Sendable {
    /// Hash of the final block.
    package var block: Digest
    package var proof: StateProof

    package init(block: Digest, proof: StateProof) {
        self.block = block
        self.proof = proof
    }
}

extension StateEvidence {
    init(_ message: PBStateEvidence) throws(WireFault) {
        try Field.present(message.hasProof, "StateEvidence.proof")
        block = try Field.digest(message.block, "StateEvidence.block")
        proof = try StateProof(message.proof)
    }

    var message: PBStateEvidence {
        var message = PBStateEvidence()
        message.block = block.data
        message.proof = proof.message
        return message
    }
}

extension StateProof {
    init(_ path: PBStateProof) throws(WireFault) {
        try Field.count(path.siblings.count, atMost: Limits.statePathLevels, "StateProof.siblings")
        var other: StateProof.Leaf?
        if !path.otherKey.isEmpty || !path.otherValue.isEmpty {
            guard path.value.isEmpty else { throw WireFault(.invalid, "StateProof.other_key") }
            other = .init(
                key: try Field.digest(path.otherKey, "StateProof.other_key"),
                value: try Field.digest(path.otherValue, "StateProof.other_value"))
        }
        self.init(
            value: path.value.isEmpty ? nil : [UInt8](path.value),
            siblings: try mapChecked(path.siblings) { item throws(WireFault) in try Field.digest(item, "StateProof.siblings") },
            other: other)
    }

    var message: PBStateProof {
        var message = PBStateProof()
        message.value = Digest.dataOf(value ?? [])
        message.siblings = siblings.map(\.data)
        if let other {
            message.otherKey = other.key.data
            message.otherValue = other.value.data
        }
        return message
    }
}
