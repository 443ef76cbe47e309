import Cryptography
import Wire

/// What the state tree stores: a key and the exact bytes under it (docs/ledger.md, entries).
protocol StateValue {
    /// The entry's place in the tree.
    var stateKey: Digest { get }
    /// Bytes that `write` puts.
    var valueByteCount: Int { get }
    /// Puts the value's bytes.
    func write(into writer: inout ValueWriter)
}

extension StateValue {
    /// The value's exact bytes.
    var valueBytes: [UInt8] {
        let size = valueByteCount
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var writer = ValueWriter(UnsafeMutableRawBufferPointer(buffer))
            write(into: &writer)
            count = writer.position
            precondition(count == size, "a value is as long as it said")
        }
    }

    /// The hash of the value under domain `state-value`, made without an allocation on the heap for small values.
    var valueHash: Digest {
        let tag = StateKey.valueTag
        return withUnsafeTemporaryAllocation(byteCount: tag.count + valueByteCount, alignment: 8) { buffer in
            var writer = ValueWriter(buffer)
            writer.put(tag)
            write(into: &writer)
            return Blake2b.hash(UnsafeRawBufferPointer(buffer))
        }
    }
}

/// Keys of the state tree.
package enum StateKey {
    static let valueTag = Domain.stateValue.tag

    /// An account's key in the tree.
    package static func account(_ key: PublicKey) -> Digest { Blake2b.hash(.stateAccount, key.bytes) }

    /// A cross entry's key in the tree.
    package static func cross(_ xid: Digest) -> Digest { Blake2b.hash(.stateCross, xid.bytes) }

    /// A recorded head's key in the tree.
    package static func head(_ chain: ChainID) -> Digest { Blake2b.hash(.stateHead, chain.bytes) }

    /// An epoch entry's key in the tree.
    package static func epoch(_ epoch: Epoch) -> Digest { Blake2b.hash(.stateEpoch, epoch.bigEndianBytes) }

    /// The key in the tree of what stands behind a node.
    package static func stake(_ node: String) -> Digest { Blake2b.hash(.stateStake, Array(node.utf8)) }

    /// A frozen or thawed chain's key in the tree.
    package static func status(_ chain: ChainID) -> Digest { Blake2b.hash(.stateFrozen, chain.bytes) }

    /// A recorded offence's key in the tree.
    package static func offence(_ id: Digest) -> Digest { Blake2b.hash(.stateOffence, id.bytes) }

    /// The key in the tree of a notary node's candidacy.
    package static func candidacy(_ node: String) -> Digest { Blake2b.hash(.stateCandidacy, Array(node.utf8)) }

    /// The key in the tree of a sub-chain node's ballot.
    package static func ballot(_ voter: PublicKey, on chain: ChainID) -> Digest {
        Blake2b.hash(.stateBallot, chain.text.padded.bytes + voter.bytes)
    }

    /// The key in the tree of a sub-chain's closings.
    package static func closing(_ chain: ChainID) -> Digest { Blake2b.hash(.stateClosing, chain.bytes) }

    /// A declared contract's key in the tree.
    package static func contract(_ id: String, version: UInt32) -> Digest {
        Blake2b.hash(.stateContract, ContractName.bytes(id, version: version))
    }

    /// The key in the tree of an order of a peg, or of what it became.
    package static func bridge(_ kind: BridgeItem.Kind, _ contract: String, _ order: Digest) -> Digest {
        Blake2b.hash(.stateBridge, [kind.rawValue] + NodeName.padded(contract) + order.bytes)
    }

    /// The key in the tree of how much has crossed a peg.
    package static func lane(_ contract: String) -> Digest { Blake2b.hash(.stateLane, NodeName.padded(contract)) }

    /// The key in the tree of what has passed under a contract in an asset.
    package static func meter(_ contract: String, _ asset: AssetID) -> Digest { Blake2b.hash(.stateMeter, MeterEntry.name(contract, asset)) }

    /// The key in the tree of how far a target is stopped.
    package static func pause(_ target: PauseTarget) -> Digest { Blake2b.hash(.statePause, target.name) }
    /// The key in the tree of a chain that has joined.
    package static func chain(_ chain: ChainID) -> Digest { Blake2b.hash(.stateChain, chain.bytes) }

    /// The hash that a leaf carries for a value.
    package static func valueHash(_ bytes: [UInt8]) -> Digest { Blake2b.hash(.stateValue, bytes) }
}
