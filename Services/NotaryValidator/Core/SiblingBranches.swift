import Crypto
import Determinism
import Wire

/// The branches that this notary's other validators follow (R7): a notary acts only on one branch of each chain, and each chain's
/// own validator is the one authority on it.
struct SiblingBranches: Sendable {
    /// Blocks remembered a chain; older ones are asked for again.
    static let remembered: Height = 8_192

    private struct Branch: Sendable {
        var blocks: [Height: Digest] = [:]
        var newest: Height = 0
    }

    private var branches: [ChainID: Branch] = [:]
    /// Questions under way, by call.
    private var asked: [UInt64: (chain: ChainID, height: Height)] = [:]

    init(network: Network, chain: ChainID) {
        for other in network.chains where other.id != chain { branches[other.id] = Branch() }
    }

    /// Notes a question to the sibling of `chain`.
    ///
    /// - Returns: false when the same question is under way.
    mutating func ask(_ chain: ChainID, _ height: Height, call: UInt64) -> Bool {
        guard !asked.values.contains(where: { $0.chain == chain && $0.height == height }) else { return false }
        asked[call] = (chain, height)
        return true
    }

    /// What a call that has ended was about; nil for none of these.
    mutating func answered(_ call: UInt64) -> (chain: ChainID, height: Height)? { asked.removeValue(forKey: call) }

    /// The sibling of `chain` follows `block` at `height`.
    mutating func learn(_ chain: ChainID, height: Height, block: Digest) {
        guard branches[chain] != nil else { return }
        branches[chain]?.blocks[height] = block
        let newest = max(branches[chain]?.newest ?? 0, height)
        branches[chain]?.newest = newest
        if newest > SiblingBranches.remembered { branches[chain]?.blocks[newest - SiblingBranches.remembered] = nil }
    }

    /// The first header of which it is not known whether it lies on the followed branch.
    func firstUnknown(of headers: [BlockHeader]) -> BlockHeader? {
#if PLANTED_BUGS
        if PlantedBug.anyBranch.isPlanted { return nil }
#endif
        return headers.first { branches[$0.chain]?.blocks[$0.height] == nil }
    }

    /// The first header that is known to lie off the followed branch.
    func firstContradicted(of headers: [BlockHeader]) -> BlockHeader? {
#if PLANTED_BUGS
        if PlantedBug.anyBranch.isPlanted { return nil }
#endif
        return headers.first { header in branches[header.chain]?.blocks[header.height].map { $0 != header.hash } ?? false }
    }
}
