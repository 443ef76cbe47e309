import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

extension ConsensusRole {
    /// Calls to this notary's own validators are numbered from here.
    static let branchCalls: UInt64 = 1 << 40

    /// Something that should be here is not; it is asked for unless it arrives within a moment.
    mutating func watchForMissing() -> [RoleEffect] {
        guard !catchUp.isTimerSet else { return [] }
        catchUp.isTimerSet = true
        return [.setTimer(Timers.fetch, afterMilliseconds: catchUp.waitMilliseconds)]
    }

    mutating func askForBlocks(at now: Moment) -> [RoleEffect] {
        catchUp.askBlocks(from: tree.finalHeight + 1).map { [$0] } ?? []
    }

    /// Asks peers for final blocks behind the newest final certificate, for notarized and awaited bodies, and this notary's
    /// validators for the branch that records wait for.
    mutating func fetchMissing(at now: Moment) -> [RoleEffect] {
        catchUp.isTimerSet = false
        stands.resting.removeAll()
        var effects = judgeAll(at: now) + connect(at: now)
        var isMissing = false
        if simplex.finalSlot > tree.finalSlot {
            isMissing = true
            effects += askForBlocks(at: now)
        }
        for hash in missingBodies() {
            isMissing = true
            if let call = catchUp.askBody(hash) { effects.append(call) }
        }
        if isNotaryChain {
            let asked = askBranches()
            isMissing = isMissing || !asked.isEmpty
            effects += asked
        }
        return isMissing ? effects + watchForMissing() : effects
    }

    /// Blocks of which the body or the notary certificate is missing: where its builder has lost what it had, only peers can show it.
    private func missingBodies() -> [Digest] {
        var missing = candidates.missingParents { tree.contains($0) }
        for slot in simplex.openSlots {
            if let hash = simplex.notarizedHash(slot: slot), candidates.lacks(hash), !missing.contains(hash) { missing.append(hash) }
        }
        return missing
    }

    private mutating func askBranches() -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for hash in candidates.hashes {
            guard let entry = candidates[hash], entry.stage == .waiting else { continue }
            switch standing(of: entry.block) {
            case .unknown(let chain, let height) where height > 0:
                effects.append(askValidator(of: chain, .fetchBlocks(chain: chain, from: height, limit: Limits.blocksPerAnswer)))
            case .unseen(let chain, let block): effects.append(askValidator(of: chain, .fetchBlock(chain: chain, hash: block)))
            default: continue
            }
        }
        return effects
    }

    private mutating func askValidator(of chain: ChainID, _ request: Request) -> RoleEffect {
        .call(
            ConsensusRole.branchCalls + nextToken(), service: Service.name(.validator, chain: chain, node: context.address.node), request,
            timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
    }

    mutating func answered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect] {
        if let step = reader?.answered(call: call, response, at: now) { return read(step, at: now) }
        if let effects = standAnswered(call, response, at: now) { return effects }
        if call >= ConsensusRole.branchCalls {
            guard call - ConsensusRole.branchCalls > branchFloor else { return [] }
            guard case .blocks(let blocks, _) = response else { return [] }
            for item in blocks {
                if item.final != nil { branches.learn(item.block) }
                if item.certified != nil { branches.learnCandidate(item.block) }
            }
            return judgeAll(at: now)
        }
        if let step = desk.answered(call: call, response) { return step.effects + (step.hasLearned ? judgeAll(at: now) : []) }
        if let effects = witnessAnswered(call, response, at: now) { return effects }
        if let step = fetch.answered(call: call, response) { return fetched(step, at: now) }
        if let effects = repair.answered(call: call, response, head: finalHead) { return effects }
        let purpose = catchUp.finish(call)
        guard case .blocks(let blocks, let head) = response else { return watchIfBehind() }
        switch purpose {
        case .none: return []
        case .body: return body(blocks, at: now)
        case .blocks: return self.blocks(blocks, head: head, at: now)
        }
    }

    /// A body that was asked for.
    private mutating func body(_ blocks: [FinalBlock], at now: Moment) -> [RoleEffect] {
        guard let item = blocks.first else { return watchIfBehind() }
        var effects = candidate(item.block, at: now)
        if let certified = item.certified { effects += self.certified(certified, at: now) }
        if let final = item.final {
            effects += self.certified(
                CertifiedCandidate(header: final.header, builderSignature: final.builderSignature, notary: final.notary), at: now)
        }
        return effects
    }

    /// Final blocks that were asked for.
    private mutating func blocks(_ blocks: [FinalBlock], head: Height, at now: Moment) -> [RoleEffect] {
        if isFarBehind(head) { return fetch.begin(above: tree.finalHeight) }
        var effects: [RoleEffect] = []
        var count: UInt64 = 0
        for item in blocks {
            guard let adopted = adopt(item, at: now) else { continue }
            effects += adopted
            count += 1
        }
        if count > 0 {
            catchUp.succeeded()
            effects.append(.count(.caughtUp, by: count))
            effects += judgeAll(at: now) + connect(at: now)
        }
        if count > 0, head > tree.finalHeight { effects += askForBlocks(at: now) }
        return effects + watchIfBehind()
    }

    private mutating func watchIfBehind() -> [RoleEffect] {
        simplex.finalSlot > tree.finalSlot || !missingBodies().isEmpty ? watchForMissing() : []
    }
}
