import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

extension ValidatorRole {
    /// Follows blocks that have become final: stored first, then said (R7).
    mutating func adopt(_ blocks: [FinalBlock], at now: Moment) -> [RoleEffect] {
        guard isFollowing, !blocks.isEmpty else { return [] }
        var operations: [StoreOperation] = []
        var kept: [RoleEffect] = []
        var heads: [RoleEffect] = []
        for item in blocks {
            guard let final = item.final else { preconditionFailure("a follower hands out final blocks") }
            let header = item.block.header
            guard mayBeNext(header) else {
                // Void, held back by a vote, or off the branch that is recorded: the follower has gone too far.
                return (operations.isEmpty ? [] : [.persist(operations)]) + kept + heads + restartFollower()
            }
            if case .invalid(let reason, _) = tree.validate(item.block, isFinal: true) { return stopFollowing(item.block, reason) }
            precondition(tree.contains(item.block.hash), "final blocks come in order")
            guard mayFollow(header) else { return [.persist(operations)] + heads + contradictBound(header) }
            let crosses = item.block.transactions.compactMap(CrossData.init)
            tip = header
            finalProof = final
            branch.followed[header.height] = .init(final: final, crosses: crosses)
            if branch.demanded?.height == header.height { branch.demanded = nil }
            watch.follow(final)
            operations.append(.put(.blocks, key: header.height, value: item.encoded))
            operations += bind(to: header) + renewClosing(at: header)
            if let notary = final.notary {
                let certified = CertifiedCandidate(header: header, builderSignature: final.builderSignature, notary: notary)
                kept += noteRival(certified, body: item.block)
            }
            kept += settle()
            if !isRejoining { heads.append(.publish(.branch(chain), .branch(branchHead(header, crosses)))) }
            legs.follow(item.block, at: now)
        }
        operations += forgetCandidates()
        pending.forget(throughSlot: tipSlot)
        expireLegs(at: now)
        moveMined()
        return [.persist(operations)] + kept + heads + obeyRecord(at: now) + refundByFreeze(at: now) + sendLegs(at: now) + retryPending(at: now)
    }

    /// What stands below the newest final block, and beside it, is needed no more.
    func forgetCandidates() -> [StoreOperation] {
        let last = tree.finalSlot << 16 | 0xFFFF
        return [.deleteThrough(.candidates, key: last)] + (context.chain.engine == .pow ? [.deleteThrough(.certified, key: last)] : [])
    }

    /// A quorum of both sides adopted what this notary's rules refuse: more than a third is corrupt, or this code is wrong.
    private mutating func stopFollowing(_ block: Block, _ reason: Reason) -> [RoleEffect] {
        isFollowing = false
        return [
            .raise(
                code: "invalid_final_block",
                detail: "chain \(block.header.chain) made block \(block.header.height) final, which is invalid here: \(reason.code); this validator no longer signs",
                severity: .critical)
        ]
    }

    private func branchHead(_ header: BlockHeader, _ crosses: [CrossData]) -> BranchHead {
        BranchHead(
            notary: context.address.node, chain: header.chain, height: header.height, block: header.hash, crosses: crosses,
            relied: header.height, generation: branch.generation)
    }

    /// After a restart, and after a branch was left, siblings hear where the branch ends.
    func sayHead() -> [RoleEffect] {
        guard let tip, let crosses = branch.followed[tip.height]?.crosses, !isRejoining else { return [] }
        return [.publish(.branch(chain), .branch(branchHead(tip, crosses)))]
    }

    /// Asks this notary's own validator of another chain what it follows at a height.
    ///
    /// One question a height at a time: every answer looks at all waiting candidates again, and each of those may ask.
    mutating func askSibling(_ chain: ChainID, _ height: Height) -> [RoleEffect] {
        let call = Calls.sibling + nextToken()
        guard siblings.ask(chain, height, call: call) else { return [] }
        return [
            .call(
                call, service: Service.name(.validator, chain: chain, node: context.address.node),
                .fetchBlocks(chain: chain, from: height, limit: 1), timeoutMilliseconds: network.timing.fetchMilliseconds)
        ]
    }

    mutating func siblingAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect] {
        guard let asked = siblings.answered(call), case .blocks(let blocks, _) = response, let final = blocks.first?.final,
            final.header.chain == asked.chain, final.header.height == asked.height
        else { return [] }
        siblings.learn(asked.chain, height: asked.height, block: final.hash)
        return retryPending(at: now)
    }

    /// Serves siblings and whoever hands in a candidate for one notary (A12).
    mutating func requested(_ request: Request, token: UInt64, at now: Moment) -> [RoleEffect] {
        switch request {
        case .validate(let block):
            guard !pending.isFull, !isRejoining else { return [.reply(token: token, .validate(taken: false))] }
            // The builder chose this notary: it passes the candidate on to the others (A7).
            return [.reply(token: token, .validate(taken: true)), .publish(.candidate(context.address.chain), .candidate(block))]
                + candidate(block, at: now)
        case .fetchBlocks(let chain, let from, let limit) where chain == context.address.chain:
            guard !isRejoining else { return [.reply(token: token, .failure(.notReady, detail: "this validator is catching up"))] }
            return [.read(token: token, .blocks, from: from, limit: limit)]
        case .fetchBlock(let chain, let hash) where chain == context.address.chain: return serveMined(hash, token: token)
        case .stand(let query): return stand(query, token: token, at: now)
        case .release(let query): return released(query, token: token)
        default: return [.reply(token: token, .failure(.notAllowed, detail: "a validator does not answer this"))]
        }
    }

    /// Rows for a fetchBlocks; the read's token is the request's.
    mutating func served(token: UInt64, _ rows: [StoredRow]) -> [RoleEffect] {
        let head = (height: tipHeight, hash: tipHash)
        if let effects = repair.served(token: token, rows, head: head) { return effects }
        let (whole, effects) = repair.sift(rows, head: head)
        return [.reply(token: token, .blocks(from: whole, network: network.id, head: head.height))] + effects
    }
}
