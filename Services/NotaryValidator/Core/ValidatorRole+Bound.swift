import Crypto
import RoleKit
import Wire

/// A final block that this notary has bound itself to (R7): kept like a vote, in both records, under its height (V-1).
struct FollowedBlock: Sendable {
    let height: Height
    let hash: Digest

    /// The newest one of a chain; nil before the first.
    init?(_ votes: [VoteRow], chain: ChainID) {
        guard let newest = votes.last(where: { $0.duty == .follow && $0.chain == chain }) else { return nil }
        height = newest.slot
        hash = newest.hash
    }

    /// Whether a final header agrees with it. One hash binds a notary to all blocks below it, because each names its parent.
    func allows(_ header: BlockHeader) -> Bool { header.height != height || header.hash == hash }
}

extension ValidatorRole {
    /// Whether this notary has followed the chain further than the role has come. Its blocks were lost or damaged: until it stands
    /// again where it stood, it signs nothing and says nothing about the branch, since it could contradict itself.
    var isRejoining: Bool { bound.map { tree.finalHeight < $0.height } ?? false }

    func mayFollow(_ header: BlockHeader) -> Bool { bound?.allows(header) ?? true }

    /// What keeps the notary on the branch that it is about to say it follows. The store refuses a second block of one height.
    func bind(to header: BlockHeader) -> [StoreOperation] {
        guard header.height > bound?.height ?? 0 else { return [] }
        let kept = header.height > Limits.followedBlocks ? header.height - Limits.followedBlocks : 0
        return [
            .vote(VoteRow(chain: header.chain, epoch: 0, slot: header.height, duty: .follow, hash: header.hash, bytes: [])),
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
