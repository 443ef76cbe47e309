import Cryptography
import Wire

/// Which signatures a transaction needs. The ledger verifies none itself: callers check them in batches, over many threads.
package enum StateCheck {
    /// Every signature that has to hold for `transaction` to be in a block of `chain`.
    ///
    /// Authorizations that nothing needs are refused too, so that nobody can pad another's transaction.
    /// - Returns: `missingAuthorization` when somebody whose account is debited, or whose consent it takes, has not signed;
    ///   `notReceiver` and `notInitiator` for a refusal or cancellation by another; `notAllowed` for a stranger's or a second
    ///   authorization, and for a transfer out of a contract's reserve.
    package static func signatureChecks(
        for transaction: Transaction, network: Network, chain: ChainID
    ) -> Result<[SignatureCheck], Reason> {
        switch transaction.kind {
        case .register(let register):
            let message = Domain.register.preimage(network: network.id, register.body)
            return .success([SignatureCheck(key: register.account, signature: register.signature, message: message)])
        case .transfer(let transfer):
            guard !network.isReserve(transfer.sender, on: chain) else { return .failure(.notAllowed) }
            let message = Domain.transfer.preimage(network: network.id, transfer.body)
            return .success([SignatureCheck(key: transfer.sender, signature: transfer.signature, message: message)])
        case .open(let cross):
            if let reason = fault(inDebitsOf: cross, network: network) { return .failure(reason) }
            return .success(cross.signatureChecks(network: network.id))
        case .confirm(let confirm):
            if let reason = fault(in: confirm, network: network) { return .failure(reason) }
            let message = Domain.confirm.preimage(network: network.id, confirm.cross.xid.bytes)
            return .success(
                confirm.cross.signatureChecks(network: network.id) + confirm.confirmations.map { check($0, message) })
        case .refuse(let refuse):
            if let reason = fault(in: refuse, network: network) { return .failure(reason) }
            let message = Domain.refuse.preimage(network: network.id, refuse.cross.xid.bytes + Array(refuse.reason.utf8))
            return .success(refuse.cross.signatureChecks(network: network.id) + [check(refuse.authorization, message)])
        case .cancel(let cancel):
            if let reason = fault(in: cancel, network: network) { return .failure(reason) }
            let message = Domain.cancel.preimage(network: network.id, cancel.cross.xid.bytes)
            return .success(cancel.cross.signatureChecks(network: network.id) + [check(cancel.authorization, message)])
        case .bond(let order): return .success([order.check(.bond, network: network.id)])
        case .unbond(let order): return .success([order.check(.unbond, network: network.id)])
        case .settle, .refund, .record, .adopt, .heed:
            return .success([])
        case .status(let change):
            return .success(change.checks(network: network.id))
        case .pause(let pause): return .success(pause.checks(network: network.id))
        case .evidence(let offence):
            guard let checks = offence.signatureChecks(network: network) else { return .failure(.evidenceInvalid) }
            return .success(checks)
        case .candidacy(let candidacy): return .success(candidacy.checks(network: network.id))
        case .ballot(let ballot): return .success([ballot.check(network: network.id)])
        case .closing(let closing): return .success([closing.check(network: network.id)])
        case .deploy(let deploy): return .success(deploy.checks(network: network.id))
        case .join(let join): return .success(join.checks(network: network.id))
        case .lock(let order): return .success([order.check(.lock, network: network.id)])
        case .redeem(let order): return .success([order.check(.redeem, network: network.id)])
        case .issue(let proof), .release(let proof):
            guard let checks = proof.checks(network: network.id) else { return .failure(.evidenceInvalid) }
            return .success(checks)
        }
    }

    /// Who has not signed, or should not have: everyone whose account is debited must, unless it is a contract's reserve.
    static func fault(inDebitsOf cross: CrossTransaction, network: Network) -> Reason? {
        if let reason = fault(inListOf: cross) { return reason }
        for leg in cross.legs where !network.isReserve(leg.debit, on: leg.chain, under: cross.contract) {
            guard cross.authorizations.contains(where: { $0.key == leg.debit }) else { return .missingAuthorization }
        }
        return nil
    }

    /// Rule R2 asks for the debited and for all whose consent it takes, nobody else, in one order.
    static func fault(in confirm: Confirm, network: Network) -> Reason? {
        if let reason = fault(inDebitsOf: confirm.cross, network: network) { return reason }
        let confirmers = network.confirmers(of: confirm.cross)
        let keys = confirm.confirmations.map(\.key)
        guard confirmers.allSatisfy(keys.contains) else { return .missingAuthorization }
        return keys == confirmers ? nil : .notAllowed
    }

    /// Whoever has to confirm may refuse; the initiator's signature shows that there is something to refuse.
    static func fault(in refuse: Refuse, network: Network) -> Reason? {
        if let reason = fault(inListOf: refuse.cross) { return reason }
        return network.confirmers(of: refuse.cross).contains(refuse.authorization.key) ? nil : .notReceiver
    }

    /// A cancellation is the initiator's alone.
    static func fault(in cancel: Cancel, network: Network) -> Reason? {
        if let reason = fault(inListOf: cancel.cross) { return reason }
        return cancel.authorization.key == cancel.cross.initiator ? nil : .notInitiator
    }

    /// The initiator signs, first; besides only who is debited, each once.
    private static func fault(inListOf cross: CrossTransaction) -> Reason? {
        let keys = cross.authorizations.map(\.key)
        guard keys.first == cross.initiator else { return .missingAuthorization }
        for (index, key) in keys.enumerated() {
            let isParty = key == cross.initiator || cross.legs.contains { $0.debit == key }
            guard isParty, !keys[..<index].contains(key) else { return .notAllowed }
        }
        return nil
    }

    private static func check(_ authorization: Authorization, _ message: [UInt8]) -> SignatureCheck {
        SignatureCheck(key: authorization.key, signature: authorization.signature, message: message)
    }
}
