import Cryptography
import Ledger
import Wire

extension Door {
    /// What the state trees hold, and proofs of it.
    static let ledger: [Door] = [
        value("account", { Account(decoding: $0) }, \.encoded),
        value("cross-entry", { CrossEntry(decoding: $0) }, \.encoded),
        value("chain-head", { ChainHead(decoding: $0) }, \.encoded),
        value("epoch-entry", { EpochEntry(decoding: $0) }, \.encoded),
        value("stake-entry", { StakeEntry(decoding: $0) }, \.encoded),
        value("candidacy-entry", { CandidacyEntry(decoding: $0) }, \.encoded),
        value("ballot-entry", { BallotEntry(decoding: $0) }, \.encoded),
        value("closing-entry", { ClosingEntry(decoding: $0) }, \.encoded),
        value("contract-entry", { ContractEntry(decoding: $0, network: Stage.network.id) }, \.encoded),
        value("bridge-item", { BridgeItem(decoding: $0) }, \.encoded),
        value("pause-entry", { PauseEntry(decoding: $0) }, \.encoded),
        value("meter", { MeterEntry(decoding: $0) }, \.encoded),
        value("lane-entry", { LaneEntry(decoding: $0) }, \.encoded),
        value("status-entry", { ChainStatus(decoding: $0) }, \.encoded),
        Door("state-proof", .message(prefix: 1), takeProof),
    ]

    private static func value<Value>(
        _ name: String, _ decode: @escaping @Sendable ([UInt8]) -> Value?, _ encode: @escaping @Sendable (Value) -> [UInt8]
    ) -> Door {
        Door(name) { try comesBack($0, isKept: true, decode: decode, encode: encode) != nil }
    }

    /// Evidence about entries of a known tree; the first byte chooses the key. Whatever leads to the tree's root must be true.
    private static func takeProof(_ input: [UInt8]) throws -> Bool {
        guard let choice = input.first else { return false }
        let resolution = Array(input.dropFirst())
        guard case .settle(let settle)? = try? Transaction(decoding: resolution, chain: Stage.alpha, network: Stage.network.id).kind else {
            return false
        }
        let proof = settle.evidence.proof
        let key = ProofTree.keys[Int(choice) % ProofTree.keys.count]
        guard EvidenceCheck.root(of: proof, for: key) == ProofTree.tree.root else { return false }
        try demand(proof.value == ProofTree.values[key], "a proof shows what the tree does not hold")
        return true
    }
}

/// A small state tree, and keys of which some are in it.
package enum ProofTree {
    package static let keys = (0..<12).map { Blake2b.hash([UInt8($0)]) }
    /// Values of the first eight keys.
    package static let values: [Digest: [UInt8]] = Dictionary(uniqueKeysWithValues: keys.prefix(8).map { ($0, Array($0.bytes.prefix(9))) })
    package static let tree: StateTree = {
        var tree = StateTree()
        for key in keys.prefix(8) { tree.update([(key, StateKey.valueHash(values[key]!))]) }
        return tree
    }()

    /// The true proof about a key.
    package static func proof(of key: Digest) -> StateProof {
        let path = tree.proof(of: key)
        var other: StateProof.Leaf?
        if case .leaf(let leafKey, let leafValue) = path.terminal, leafKey != key { other = .init(key: leafKey, value: leafValue) }
        return StateProof(value: values[key], siblings: path.siblings, other: other)
    }
}
