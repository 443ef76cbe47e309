import Cryptography
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
        /// Nothing above may be relied on.
        var relied: Height = 0
        var generation: UInt64 = 0
        /// Set by a release: until a head of that generation is heard, nothing is learned above that height.
        var release: (generation: UInt64, above: Height)?

        func isVoid(_ height: Height) -> Bool { release.map { height > $0.above } ?? false }
    }

    private var branches: [ChainID: Branch] = [:]
    /// Questions under way, by call.
    private var asked: [UInt64: (chain: ChainID, height: Height)] = [:]

    init(network: Network, chain: ChainID) {
        for other in network.chains where other.id != chain { branches[other.id] = Branch() }
    }

    /// Notes a question to the sibling of `chain`.
    ///
    /// - Returns: false when the same question is under way, or its answer could not be believed yet.
    mutating func ask(_ chain: ChainID, _ height: Height, call: UInt64) -> Bool {
        guard branches[chain]?.isVoid(height) == false, !asked.values.contains(where: { $0.chain == chain && $0.height == height }) else {
            return false
        }
        asked[call] = (chain, height)
        return true
    }

    /// What a call that has ended was about; nil for none of these.
    mutating func answered(_ call: UInt64) -> (chain: ChainID, height: Height)? { asked.removeValue(forKey: call) }

    /// The sibling of a chain says what it follows. One of a new generation has left its branch: what was heard of the old one above the
    /// recorded head is void.
    mutating func learn(_ head: BranchHead, recorded: Height) {
        guard let branch = branches[head.chain], head.generation >= branch.generation, head.generation >= branch.release?.generation ?? 0 else {
            return
        }
        if head.generation > branch.generation { void(head.chain, above: recorded) }
        branches[head.chain]?.generation = head.generation
        branches[head.chain]?.release = nil
        branches[head.chain]?.relied = head.relied
        learn(head.chain, height: head.height, block: head.block)
    }

    /// The sibling of `chain` follows `block` at `height`.
    mutating func learn(_ chain: ChainID, height: Height, block: Digest) {
        guard let branch = branches[chain], !branch.isVoid(height) else { return }
        branches[chain]?.blocks[height] = block
        // A block that was asked for is on the branch, so it may be relied on as its head may.
        let newest = max(branch.newest, height)
        branches[chain]?.newest = newest
        if newest > SiblingBranches.remembered { branches[chain]?.blocks[newest - SiblingBranches.remembered] = nil }
    }

    /// This notary lets go of what lies above a height, until the sibling speaks of a new generation.
    mutating func forget(_ chain: ChainID, above height: Height, generation: UInt64) {
        guard let branch = branches[chain], branch.generation < generation else { return }
        void(chain, above: height)
        branches[chain]?.release = (generation, height)
        branches[chain]?.relied = min(branch.relied, height)
    }

    private mutating func void(_ chain: ChainID, above height: Height) {
        guard let newest = branches[chain]?.newest else { return }
        if newest > height { for gone in height + 1...newest { branches[chain]?.blocks[gone] = nil } }
        branches[chain]?.newest = min(newest, height)
        // Answers under way may still speak of the branch that was left.
        asked = asked.filter { $0.value.chain != chain }
    }

    /// The first header of which it is not known whether it lies on the followed branch, or which may not be relied on yet.
    ///
    /// - Parameter recorded: the recorded height of a chain.
    func firstUnknown(of headers: [BlockHeader], recorded: (ChainID) -> Height) -> BlockHeader? {
#if PLANTED_BUGS
        if PlantedBug.anyBranch.isPlanted { return nil }
#endif
        return headers.first { header in
            guard let branch = branches[header.chain] else { return false }
            return branch.blocks[header.height] == nil || header.height > branch.relied && header.height > recorded(header.chain)
        }
    }

    /// The first header that is known to lie off the followed branch.
    func firstContradicted(of headers: [BlockHeader]) -> BlockHeader? {
#if PLANTED_BUGS
        if PlantedBug.anyBranch.isPlanted { return nil }
#endif
        return headers.first { header in branches[header.chain]?.blocks[header.height].map { $0 != header.hash } ?? false }
    }
}
