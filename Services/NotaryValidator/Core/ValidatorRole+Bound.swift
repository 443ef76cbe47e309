import Cryptography
import RoleKit
import Wire

/// A final block that this notary has bound itself to (R7): kept like a vote, in both records, under its height (V-1), with the number of
/// branches left before it where other votes have an epoch.
struct FollowedBlock: Sendable {
    let height: Height
    let hash: Digest
    let generation: UInt64
    let pledges: [Branch.Pledge]

    /// The newest one of a chain; nil before the first.
    init?(_ votes: [VoteRow], chain: ChainID) {
        let rows = votes.filter { $0.duty == .follow && $0.chain == chain }
        guard let newest = rows.max(by: { ($0.epoch, $0.slot) < ($1.epoch, $1.slot) }) else { return nil }
        self.init(height: newest.slot, hash: newest.hash, generation: newest.epoch, pledges: Branch.pledges(newest.bytes))
    }

    init(height: Height, hash: Digest, generation: UInt64, pledges: [Branch.Pledge]) {
        (self.height, self.hash, self.generation, self.pledges) = (height, hash, generation, pledges)
    }

    /// Whether a final header agrees with it. One hash binds a notary to all blocks below it, because each names its parent.
    func allows(_ header: BlockHeader) -> Bool { header.height != height || header.hash == hash }
}

extension ValidatorRole {
    var chain: ChainID { context.address.chain }
    var tipHeight: Height { tip?.height ?? 0 }
    var tipHash: Digest { tip?.hash ?? network.genesisHash(of: chain) }
    var tipSlot: Slot { tip?.slot ?? 0 }
    var tipTime: ChainTime { tip?.time ?? context.chain.genesisTime }

    /// The recorded head of this chain, as far as the notary chain has been read.
    var recorded: (height: Height, hash: Digest) {
        reader.view[chain].map { ($0.height, $0.hash) } ?? (0, network.genesisHash(of: chain))
    }

    /// Whether this notary has followed the chain further than the role has come. Its blocks were lost or damaged: until it stands
    /// again where it stood, or the notary chain has recorded as much, it signs nothing and says nothing about the branch, since it
    /// could contradict itself.
    var isRejoining: Bool { bound.map { tipHeight < $0.height && recorded.height < $0.height } ?? false }

    /// Blocks that this notary had followed are not here any more, and the notary chain has recorded as much as it was bound to: perhaps of
    /// another branch. So what it said before is left behind, as a branch is left (N-11), and what is recorded binds from now on.
    mutating func leaveLost() -> [RoleEffect] {
        guard let lost = bound, !hasLeftLost, tipHeight < lost.height, recorded.height >= lost.height else { return [] }
        hasLeftLost = true
        branch.generation += 1
        bound = FollowedBlock(height: recorded.height, hash: recorded.hash, generation: branch.generation, pledges: branch.pledges)
        return [.persist([pledgeRow(recorded.height, recorded.hash)])]
    }

    /// The record wins over what this notary was bound to (R7).
    func mayFollow(_ header: BlockHeader) -> Bool { bound?.allows(header) ?? true || recorded.height >= header.height }

    /// What keeps the notary on the branch that it is about to say it follows. The store refuses a second block of one height.
    func bind(to header: BlockHeader) -> [StoreOperation] {
        guard header.height > bound?.height ?? 0 else { return [] }
        let kept = header.height > Limits.followedBlocks ? header.height - Limits.followedBlocks : 0
        return [
            .vote(VoteRow(chain: header.chain, epoch: branch.generation, slot: header.height, duty: .follow, hash: header.hash, bytes: [])),
            .forgetVotes(below: kept),
        ]
    }

    /// The chain shows another final block where this notary is bound: more than a third of the chain is corrupt.
    mutating func contradictBound(_ header: BlockHeader) -> [RoleEffect] {
        isFollowing = false
        return [
            .raise(
                code: "followed_branch",
                detail: "chain \(header.chain) shows the final block \(header.hash) at height \(header.height), where this notary has "
                    + "followed another; this validator no longer signs", severity: .critical)
        ]
    }
}
