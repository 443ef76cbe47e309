import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

extension ConsensusRole {
    /// Hands a fact to Simplex and carries out its orders, in their order.
    mutating func step(_ input: SimplexInput, at now: Moment) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for order in simplex.apply(input, at: now) { effects += carryOut(order, at: now) }
        return effects
    }

    private mutating func carryOut(_ order: SimplexEffect, at now: Moment) -> [RoleEffect] {
        switch order {
        case .persist(let vote): return [.persist([.vote(vote)] + bodies(for: vote))]
        case .keep(let certificate):
            let statement = certificate.statement
            return [.persist([.put(.certificates, key: statement.slot << 2 | UInt64(statement.kind.rawValue), value: certificate.encoded)])]
        case .broadcastVote(let vote): return [.publish(.vote(chain), .vote(vote))]
        case .broadcastCertificate(let certificate): return [.publish(.vote(chain), .certificate(certificate))]
        case .lead(let duty):
            self.duty = duty
            return sayLead(at: now)
        case .notarized(let certificate):
            // A candidate that came too early or too late by the clock may be executed now.
            return judgeAll(at: now) + (candidates.lacks(certificate.statement.hash) ? watchForMissing() : [])
        case .finalized: return connect(at: now)
        case .setTimer(let timer, let afterMilliseconds):
            return [.setTimer(TimerID(kind: timer.rawValue), afterMilliseconds: afterMilliseconds)]
        case .cancelTimer(let timer): return [.cancelTimer(TimerID(kind: timer.rawValue))]
        case .accuse(let evidence): return [.publish(.evidence, .evidence(evidence))] + alarm("double_vote", "a node signed two votes for one slot of \(chain)")
        case .conflict(let first, let second): return conflict(first, second)
        case .impostor(let vote):
            return alarm("key_used_elsewhere", "a vote by this node's key for slot \(vote.statement.slot) of \(chain) was not cast here")
        case .dropped(.unknownEpoch): return [.count(.duplicate, by: 1)] + askForBlocks(at: now)
        case .dropped(let fault):
            return fault == .duplicate || fault == .stale ? [.count(.duplicate, by: 1)] : [.count(.peerFault, by: 1)]
        }
    }

    /// Rule 2: what was voted Notar for can be served after a restart, with its notary certificate.
    private func bodies(for vote: VoteRow) -> [StoreOperation] {
        guard vote.duty == .notar, let block = candidates[vote.hash]?.block else { return [] }
        var operations: [StoreOperation] = [.put(.candidates, key: CandidateBook.key(block.header), value: block.encoded)]
        if let certified = candidates.certified(vote.hash) {
            operations.append(.put(.certified, key: CandidateBook.key(block.header), value: certified.encoded))
        }
        return operations
    }

    private func conflict(_ first: Certificate, _ second: Certificate) -> [RoleEffect] {
        // Whoever follows both final headers shows them; here two certificates alone are known.
        alarm(
            "certificates_conflict", "two certificates of \(chain) exclude each other in slot \(first.statement.slot): more than a third is corrupt")
    }

    private func alarm(_ code: String, _ detail: String) -> [RoleEffect] {
        [.raise(code: code, detail: detail, severity: .critical)]
    }

    /// Rule 3: tells this node's builder to make a candidate, again and again until one is there or the slot is past.
    mutating func sayLead(at now: Moment) -> [RoleEffect] {
        guard let duty, duty.slot > simplex.finalSlot, duty.slot >= simplex.frontier else {
            self.duty = nil
            return [.cancelTimer(Timers.lead)]
        }
        if candidates.count(ofSlot: duty.slot) > 0 {
            // The builder has made it; sending it again until it is certified is the builder's business.
            return []
        }
        let again: RoleEffect = .setTimer(Timers.lead, afterMilliseconds: network.timing.candidateResendMilliseconds * 2)
        guard let height = tree.height(of: duty.parent) else { return [again] + watchForMissing() }
        let lead = Lead(
            node: context.address.node, chain: chain, slot: duty.slot, parentSlot: duty.parentSlot, parent: duty.parent,
            parentHeight: height)
        return [.publish(.lead(chain), .lead(lead)), again]
    }
}
