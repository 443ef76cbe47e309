import Foundation
import Schema
import SwiftProtobuf

/// What a proof shows about one entry of a state.
enum ProvenEntry: Equatable {
    case present(Bytes)
    case absent
}

/// Follows state proofs from the entry up to the root (docs/protocol.md, state proofs).
enum StateProofModel {
    /// What the proof shows under `root`.
    /// - Returns: nil when it shows nothing.
    static func entry(_ proof: PBStateProof, key: Bytes, root: Bytes) -> ProvenEntry? {
        guard proof.siblings.count <= Sodium.hashBytes * 8, proof.siblings.allSatisfy({ $0.count == Sodium.hashBytes }) else { return nil }
        guard let end = end(of: proof, key: key) else { return nil }
        if let last = proof.siblings.last, Bytes(last) == Layout.zeroHash { return nil }
        var hash = end.hash
        for depth in proof.siblings.indices.reversed() {
            let sibling = Bytes(proof.siblings[depth])
            hash = StateTreeModel.bit(key, depth) ? StateTreeModel.innerHash(sibling, hash) : StateTreeModel.innerHash(hash, sibling)
        }
        return hash == root ? end.entry : nil
    }

    /// What stands where the path ends.
    private static func end(of proof: PBStateProof, key: Bytes) -> (hash: Bytes, entry: ProvenEntry)? {
        if !proof.value.isEmpty {
            guard proof.otherKey.isEmpty, proof.otherValue.isEmpty else { return nil }
            let value = Bytes(proof.value)
            return (StateTreeModel.leafHash(key, StateTreeModel.valueHash(value)), .present(value))
        }
        if proof.otherKey.isEmpty, proof.otherValue.isEmpty { return (Layout.zeroHash, .absent) }
        let other = Bytes(proof.otherKey)
        guard other.count == Sodium.hashBytes, proof.otherValue.count == Sodium.hashBytes, other != key,
            (0..<proof.siblings.count).allSatisfy({ StateTreeModel.bit(other, $0) == StateTreeModel.bit(key, $0) })
        else { return nil }
        return (StateTreeModel.leafHash(other, Bytes(proof.otherValue)), .absent)
    }
}
