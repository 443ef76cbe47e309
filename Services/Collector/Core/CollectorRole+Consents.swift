import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

/// A consent to a leg, on its way through the signature checks.
struct LegConsent: Sendable {
    var xid: Digest
    var authorization: Authorization
    /// The request to be answered; nil for what another collector tells.
    var token: UInt64?
}

/// Cross transactions that take the consent of several: each one's is kept and told to the chain's other collectors, until whoever has all
/// of them makes the Confirm (A5, A15).
extension CollectorRole {
    /// A consent that is here already, or not the only one missing.
    ///
    /// - Returns: nil when it completes what R2 asks for: then the Confirm is made.
    mutating func gather(_ authorization: Authorization, for notice: LegNotice, _ confirmers: [PublicKey], token: UInt64) -> [RoleEffect]? {
        let missing = CollectorRole.missing(in: notice, confirmers)
        guard !missing.isEmpty, missing != [authorization.key] else { return nil }
        guard missing.contains(authorization.key) else { return [.count(.duplicate, by: 1), reply(token, missing: missing.count)] }
        return check(LegConsent(xid: notice.cross.xid, authorization: authorization, token: token))
    }

    /// Another collector of this chain has taken a consent.
    mutating func heard(_ notice: ConfirmNotice, publisher: String, at now: Moment) -> [RoleEffect] {
        guard let address = RoleAddress(publisher), address.role == .collector, address.chain == chain, address.node == notice.node else {
            return [.count(.peerFault, by: 1)]
        }
        guard let authorization = notice.authorization, let leg = legs[notice.xid],
            CollectorRole.missing(in: leg, network.confirmers(of: leg.cross)).contains(authorization.key)
        else { return [] }
        return check(LegConsent(xid: notice.xid, authorization: authorization, token: nil))
    }

    /// A consent's signature has been checked: stored, then told; with the last one comes the Confirm.
    mutating func checked(_ consent: LegConsent, holds: Bool, at now: Moment) -> [RoleEffect] {
        guard let notice = legs[consent.xid] else {
            return consent.token.map { [reply($0, .unknownCross, "the leg has been decided meanwhile")] } ?? []
        }
        guard holds else { return [.count(.badSignature, by: 1)] + (consent.token.map { [reply($0, .badSignature, "the signature does not hold")] } ?? []) }
        let confirmers = network.confirmers(of: notice.cross)
        guard CollectorRole.missing(in: notice, confirmers).contains(consent.authorization.key) else {
            return consent.token.map { [reply($0, missing: CollectorRole.missing(in: notice, confirmers).count)] } ?? []
        }
        let stored: [RoleEffect] = [.persist(legs.confirm(consent.xid, with: consent.authorization, confirmers))]
        guard let known = legs[consent.xid] else { preconditionFailure("a leg that waits takes consents") }
        let missing = CollectorRole.missing(in: known, confirmers)
        guard missing.isEmpty else {
            return stored + (consent.token.map { [reply($0, missing: missing.count)] } ?? []) + [tell(consent.authorization, of: consent.xid)]
                + armRepublish(afterMilliseconds: network.timing.republishMilliseconds)
        }
        return stored + confirm(known, tokens: consent.token.map { [$0] } ?? [], at: now)
            + armRepublish(afterMilliseconds: network.timing.republishMilliseconds)
    }

    /// Makes the Confirm of a leg to which all have consented.
    private mutating func confirm(_ leg: LegNotice, tokens: [UInt64], at now: Moment) -> [RoleEffect] {
        let submission = answer(
            to: leg, by: .confirm(Confirm(cross: leg.cross, confirmations: leg.confirmations, holds: leg.evidence)), isConfirmed: true, tokens: tokens)
        // Every signature in it has been checked.
        return tooLarge(submission) ?? accept([submission], at: now)
    }

    /// The transaction that answers a leg, for whoever waits for it.
    func answer(to leg: LegNotice, by kind: Transaction.Kind, isConfirmed: Bool, tokens: [UInt64]) -> Submission {
        Submission(
            item: BlockItem(transaction: Transaction(kind, chain: chain, network: network.id), foreign: isConfirmed ? leg.foreign : []), tokens: tokens,
            notice: ConfirmNotice(xid: leg.cross.xid, node: context.address.node, confirmed: isConfirmed))
    }

    /// Nil for an answer that fits a transaction.
    func tooLarge(_ answer: Submission) -> [RoleEffect]? {
        answer.item.transaction.bytes.count <= Limits.transactionBytes
            ? nil : refuse(answer, .tooLarge, "the evidence of all holds does not fit a transaction")
    }

    /// Tells again what has been gathered where some consents are missing: a message may have been lost, or a collector has come back. Where
    /// none is, and no Confirm was taken yet, it is tried again: whoever consented has been answered and does not ask again.
    mutating func tellConsents(at now: Moment) -> [RoleEffect] {
        legs.begun(atMost: Limits.republishPerTurn).flatMap { notice -> [RoleEffect] in
            guard CollectorRole.missing(in: notice, network.confirmers(of: notice.cross)).isEmpty else {
                return notice.confirmations.map { tell($0, of: notice.cross.xid) }
            }
            let id = Transaction.id(kind: 4, chain: chain, xid: notice.cross.xid, network: network.id)
            return standing(of: id) == nil ? confirm(notice, tokens: [], at: now) : []
        }
    }

    private func tell(_ authorization: Authorization, of xid: Digest) -> RoleEffect {
        .publish(
            .confirm(chain), .confirm(ConfirmNotice(xid: xid, node: context.address.node, confirmed: true, authorization: authorization)))
    }

    private mutating func check(_ consent: LegConsent) -> [RoleEffect] {
        let message = Domain.confirm.preimage(network: network.id, consent.xid.bytes)
        let check = SignatureCheck(key: consent.authorization.key, signature: consent.authorization.signature, message: message)
        return checks.add(.consent(consent), [check])
    }

    /// Whose consent is not there yet.
    private static func missing(in notice: LegNotice, _ confirmers: [PublicKey]) -> [PublicKey] {
        confirmers.filter { key in !notice.confirmations.contains { $0.key == key } }
    }

    /// A consent is kept; no transaction is acknowledged by that, so none is named.
    private func reply(_ token: UInt64, missing: Int) -> RoleEffect {
        let detail = missing == 0 ? "all have consented" : "kept; \(missing) more must consent"
        return .reply(token: token, .submit(SubmitResult(id: nil, rejection: nil, detail: detail)))
    }

    private func reply(_ token: UInt64, _ reason: Reason, _ detail: String) -> RoleEffect {
        .reply(token: token, .submit(SubmitResult(id: nil, rejection: reason, detail: detail)))
    }
}

extension LegNotice {
    /// The consents that are there and one more, in the order in which a Confirm has them.
    func confirmations(with authorization: Authorization, _ confirmers: [PublicKey]) -> [Authorization] {
        confirmers.compactMap { key in key == authorization.key ? authorization : confirmations.first { $0.key == key } }
    }
}
