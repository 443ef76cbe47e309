import Cryptography
import Determinism
import Wire

/// Chains that join while the network runs (rules J-1 to J-4; A16). What the notary chain's rules ask of "the network's chains" is asked of
/// those of `network.yaml` and of those in its state, never of what a role happens to know.
extension LedgerState {
    /// The notary chain takes a chain in.
    ///
    /// The caller has verified all signatures. Reasons are found in this order: wrongChain; nameTaken when the network has a chain of this id;
    /// chainsFull; nameTaken and keyTaken for a node that another chain or the notary chain has; notReady before the genesis time; then those
    /// of `StateCheck.fault(in:notaries:)`.
    mutating func applyJoin(_ join: Join, at block: OpenBlock) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        if let reason = fault(joining: join.body.chain) { return .invalid(reason) }
        guard join.body.chain.genesisTime <= block.time else { return .invalid(.notReady) }
        guard let notaries = notaries(of: block.slot) else { return .invalid(.epochUnknown) }
        if let reason = StateCheck.fault(in: join, notaries: notaries) { return .invalid(reason) }
        joined.append(ChainEntry(body: join.body, position: joined.count, height: block.height, epoch: epochs.last?.epoch ?? 0))
        return .applied
    }

    /// Why a chain cannot be one more of the network, whoever admits it; nil when it can, as of this state.
    package func fault(joining chain: ChainDescription) -> Reason? {
        guard subChain(chain.id) == nil else { return .nameTaken }
        guard network.founding.count + joined.count < Limits.chainsPerNetwork else { return .chainsFull }
        let nodes = network.notary.listed + subChains.flatMap(\.nodes)
        for node in chain.nodes {
            guard !nodes.contains(where: { $0.id == node.id }) else { return .nameTaken }
            guard !isTaken(node.key, besides: "") else { return .keyTaken }
        }
        return nil
    }

    /// Sub-chains as of this state, with the effects of the open block: those of `network.yaml`, then those that have joined.
    package var subChains: [ChainDescription] { network.founding + joined.map(\.chain) }

    /// Sub-chains whose nodes elect the notaries: those that have not left (J-7).
    package var votingChains: [ChainDescription] { subChains.filter { status(of: $0.id)?.hasLeft != true } }

    /// A sub-chain as of this state; nil when there is none of that id.
    package func subChain(_ id: ChainID) -> ChainDescription? {
        network.founding.first { $0.id == id } ?? joined.first { $0.chain.id == id }?.chain
    }

    /// The hash that stands for a sub-chain before its first block, as of this state.
    package func genesisHash(of id: ChainID) -> Digest {
        joined.first { $0.chain.id == id }?.genesisHash(network: network.id) ?? network.genesisHash(of: id)
    }
}

extension StateCheck {
    /// A quorum of the notaries admits a chain, each once and in their order.
    ///
    /// - Parameter notaries: of the slot whose block holds it.
    /// - Returns: notAllowed for a stranger, a second time or another order, consentMissing when they are too few.
    package static func fault(in join: Join, notaries: Electorate) -> Reason? {
        guard let positions = positions(of: join.admissions, among: notaries) else { return .notAllowed }
#if PLANTED_BUGS
        if PlantedBug.registrationUnconsented.isPlanted { return positions.isEmpty ? .consentMissing : nil }
#endif
        return notaries.isQuorum(positions) ? nil : .consentMissing
    }
}

extension ChainEntry {
    var stateKey: Digest { StateKey.chain(chain.id) }
    var valueHash: Digest { StateKey.valueHash(encoded) }
}

extension JoinNotice {
    /// The chain's entry, if the path leads to the notary block's state root; nil when it does not. Whether that block is final is not
    /// looked at.
    package var entry: ChainEntry? {
        guard final.header.chain == .notary, EvidenceCheck.root(of: proof, for: StateKey.chain(chain)) == final.header.stateRoot,
            let entry = proof.value.flatMap({ ChainEntry(decoding: $0) }), entry.chain.id == chain, entry.height <= final.header.height
        else { return nil }
        return entry
    }
}
