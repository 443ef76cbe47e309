import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Leaving a branch (R7, R8): because the notary chain has recorded another one or frozen the chain, or because nothing that may still
/// count relies on it.
extension ValidatorRole {
    /// While the chain is frozen, or a vote of this notary may freeze it, nothing above is followed.
    var isHeld: Bool {
        if !branch.pledges.isEmpty { return true }
        return reader.view.frozen(chain).map { tipHeight >= $0.height } ?? false
    }

    /// Whether a final block may be the next one to follow, as far as its header tells.
    func mayBeNext(_ header: BlockHeader) -> Bool {
        guard header.height > tipHeight else { return true }
        if isHeld || reader.view.voidness(of: header) != nil { return false }
        if let demanded = branch.demanded, demanded.height == header.height, demanded.hash != header.hash { return false }
        return branch.records[header.height].map { $0 == header.hash } ?? true
    }

    /// The hash of the followed block of a height; nil when it is not here.
    func followedHash(_ height: Height) -> Digest? {
        if height == tree.finalHeight { return tree.finalHash }
        return branch.followed[height]?.final.hash
    }

    /// What the notary chain's final blocks say.
    mutating func read(_ step: NotaryReader.Step, at now: Moment) -> [RoleEffect] {
        guard step.hasRead else { return step.effects }
        var effects = step.effects
        var dropped: [StoreOperation] = []
        let chain = self.chain
        for change in step.changes {
            switch change {
            case .recorded(let recorded, let height, let hash):
                if recorded == chain {
                    branch.note(height, hash)
                    rivals.forget(through: height)
                    dropped += reliances.drop { $0.candidateHeight == height && $0.candidate != hash }
                } else {
                    dropped += reliances.drop { $0.chain == recorded && $0.height <= height }
                }
            case .frozen(let frozen):
                if let head = reader.view.frozen(frozen)?.height {
                    dropped += reliances.drop { $0.chain == frozen && $0.height > head || frozen == chain && $0.candidateHeight > head }
                }
                if frozen == chain, !reader.view.hasLeft(chain) { effects.append(sayStatus("chain_frozen", "is frozen at height \(recorded.height): nothing above counts")) }
            case .thawed(let thawed) where thawed == chain:
                frozenProof = nil
                legs.reset { _ in true }
                effects.append(sayStatus("chain_thawed", "goes on from height \(recorded.height)"))
                effects += restartFollower()
            case .left(let left) where left == chain:
                effects.append(sayStatus("chain_left", "has left the network at height \(recorded.height), for good"))
            case .thawed, .left: continue
            case .closed(let closing): note(closing)
            // What is missing is looked for below.
            case .declared, .paused: continue
            }
        }
        if !dropped.isEmpty { effects.append(.persist(dropped)) }
        effects += closeEpoch()
        effects += leaveLost() + resolvePledges(at: now) + obeyRecord(at: now) + refundByFreeze(at: now) + tellContracts(at: now) + tellPauses(at: now)
        return effects + retryPending(at: now)
    }

    private func sayStatus(_ code: String, _ what: String) -> RoleEffect {
        .raise(code: code, detail: "chain \(chain) \(what)", severity: .warning)
    }

    /// The recorded branch is the one to be on; a freeze ends it at the recorded head.
    mutating func obeyRecord(at now: Moment) -> [RoleEffect] {
        guard isFollowing, !isRejoining else { return [] }
        let head = recorded
        if let wrong = branch.records.elements.first(where: { $0.key <= tipHeight && followedHash($0.key).map { [hash = $0.value] in $0 != hash } ?? false }) {
            return leave(above: wrong.key - 1, for: wrong.value, at: now)
        }
        if head.height <= tipHeight, let own = followedHash(head.height), own != head.hash { return leave(above: tree.finalHeight, for: nil, at: now) }
        if reader.view.frozen(chain) != nil, tipHeight > head.height { return leave(above: head.height, for: nil, at: now) }
        return settle()
    }

    /// Goes back to a block of the branch because the notary chain says so: that releases a notary from what it signed.
    private mutating func leave(above height: Height, for hash: Digest?, at now: Moment) -> [RoleEffect] {
        guard let base = followedHash(height) ?? (height == 0 ? network.genesisHash(of: chain) : nil), tree.contains(base) else {
            isFollowing = false
            return [
                .raise(
                    code: "followed_branch",
                    detail: "the notary chain records another branch of \(chain) than this validator follows, from below height "
                        + "\(tree.finalHeight) on; it no longer signs", severity: .critical)
            ]
        }
        return rewind(to: height, base, demanded: hash.map { (height + 1, $0) }, pledge: nil, at: now)
    }

