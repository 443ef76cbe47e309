import Chain
import Crypto
import Determinism
import Ledger
import RoleKit
import Wire

extension ValidatorRole {
    /// This notary's validator of a holding chain says that a leg waits for this chain's decision.
    mutating func hear(_ notice: LegNotice, at now: Moment) -> [RoleEffect] {
        guard notice.cross.decidingChain == context.address.chain else { return [.count(.peerFault, by: 1)] }
        tree.moveToFinal()
        legs.hear(notice.cross, decision: decision(of: notice.cross.xid), finalTime: tree.finalTime, now: now)
        return sendLegs(at: now)
    }

    /// Rule R4, second case: a final block of this chain lies past the deadline and none up to there holds the deciding leg.
    mutating func expireLegs(at now: Moment) {
        let expired = legs.expire(before: tree.finalTime)
        guard !expired.isEmpty else { return }
        tree.moveToFinal()
        for cross in expired where decision(of: cross.xid) == nil { legs.refund(cross, now: now) }
    }

    /// What the ledger, which stands at the final state, says of a cross transaction decided here.
    private func decision(of xid: Digest) -> LegNotice.Purpose? {
        switch tree.ledger.cross(xid)?.decision {
        case nil, .some(.none): nil
        case .committed: .settle
        case .refused, .cancelled: .refund
        }
    }

    /// Tells other chains what they may do now, with the header, the certificates and the path that show it.
    mutating func sendLegs(at now: Moment) -> [RoleEffect] {
        guard !isRejoining else { return [] }
        var effects: [RoleEffect] = []
        let due = legs.takeDue(at: now)
        if !due.isEmpty, let final = finalProof {
            tree.moveToFinal()
            for item in due {
                let evidence = StateEvidence(block: final.hash, proof: tree.ledger.proofOfCross(item.cross.xid))
                let notice = LegNotice(
                    chain: item.target, purpose: item.purpose, cross: item.cross, foreign: [final], evidence: [evidence],
                    notary: context.address.node)
                effects.append(.publish(.leg(item.target), .leg(notice)))
            }
        }
        if let wait = legs.millisecondsUntilDue(at: now) { effects.append(.setTimer(Timers.legs, afterMilliseconds: wait)) }
        return effects
    }
}
