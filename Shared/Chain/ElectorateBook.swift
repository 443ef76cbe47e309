import Crypto
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
    private var newest: [ChainID: Epoch] = [:]
    /// Chains of which an electorate was looked for that is not here.
    private var missed: [ChainID] = []

    package init(network: Network) {
        self.network = network
        for chain in network.chains + [network.notary] { known[Place(chain: chain.id, epoch: 0)] = chain.genesisElectorate }
    }

    /// Who votes on a chain in an epoch; nil when there is no such epoch or nobody has shown it yet.
    package func electorate(of chain: ChainID, epoch: Epoch) -> Electorate? {
        if let electorate = known[Place(chain: chain, epoch: epoch)] { return electorate }
        if network.chain(chain)?.epochs != nil, !missed.contains(chain) { missed.append(chain) }
        return nil
    }

    /// Who votes in a slot of a chain; nil when that is not known yet.
    package func electorate(of chain: ChainID, slot: Slot) -> Electorate? {
        guard let description = network.chain(chain) else { return nil }
        return electorate(of: chain, epoch: description.epoch(of: slot))
    }

    /// The newest epoch of a chain whose electorate is known.
    package func newestEpoch(of chain: ChainID) -> Epoch { newest[chain] ?? 0 }

    /// Whose notaries certify the block of a chain at a height: an epoch of the notary chain. Of the notary chain's own blocks, the
    /// epoch of their slot.
    package func notaryEpoch(of header: BlockHeader) -> Epoch {
        header.chain == .notary ? network.notary.epoch(of: header.slot) : notaryEpoch(of: header.chain, height: header.height)
    }

    /// Whose notaries certify the block of a sub-chain at a height.
    package func notaryEpoch(of chain: ChainID, height: Height) -> Epoch { 0 }

    /// Writes down an electorate that a final block of its chain has settled.
    package func learn(_ electorate: Electorate, of chain: ChainID, epoch: Epoch) {
        let place = Place(chain: chain, epoch: epoch)
        precondition(known[place] ?? electorate == electorate, "an epoch of \(chain) has one electorate")
        known[place] = electorate
        newest[chain] = max(newestEpoch(of: chain), epoch)
    }

    /// Chains of which an electorate was looked for in vain since this was last asked.
    package func takeMissed() -> [ChainID] {
        defer { missed.removeAll() }
        return missed
    }
}
