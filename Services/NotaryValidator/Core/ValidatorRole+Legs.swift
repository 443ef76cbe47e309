import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension ValidatorRole {
    /// This notary's validator of a holding chain says that a leg waits for this chain's decision.
    mutating func hear(_ notice: LegNotice, from holder: ChainID, at now: Moment) -> [RoleEffect] {
        guard notice.cross.decidingChain == context.address.chain, notice.cross.holdingChains.contains(holder) else {
            return [.count(.peerFault, by: 1)]
        }
        moveToTip()
        legs.hear(
            notice.cross, heldOn: holder, decision: decision(of: notice.cross.xid), finalTime: tipTime, isFrozen: isFrozenHere, now: now)
        return sendLegs(at: now)
    }

    /// Rule R4, second case: a final block of this chain lies past the deadline and none up to there holds the deciding leg.
    mutating func expireLegs(at now: Moment) {
        let expired = legs.expire(before: tipTime)
        guard !expired.isEmpty else { return }
        moveToTip()
        for item in expired where decision(of: item.cross.xid) == nil { legs.resolve(item, .refund, now: now) }
    }

    /// Winds the ledger to the state after the newest followed block.
    mutating func moveToTip() { tree.move(to: tipHash) }

    /// Whether the chain is frozen, and this role stands where it is.
    private var isFrozenHere: Bool { reader.view.frozen(chain).map { $0.height == tipHeight && $0.hash == tipHash } ?? false }

    /// Rule R4, third case: the chain is frozen, so all that waits for its decision is given back.
    mutating func refundByFreeze(at now: Moment) -> [RoleEffect] {
        guard isFrozenHere else { return [] }
        moveToTip()
        for item in legs.expire(before: .max) { legs.resolve(item, decision(of: item.cross.xid) ?? .refund, now: now) }
        return sendLegs(at: now)
    }

    /// Asks this notary's consensus for what shows the chain to be frozen.
    private mutating func askFrozen() -> [RoleEffect] {
        guard !isFrozenAsked else { return [] }
        isFrozenAsked = true
        return [
            .call(
                Calls.frozen, service: Service.name(.consensus, chain: .notary, node: context.address.node), .frozen(chain),
                timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
        ]
    }

    /// - Returns: nil when the call was no such question.
    mutating func frozenAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect]? {
        guard call == Calls.frozen else { return nil }
        isFrozenAsked = false
        guard case .frozen(let final, let proof) = response, final.header.chain == .notary, tree.finalityFault(in: final) == nil,
            case .success(let status) = EvidenceCheck.status(
                of: chain, in: StateEvidence(block: final.hash, proof: proof), foreign: ForeignBlocks([final])),
            status.isFrozen, status.hash == tipHash
        else { return [] }
        frozenProof = (final, proof)
        legs.hurry(at: now)
        return sendLegs(at: now)
    }

    /// The notice that tells a chain what it may do; nil when something to show it with has to be asked for first.
    private func notice(_ item: LegDesk.Item) -> LegNotice? {
        let cross = item.cross
        let isByFreeze = item.purpose == .refund && isFrozenHere && decision(of: cross.xid) == nil && tipTime <= cross.deadline
        var foreign = finalProof.map { [$0] } ?? []
        var evidence = finalProof.map { StateEvidence(block: $0.hash, proof: tree.ledger.proofOfCross(cross.xid)) }
        var frozen: StateEvidence?
        if isByFreeze {
#if PLANTED_BUGS
            if PlantedBug.freezeKeepsHolds.isPlanted { return nil }
#endif
            guard let shown = frozenProof else { return nil }
            frozen = StateEvidence(block: shown.final.hash, proof: shown.proof)
            foreign.append(shown.final)
            // A chain of which nothing is recorded has no block to show.
            if tip == nil { evidence = frozen }
        }
        guard let evidence else { return nil }
        return LegNotice(
            chain: item.target, purpose: item.purpose, cross: cross, foreign: foreign, evidence: [evidence], notary: context.address.node,
            frozen: frozen)
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
        if !due.isEmpty {
            moveToTip()
            for item in due {
                if let notice = notice(item) {
                    effects.append(.publish(.leg(item.target), .leg(notice)))
                } else if isFrozenHere {
                    effects += askFrozen()
                }
            }
        }
        if let wait = legs.millisecondsUntilDue(at: now) { effects.append(.setTimer(Timers.legs, afterMilliseconds: wait)) }
        return effects
    }
}
