import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Pauses (G-6, G-7): from the notary block that changes one on, every notary tells each chain, until it has taken that in; and signs nothing
/// for a chain that leaves it out.
extension ValidatorRole {
    /// Looks what this chain lacks, and speaks of what is due.
    mutating func tellPauses(at now: Moment) -> [RoleEffect] {
        guard !reader.view.pauses.isEmpty, !isRejoining else { return [] }
        moveToTip()
        let missing = reader.view.pauses.filter { tree.ledger.pause(of: $0.change.target)?.number ?? 0 < $0.change.number }.map(\.change)
        let timing = network.timing
        pauses.set(missing, at: now, delayMilliseconds: UInt64(legs.notaryPosition) * timing.legResendMilliseconds, intervalMilliseconds: timing.legResendMilliseconds)
        var effects: [RoleEffect] = []
        if let due = pauses.takeDue(at: now, intervalMaximumMilliseconds: timing.legResendMaximumMilliseconds) {
            effects.append(
                .call(
                    Calls.pause, service: Service.name(.consensus, chain: .notary, node: context.address.node), .pause(due.target),
                    timeoutMilliseconds: timing.fetchMilliseconds * 2))
        }
        // While a question is open its answer comes back here.
        if pauses.asked == nil, let wait = pauses.millisecondsUntilDue(at: now) { effects.append(.setTimer(Timers.pauses, afterMilliseconds: wait)) }
        return effects
    }

    /// This notary's consensus shows how far the target is stopped.
    ///
    /// - Returns: nil when the call was no such question.
    mutating func pauseAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect]? {
        guard call == Calls.pause else { return nil }
        guard let asked = pauses.answered() else { return [] }
        let more = tellPauses(at: now)
        guard case .pauseShown(let final, let proof) = response, final.header.chain == .notary, tree.finalityFault(in: final) == nil,
            let number = proof.value.flatMap({ PauseEntry(decoding: $0) })?.number, number >= asked.number
        else { return more }
        let evidence = StateEvidence(block: final.hash, proof: proof)
        guard case .success = EvidenceCheck.pause(asked.target, number: number, in: evidence, foreign: ForeignBlocks([final])) else { return more }
        let notice = PauseNotice(chain: chain, target: asked.target, final: final, evidence: evidence, notary: context.address.node)
        return [.publish(.leg(chain), .pause(notice))] + more
    }

    /// A transaction of a candidate that a pause stops which this notary has known of for a while, and which neither the candidate's parent
    /// nor the candidate itself, up to there, has taken in (G-7). Not signing is always safe; the chain goes on once it takes the pause in.
    ///
    /// - Precondition: the tree has the candidate's parent.
    mutating func stoppedLongAgo(in block: Block) -> Digest? {
        let view = reader.view
        var known = view.pauses.filter { $0.change.level == .paused && $0.notaryHeight + Limits.pauseGraceBlocks <= view.height }
        guard !known.isEmpty else { return nil }
        tree.move(to: block.header.parent)
        known.removeAll { tree.ledger.pause(of: $0.change.target)?.number ?? 0 >= $0.change.number }
        for (transaction, outcome) in zip(block.transactions, block.outcomes) where !known.isEmpty && outcome == .applied {
            if case .heed(let heed) = transaction.kind { known.removeAll { $0.change.target == heed.target && $0.change.number <= heed.number } }
            if known.contains(where: { tree.ledger.isStopped(transaction, by: $0.change.target) }) { return transaction.id }
        }
        return nil
    }
}
