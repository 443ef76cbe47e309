import Cryptography
import Wire

/// How electorates come about (docs/protocol.md, epochs): the first block past an epoch's cut settles the next electorate.
extension LedgerState {
    /// The entry of an epoch, with the effects of the open block; nil for epoch 0, one that is not settled, and one long past.
    package func epochEntry(_ epoch: Epoch) -> EpochEntry? { epochs.first { $0.epoch == epoch } }

    /// Entries that are kept, ascending.
    package var epochEntries: [EpochEntry] { epochs }

    /// Whether the electorate that votes in a slot has been settled.
    package func isSettled(_ slot: Slot) -> Bool {
        let epoch = description.epoch(of: slot)
        return epoch == 0 || epochEntry(epoch) != nil
    }

    /// Shows an epoch's entry under the root of the last commit; nil when it is not among the entries.
    ///
    /// - Precondition: no block is open.
    package func proofOfEpoch(_ epoch: Epoch) -> StateProof? {
        precondition(open == nil, "a state is shown between blocks")
        return epochEntry(epoch).map { proof(of: StateKey.epoch(epoch), value: $0.encoded) }
    }

    /// Settles the next electorate when the block is the first past the cut.
    mutating func settleElectorate(_ block: OpenBlock) {
        guard let rule = description.epochs, block.slot > 0, let next = rule.settledEpoch(by: block.slot), epochEntry(next) == nil else { return }
        let before = epochEntry(next - 1)
        let seed = EpochEntry.seed(after: before?.seed ?? description.genesisSeed, block: block.parent)
        let members = nextMembers(after: before?.members ?? description.genesisElectorate.members)
        epochs.append(EpochEntry(epoch: next, seed: seed, members: members, firstHeights: firstHeights))
        if epochs.count > Limits.epochsKept { epochs.removeFirst() }
    }

    /// Who votes next: by stake; where there is none, those who do so.
    private func nextMembers(after members: [Electorate.Member]) -> [Electorate.Member] {
        if let rule = description.election { return electedMembers(rule, sitting: members) }
        guard let rule = description.stake else { return members }
        let staked = stakes.filter { $0.bonded >= rule.minimum }
        guard !staked.isEmpty else { return members }
        return staked.compactMap { entry in
            description.nodes.first { $0.id == entry.node }.map { Electorate.Member(node: $0.id, key: $0.key, weight: entry.bonded) }
        }
    }
}
