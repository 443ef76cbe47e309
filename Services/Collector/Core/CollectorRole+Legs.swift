import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension CollectorRole {
    /// Validators say what a cross transaction may do on this chain now (S860, S870, S824).
    mutating func heard(_ notice: LegNotice, publisher: String, at now: Moment) -> [RoleEffect] {
        guard notice.chain == chain, isNotary(notice.notary, publisher: publisher) else { return [.count(.peerFault, by: 1)] }
        switch notice.purpose {
        case .confirm: return heardLeg(notice)
        case .settle, .refund:
            if tree.ledger.cross(notice.cross.xid)?.holdStatus == .held { resolutions.record(notice) }
            return []
        }
    }

    /// Whether a publisher is a validator of the notary that a notice names.
    func isNotary(_ node: String, publisher: String) -> Bool {
        guard let address = RoleAddress(publisher), address.role == .validator, address.node == node else { return false }
        return network.notary.listed.contains { $0.id == node }
    }

    private mutating func heardLeg(_ notice: LegNotice) -> [RoleEffect] {
        let cross = notice.cross
        guard cross.decidingChain == chain, notice.confirmations.isEmpty else { return [.count(.peerFault, by: 1)] }
        guard legs[cross.xid] == nil, !legsInCheck.contains(cross.xid) else { return [.count(.duplicate, by: 1)] }
        guard isOpen(cross) else { return [] }
        guard legs.count + legsInCheck.count < Limits.waitingLegs else { return [.count(.overloaded, by: 1)] }
        guard let parts = shownHolds(notice) else { return [.count(.peerFault, by: 1)] }
        guard let whole = gathering.add(parts, of: notice) else { return [] }
        legsInCheck.insert(cross.xid)
        return checks.add(.leg(whole), cross.signatureChecks(network: network.id))
    }

    /// Whether the deciding legs can still be executed, as of the newest final block.
    private func isOpen(_ cross: CrossTransaction) -> Bool {
        (tree.ledger.cross(cross.xid)?.decision ?? Decision.none) == Decision.none && cross.deadline > tree.finalTime
    }

    /// What a notice shows to be held, each by a final block of its holding chain; nil when a part of it shows nothing.
    private mutating func shownHolds(_ notice: LegNotice) -> [GatheredHolds.Part]? {
        let cross = notice.cross
        for header in notice.foreign where checker.fault(in: header) != nil { return nil }
        let foreign = ForeignBlocks(notice.foreign)
        var parts: [GatheredHolds.Part] = []
        for evidence in notice.evidence {
            guard let final = notice.foreign.first(where: { $0.hash == evidence.block }), cross.holdingChains.contains(final.header.chain),
                case .success(let finding) = EvidenceCheck.finding(about: cross.xid, on: final.header.chain, in: evidence, foreign: foreign),
                let entry = finding.entry, entry.holdStatus == .held, entry.deadline == cross.deadline,
                entry.legs == HeldLeg.legs(of: cross, on: final.header.chain)
            else { return nil }
            parts.append(.init(chain: final.header.chain, evidence: evidence, final: final))
        }
        return parts
    }

    /// A leg's signatures are checked: stored, then told to the devices of those whose consent it takes.
    mutating func checked(_ notice: LegNotice, holds: Bool, at now: Moment) -> [RoleEffect] {
        legsInCheck.remove(notice.cross.xid)
        guard holds else { return [.count(.badSignature, by: 1)] }
        guard isOpen(notice.cross), legs[notice.cross.xid] == nil else { return [] }
        let confirmers = network.confirmers(of: notice.cross)
        let clients = watchers.watching(anyOf: confirmers)
        return [.persist([legs.insert(notice, confirmers: confirmers)]), .count(.received, by: 1)] + clients.map { .push(client: $0, .leg(notice)) }
    }

    /// S880: a receiver's answer to a leg becomes a Confirm, once all others' are there too, or a Refuse.
    mutating func receive(_ answer: Answer, token: UInt64, at now: Moment) -> [RoleEffect] {
        guard let notice = legs[answer.xid] else { return answerWithoutLeg(answer, token: token) }
        let confirmers = network.confirmers(of: notice.cross)
        guard confirmers.contains(answer.authorization.key) else {
            let id = Transaction.id(kind: answer.confirmed ? 4 : 5, chain: chain, xid: answer.xid, network: network.id)
            let result = SubmitResult(id: id, rejection: .notReceiver, detail: "only who receives, and has not signed the whole, answers it")
            return [.count(.refused, by: 1), .reply(token: token, .submit(result))]
        }
        if answer.confirmed, let more = gather(answer.authorization, for: notice, confirmers, token: token) { return more }
        let kind: Transaction.Kind =
            answer.confirmed
            ? .confirm(Confirm(cross: notice.cross, confirmations: notice.confirmations(with: answer.authorization, confirmers), holds: notice.evidence))
            : .refuse(Refuse(cross: notice.cross, reason: answer.reason, authorization: answer.authorization))
        let submission = self.answer(to: notice, by: kind, isConfirmed: answer.confirmed, tokens: [token])
        if let effects = tooLarge(submission) { return effects }
        if let known = standing(of: submission.item.transaction) { return acknowledge(submission, known) }
        // The body's own signatures were checked before the leg was stored, other consents before they were.
        return take(submission, [answer.check(network: network.id)], at: now)
    }

    /// No leg waits: it is decided, or another collector has to be asked.
    private func answerWithoutLeg(_ answer: Answer, token: UInt64) -> [RoleEffect] {
        let id = Transaction.id(kind: answer.confirmed ? 4 : 5, chain: chain, xid: answer.xid, network: network.id)
        let decision = tree.ledger.cross(answer.xid)?.decision ?? Decision.none
        let isAnswered = decision == (answer.confirmed ? .committed : .refused)
        if let known = standing(of: id) ?? (isAnswered ? "it is in a final block" : nil) {
            return [.count(.duplicate, by: 1), .reply(token: token, .submit(SubmitResult(id: id, rejection: nil, detail: known)))]
        }
        let (reason, detail): (Reason, String) =
            if decision != .none {
                (.alreadyDecided, "the cross transaction has been decided otherwise")
            } else if isCaughtUp {
                (.unknownCross, "no leg of this cross transaction waits here for an answer")
            } else {
                (.notReady, "this collector is still reading the chain; try again")
            }
        return [.count(.refused, by: 1), .reply(token: token, .submit(SubmitResult(id: id, rejection: reason, detail: detail)))]
    }

    /// S821: an Open that comes again asks for what it is still owed: the settle or refund that validators have told of.
    mutating func promptResolution(after transaction: Transaction, at now: Moment) -> [RoleEffect] {
        guard case .open(let cross) = transaction.kind, tree.ledger.cross(cross.xid)?.holdStatus == .held,
            let notice = resolutions[cross.xid], notice.evidence.count == 1
        else { return [] }
        for header in notice.foreign where checker.fault(in: header) != nil { return [.count(.peerFault, by: 1)] }
        let resolution = Resolution(xid: cross.xid, evidence: notice.evidence[0], frozen: notice.frozen)
        let resolved = Transaction(
            notice.purpose == .settle ? .settle(resolution) : .refund(resolution), chain: chain, network: network.id)
        let submission = Submission(item: BlockItem(transaction: resolved, foreign: notice.foreign), tokens: [])
        guard resolved.bytes.count <= Limits.transactionBytes, pending.count + checks.count < Limits.collectorPending else { return [] }
        return accept([submission], at: now)
    }
}