    /// Leaves the branch above a block that it keeps: stored first, then said.
    mutating func rewind(
        to height: Height, _ hash: Digest, demanded: (height: Height, hash: Digest)?, pledge: Branch.Pledge?, at now: Moment
    ) -> [RoleEffect] {
        precondition(tree.contains(hash) && height >= tree.finalHeight, "a notary goes back to a block of its branch that is not overtaken")
        var operations: [StoreOperation] = []
        if height < tipHeight { for above in height + 1...tipHeight { operations.append(.delete(.blocks, key: above)) } }
        branch.generation += 1
        if let pledge { branch.pledges.append(pledge) }
        branch.demanded = demanded
        branch.release = nil
        branch.followed.removeAll { $0.key > height }
        bound = FollowedBlock(height: height, hash: hash, generation: branch.generation, pledges: branch.pledges)
        operations.append(pledgeRow(height, hash))
        tree.cut(above: hash)
        tip = tree.candidate(hash)?.header ?? tree.finalHeader
        finalProof = branch.followed[height]?.final
        pending = PendingCandidates()
        let ledger = tree.ledger
        legs.reset { ledger.cross($0)?.holdStatus == .held }
        missingHolds.expect(ledger, unless: legs.isTold)
        return [
            .persist(operations), .note("back to height \(height) of \(chain), generation \(branch.generation)"),
        ] + sayHead() + restartFollower() + settle() + askHolds()
    }

    /// The branch's end and what was promised for the notary chain, as the record of votes keeps them.
    func pledgeRow(_ height: Height, _ hash: Digest) -> StoreOperation {
        .vote(VoteRow(chain: chain, epoch: branch.generation, slot: height, duty: .follow, hash: hash, bytes: branch.encodedPledges))
    }

    /// Follows from the tip on, a little later: whoever has just answered would answer the same again.
    mutating func restartFollower() -> [RoleEffect] {
        restarts += 1
        follower = ChainFollower(
            book: book, chain: chain, verify: context.verify, height: tipHeight, head: tipHash, timer: Timers.follower,
            calls: Calls.follower(restarts), archives: context.archives, attempts: restarts)
        return [.setTimer(Timers.resume, afterMilliseconds: network.timing.fetchMilliseconds)]
    }

    /// Makes followed blocks final in the tree as far as they are recorded, or so deep that the notary stays with them.
    mutating func settle() -> [RoleEffect] {
        let head = recorded
        var target = tipHeight > Limits.unrecordedFollowed ? tipHeight - Limits.unrecordedFollowed : 0
        // Of a mined chain nothing but its record shows a block to be final.
        if tree.chain.engine == .pow { target = tipHeight }
        if head.height <= tipHeight, followedHash(head.height) == head.hash { target = max(target, head.height) }
        for (height, hash) in branch.records where height <= tipHeight && followedHash(height) == hash { target = max(target, height) }
        var effects: [RoleEffect] = []
        while tree.finalHeight < target, let next = branch.followed[tree.finalHeight + 1]?.final {
            for block in tree.finalize(next.hash) {
                effects += desk.settle(&tree, next)?.effects ?? []
                effects += snapshots.follow(block, next, &tree)
            }
        }
        let final = tree.finalHeight
        branch.followed.removeAll { $0.key < final }
        branch.records.removeAll { $0.key <= final }
        return effects
    }

    // MARK: pledges

    /// A vote binds until its notary candidate is known to be final or replaced.
    mutating func resolvePledges(at now: Moment) -> [RoleEffect] {
        let read = reader.view.height
        guard branch.pledges.contains(where: { $0.notaryHeight <= read }) else { return [] }
        branch.pledges.removeAll { $0.notaryHeight <= read }
        branch.generation += 1
        // While its blocks are not here again, it stays bound to the newest of them.
        let (height, hash) = isRejoining ? bound.map { ($0.height, $0.hash) } ?? (tipHeight, tipHash) : (tipHeight, tipHash)
        bound = FollowedBlock(height: height, hash: hash, generation: branch.generation, pledges: branch.pledges)
        let store: [RoleEffect] = [.persist([pledgeRow(height, hash)])]
        return store + sayHead() + (isHeld ? [] : restartFollower())
    }

