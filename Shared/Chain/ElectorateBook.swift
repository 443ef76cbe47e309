import Cryptography
import Determinism
import Ledger
import Wire

/// Who votes on which chain in which epoch, as far as a role knows: from `network.yaml`, and from what final blocks have settled since.
///
/// One role has one book, and its parts share it: what is written here has been proven and never changes, so no two parts can read
/// different answers, only one of them none yet. It is no lock away from other threads because a role lives on one.
package final class ElectorateBook: @unchecked Sendable {
    private struct Place: Hashable {
        var chain: ChainID
        var epoch: Epoch
    }

    package let network: Network
    private var known: [Place: Electorate] = [:]
    /// Of the chains whose electorates change.
    private let rules: [ChainID: EpochRule]
    /// Newest epoch known of a chain by a handover that can be handed on.
    private var shown: [ChainID: Epoch] = [:]
    /// Newest epoch known of a chain.
    private var newest: [ChainID: Epoch] = [:]
    /// From which height on a notary epoch certifies a sub-chain's blocks, ascending by epoch.
    private var certifiedFrom: [ChainID: [(epoch: Epoch, height: Height)]] = [:]
    /// Chains of which an electorate was looked for that is not here.
    private var missed: [ChainID] = []

    package init(network: Network) {
        self.network = network
        rules = Dictionary((network.chains + [network.notary]).compactMap { chain in chain.epochs.map { (chain.id, $0) } }) { first, _ in first }
        for chain in network.chains + [network.notary] { known[Place(chain: chain.id, epoch: 0)] = chain.genesisElectorate }
        for entry in network.joined { certifiedFrom[entry.chain.id] = [(entry.epoch, 0)] }
    }

    /// Who votes on a chain in an epoch; nil when there is no such epoch or nobody has shown it yet.
    package func electorate(of chain: ChainID, epoch: Epoch) -> Electorate? {
        if let electorate = known[Place(chain: chain, epoch: epoch)] { return electorate }
        if rules[chain] != nil, !missed.contains(chain) { missed.append(chain) }
        return nil
    }

    /// Who votes in a slot of a chain; nil when that is not known yet.
    package func electorate(of chain: ChainID, slot: Slot) -> Electorate? {
        let epoch = rules[chain]?.epoch(of: slot) ?? 0
#if PLANTED_BUGS
        if PlantedBug.staleEpoch.isPlanted { return electorate(of: chain, epoch: max(epoch, 1) - 1) }
#endif
        return electorate(of: chain, epoch: epoch)
    }

    /// Whether who votes in a slot of a chain is known; looking for it this way asks nobody.
    package func isKnown(_ chain: ChainID, slot: Slot) -> Bool {
        known[Place(chain: chain, epoch: rules[chain]?.epoch(of: slot) ?? 0)] != nil
    }

    /// The newest epoch of a chain whose electorate is known.
    package func newestEpoch(of chain: ChainID) -> Epoch { newest[chain] ?? 0 }

    /// The newest epoch of a chain that a handover has shown here, all those before it included.
    package func shownEpoch(of chain: ChainID) -> Epoch { shown[chain] ?? 0 }

    /// Whose notaries certify a block: of a sub-chain by its height, of the notary chain by its slot.
    package func notaryEpoch(of header: BlockHeader) -> Epoch {
        header.chain == .notary ? network.notary.epoch(of: header.slot) : notaryEpoch(of: header.chain, height: header.height)
    }

    /// Whose notaries certify the block of a sub-chain at a height, as far as is known.
    package func notaryEpoch(of chain: ChainID, height: Height) -> Epoch {
#if PLANTED_BUGS
        if PlantedBug.oldEpochSignsOn.isPlanted { return 0 }
#endif
        return certifiedFrom[chain]?.last { $0.height <= height }?.epoch ?? 0
    }

    /// Why a block may not name the notary epoch that it names; nil when it may.
    package func epochFault(of header: BlockHeader) -> Reason? {
        if header.epoch == notaryEpoch(of: header) { return nil }
        guard header.chain != .notary, network.notary.epochs != nil, header.epoch > newestEpoch(of: .notary) else { return .wrongSlot }
        _ = electorate(of: .notary, epoch: header.epoch)
        return .epochUnknown
    }

    /// Writes down what a final block of a chain has settled.
    ///
    /// - Parameter isShown: by a handover, which can be handed on; else by the chain's own state.
    package func learn(_ entry: EpochEntry, of chain: ChainID, isShown: Bool) {
        guard let description = network.chain(chain) else { preconditionFailure("an entry is of a chain of the network") }
        let place = Place(chain: chain, epoch: entry.epoch)
        let electorate = entry.electorate(description.engine)
        if isShown { shown[chain] = max(shownEpoch(of: chain), entry.epoch) }
        // A chain of which more than a third is corrupt can show two: the first one stays, as R7 has it.
        guard known[place] == nil else { return }
        known[place] = electorate
        newest[chain] = max(newestEpoch(of: chain), entry.epoch)
        guard chain == .notary else { return }
        for first in entry.firstHeights {
            certifiedFrom[first.chain, default: []].append((entry.epoch, first.height))
            certifiedFrom[first.chain]?.sort { $0.epoch < $1.epoch }
        }
    }

    /// Chains of which an electorate was looked for in vain since this was last asked.
    package func takeMissed() -> [ChainID] {
        if missed.isEmpty { return [] }
        defer { missed.removeAll() }
        return missed
    }
}
