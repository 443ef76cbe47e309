import Wire

/// What the notary chain settles for its next epoch (A10; docs/protocol.md, section 19): a function of the state of the last block up to
/// the cut.
extension LedgerState {
    /// The notaries of the next epoch, each with one vote: those elected, or, where the present ones have not closed their epoch (E-8),
    /// the same nodes again.
    func electedMembers(_ rule: ElectionRule, sitting: [Electorate.Member]) -> [Electorate.Member] {
        let seats = sitting.map { NotarySeat(node: $0.node, key: $0.key) }
        var next = Tally.elect(candidacies, ballots, sitting: seats, rule: rule, network: network, chains: votingChains)
        let isSame = next.count == seats.count && next.allSatisfy { seat in seats.contains { $0.node == seat.node } }
        if !isSame, !isClosed(epochs.last?.epoch ?? 0, by: sitting) { next = Tally.keep(seats, candidacies, network: network) }
        return next.map { Electorate.Member(node: $0.node, key: $0.key, weight: 1) }
    }

    /// From which height on each sub-chain's blocks are certified by the notaries of the next epoch: above all that those of the present
    /// one sign, who stop so many blocks above the record that they know.
    var firstHeights: [EpochEntry.FirstHeight] {
        guard let rule = description.election else { return [] }
        return subChains.map { EpochEntry.FirstHeight(chain: $0.id, height: (head(of: $0.id)?.height ?? 0) + rule.lead + 1) }
    }
}
