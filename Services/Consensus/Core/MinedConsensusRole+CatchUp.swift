import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

extension MinedConsensusRole {
    /// Something that should be here is not; it is asked for unless it arrives within a moment.
    mutating func watchForMissing() -> [RoleEffect] {
        guard !catchUp.isTimerSet else { return [] }
        catchUp.isTimerSet = true
        return [.setTimer(Timers.fetch, afterMilliseconds: catchUp.waitMilliseconds)]
    }

    mutating func askForBlocks() -> [RoleEffect] { catchUp.askBlocks(from: tree.finalHeight + 1).map { [$0] } ?? [] }

    /// Asks some recorder what the notary chain has recorded: the news of it may have been lost.
    mutating func askRecord() -> [RoleEffect] {
        guard recordCall == nil else { return [] }
        let call = Calls.record + nextToken()
        recordCall = call
        return [
            .call(
                call, service: Service.name(.recorder, chain: .notary), .fetchRecorded(chain),
                timeoutMilliseconds: network.timing.fetchMilliseconds * 4)
        ]
    }

    /// Asks peers for final blocks up to the newest record, and for notarized and awaited bodies.
    mutating func fetchMissing(at now: Moment) -> [RoleEffect] {
        catchUp.isTimerSet = false
        var effects = judgeAll(at: now)
        guard isMissingSomething else { return effects }
        if record != nil { effects += askForBlocks() }
        for hash in missingBodies() {
            if let call = catchUp.askBody(hash) { effects.append(call) }
        }
        return effects + watchForMissing()
    }

    var isMissingSomething: Bool { record != nil || !missingBodies().isEmpty }

    /// Blocks that must be had, with their certificates: the recorded one, those that notaries have signed, and the parents of both.
    private func missingBodies() -> [Digest] {
        var missing: [Digest] = []
        var wanted = candidates.certifiedHeaders.flatMap { [$0.hash, $0.parent] }
        if let record { wanted.append(record.entry.hash) }
        for hash in wanted {
            let isHere = branch.contains(hash) || (candidates[hash] != nil && candidates.certified(hash) != nil)
            if !isHere, !missing.contains(hash) { missing.append(hash) }
        }
        return missing
    }

    mutating func answered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect] {
        if call == recordCall {
            recordCall = nil
            guard case .recorded(let recorded) = response else { return [] }
            return learn(recorded, at: now)
        }
        if let step = desk.answered(call: call, response) { return step.effects + (step.hasLearned ? judgeAll(at: now) : []) }
        if let step = fetch.answered(call: call, response) { return fetched(step, at: now) }
        if let effects = repair.answered(call: call, response, head: finalHead) { return effects }
        let purpose = catchUp.finish(call)
        guard case .blocks(let blocks, let head) = response else { return watchIfMissing() }
        switch purpose {
        case .none: return []
        case .body: return body(blocks, at: now)
        case .blocks: return self.blocks(blocks, head: head, at: now)
        }
    }

    /// A body that was asked for.
    private mutating func body(_ blocks: [FinalBlock], at now: Moment) -> [RoleEffect] {
        guard let item = blocks.first else { return watchIfMissing() }
        var effects: [RoleEffect] = []
        let certified = item.certified
            ?? item.final.map { CertifiedCandidate(header: $0.header, builderSignature: $0.builderSignature, notary: $0.notary) }
        if let certified { effects += self.certified(certified, at: now) }
        return effects + candidate(item.block, at: now)
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
            effects += judgeAll(at: now) + sayLead()
        }
        if count > 0, head > tree.finalHeight { effects += askForBlocks() }
        return effects + watchIfMissing()
    }

    private mutating func watchIfMissing() -> [RoleEffect] { isMissingSomething ? watchForMissing() : [] }

    /// A part of a snapshot has come, or nothing did.
    private mutating func fetched(_ step: SnapshotFetch.Step, at now: Moment) -> [RoleEffect] {
        guard let snapshot = step.snapshot, snapshot.final.header.height > tree.finalHeight else {
            return step.effects + (step.hasFailed ? askForBlocks() : [])
        }
        let header = snapshot.final.header
        tree = tree.standing(at: header, snapshot.ledger)
        finalProof = snapshot.final
        lastFinalMilliseconds = now.monotonicMilliseconds
        candidates = CandidateBook()
        recentFinals.removeAll()
        let effects: [RoleEffect] = [.persist(moveUp()), .note("caught up to height \(header.height) of \(chain) by a snapshot")]
        return step.effects + effects + snapshots.adopt(snapshot.stored) + connect(at: now) + sayLead() + askForBlocks()
    }
}
