import Cryptography
import Wire

/// Closings on the notary chain (R7, A10; docs/protocol.md, E-8): new notaries take over only from those who rely on nothing that the
/// notary chain has not recorded.
extension LedgerState {
    /// A notary has closed the present epoch for a sub-chain.
    ///
    /// The caller has verified the signature. Reasons are found in this order: wrongChain, also for a sub-chain that the network does not
    /// have; notAllowed where nobody is elected; notReady for an epoch that is not settled; superseded for one whose successor is, or that
    /// the notary has closed; unlistedNode for who is none of the epoch's notaries.
    mutating func applyClosing(_ closing: Closing) -> Application {
        guard chain == .notary, subChain(closing.chain) != nil else { return .invalid(.wrongChain) }
        guard network.notary.election != nil else { return .invalid(.notAllowed) }
        let epoch = epochs.last?.epoch ?? 0
        guard closing.epoch <= epoch else { return .invalid(.notReady) }
        guard closing.epoch == epoch else { return .invalid(.superseded) }
        let members = epochs.last?.members ?? description.genesisElectorate.members
        guard let member = members.first(where: { $0.key == closing.notary }) else { return .invalid(.unlistedNode) }
        let before = closedBy(closing.chain, epoch)
        guard !before.contains(member.node) else { return .invalid(.superseded) }
        write(ClosingEntry(chain: closing.chain, epoch: epoch, nodes: (before + [member.node]).sorted()))
        return .applied
    }

    /// Ids of the notaries that have closed an epoch for a sub-chain, with the effects of the open block.
    package func closedBy(_ chain: ChainID, _ epoch: Epoch) -> [String] {
        closings.first { $0.chain == chain && $0.epoch == epoch }?.nodes ?? []
    }

    /// Whether a closing has taken effect, and its epoch is the newest one that anybody has closed.
    package func hasClosed(_ closing: Closing) -> Bool {
        let members = closing.epoch == 0 ? description.genesisElectorate.members : epochEntry(closing.epoch)?.members ?? []
        guard let member = members.first(where: { $0.key == closing.notary }) else { return false }
        return closedBy(closing.chain, closing.epoch).contains(member.node)
    }

    /// Whether a quorum of an epoch's notaries has closed it for every sub-chain that has not left: nothing new relies on one that has.
    func isClosed(_ epoch: Epoch, by members: [Electorate.Member]) -> Bool {
        votingChains.allSatisfy { closedBy($0.id, epoch).count >= Quorum.size(of: members.count) }
    }

    private mutating func write(_ entry: ClosingEntry) {
        let place = closings.firstIndex { $0.chain >= entry.chain } ?? closings.count
        if place < closings.count, closings[place].chain == entry.chain { closings[place] = entry } else { closings.insert(entry, at: place) }
    }

    /// The leaves of closings in which two states differ, with their values in the second.
    func closingChanges(from old: [ClosingEntry], to new: [ClosingEntry]) -> [StateTree.Change] {
        if old == new { return [] }
        let gone = old.filter { entry in !new.contains { $0.chain == entry.chain } }
        return gone.map { (key: $0.stateKey, value: nil) }
            + new.filter { !old.contains($0) }.map { (key: $0.stateKey, value: $0.valueHash) }
    }
}

extension ClosingEntry {
    var stateKey: Digest { StateKey.closing(chain) }
    var valueHash: Digest { StateKey.valueHash(encoded) }
}