    /// This notary's consensus asks whether it may vote to record a block, or to freeze the chain at one.
    mutating func stand(_ query: StandQuery, token: UInt64, at now: Moment) -> [RoleEffect] {
        guard query.chain == chain, context.verify(query.check(context.signer.publicKey, network: network.id)) else {
            return [.reply(token: token, .failure(.notAllowed, detail: "only a notary's own roles ask this"))]
        }
        let no: [RoleEffect] = [.reply(token: token, .granted(false))]
        let isFrozen = reader.view.frozen(chain) != nil
        guard isFollowing, !isRejoining, query.notaryHeight > reader.view.height, !isFrozen || query.leave else { return no }
        let own = followedHash(query.height) ?? (query.height == 0 ? network.genesisHash(of: chain) : nil)
        guard query.frozen else {
            if own == query.hash { return [.reply(token: token, .granted(true))] }
            guard own != nil, branch.pledges.isEmpty, query.height > tree.finalHeight, let base = followedHash(query.height - 1) else { return no }
            return no + askRelease(query.height - 1, base, demanded: query.hash, pledge: nil, at: now)
        }
        guard own == query.hash, query.height >= tree.finalHeight else { return no }
        let pledge = Branch.Pledge(notaryHeight: query.notaryHeight, notaryBlock: query.notaryBlock)
        if branch.pledges.contains(pledge) { return [.reply(token: token, .granted(true))] }
        // Nobody may lose what is final by leaving: nothing above has been signed, so there is nothing, and nothing will be (J-8).
        if query.leave, !isFrozen, !mayEnd(at: query.height) {
            return no + [.note("\(chain) cannot leave yet: a block above height \(query.height) may become final")]
        }
        guard query.height == tipHeight else { return query.leave ? no : no + askRelease(query.height, query.hash, demanded: nil, pledge: pledge, at: now) }
        branch.pledges.append(pledge)
        branch.generation += 1
        bound = FollowedBlock(height: tipHeight, hash: tipHash, generation: branch.generation, pledges: branch.pledges)
        return [.persist([pledgeRow(tipHeight, tipHash)]), .reply(token: token, .granted(true))] + sayHead()
    }

    /// Whether no block above a followed one can be final: this notary has signed none that could be, and stands there. Of a mined chain nothing
    /// above its record is final.
    private func mayEnd(at height: Height) -> Bool {
#if PLANTED_BUGS
        if PlantedBug.leaveLosesFinal.isPlanted { return height == tipHeight }
#endif
        return height == tipHeight && (tree.chain.engine == .pow || signedSlot <= tipSlot && !reliances.isIncomplete)
    }

    // MARK: release

    /// Asks all who may rely on this branch to let go of what lies above a height.
    private mutating func askRelease(
        _ height: Height, _ hash: Digest, demanded: Digest?, pledge: Branch.Pledge?, at now: Moment
    ) -> [RoleEffect] {
        guard branch.release == nil else { return [] }
        let query = ReleaseQuery(
            chain: chain, above: height, generation: branch.generation + 1, network: network.id, signer: context.signer)
        let siblings = network.chains.map(\.id).filter { $0 != chain }.map { Service.name(.validator, chain: $0, node: context.address.node) }
        var effects: [RoleEffect] = []
        var calls: Set<UInt64> = []
        for service in siblings + [Service.name(.consensus, chain: .notary, node: context.address.node)] {
            let call = Calls.release + nextToken()
            calls.insert(call)
            effects.append(.call(call, service: service, .release(query), timeoutMilliseconds: network.timing.fetchMilliseconds * 2))
        }
        branch.release = .init(height: height, hash: hash, demanded: demanded, pledge: pledge, calls: calls)
        return effects
    }

    /// - Returns: nil when the call was no such question.
    mutating func releaseAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect]? {
        guard call >= Calls.release, call < Calls.release << 1 else { return nil }
        guard var release = branch.release, release.calls.remove(call) != nil else { return [] }
        guard case .granted(true) = response else { return giveUpRelease() }
        branch.release = release
        guard release.calls.isEmpty else { return [] }
        guard isFollowing, release.height >= tree.finalHeight, release.height <= tipHeight,
            followedHash(release.height) ?? network.genesisHash(of: chain) == release.hash, release.demanded == nil || branch.pledges.isEmpty,
            release.pledge.map({ $0.notaryHeight > reader.view.height }) ?? true
        else { return giveUpRelease() }
        return rewind(
            to: release.height, release.hash, demanded: release.demanded.map { (release.height + 1, $0) }, pledge: release.pledge, at: now)
    }

    /// Those who have let go hear by a new generation that the branch is still the one they knew.
    private mutating func giveUpRelease() -> [RoleEffect] {
        branch.release = nil
        branch.generation += 1
        bound = FollowedBlock(height: tipHeight, hash: tipHash, generation: branch.generation, pledges: branch.pledges)
        return [.persist([pledgeRow(tipHeight, tipHash)])] + sayHead()
    }

    /// Another validator of this notary wants to leave a branch: yes, if no signature of this one that may count relies on it. From then on
    /// what it said of that branch is void here.
    mutating func released(_ query: ReleaseQuery, token: UInt64) -> [RoleEffect] {
        guard query.chain != chain, context.verify(query.check(context.signer.publicKey, network: network.id)) else {
            return [.reply(token: token, .failure(.notAllowed, detail: "only a notary's own roles ask this"))]
        }
        guard !isRejoining else { return [.reply(token: token, .granted(false))] }
        var effects: [RoleEffect] = []
        if !reliances.isFree(query.chain, above: query.above) { effects = seekRivals(against: query.chain, above: query.above) }
        guard reliances.isFree(query.chain, above: query.above) else { return effects + [.reply(token: token, .granted(false))] }
        siblings.forget(query.chain, above: query.above, generation: query.generation)
        return effects + [.reply(token: token, .granted(true))]
    }
}
