import Foundation
import Schema

/// Rules R1 to R5 about cross transactions.
extension LedgerModel {
    /// R1: reserves the legs of this chain, or refuses to for good.
    mutating func applyOpen(_ transaction: ParsedTransaction) -> RuleResult {
        guard let cross = transaction.cross else { return .forbidden(.replay, "has no cross body") }
        let holds = CrossModel.holds(of: cross, on: chain.id)
        guard !holds.isEmpty else { return .forbidden(.replay, "opens nothing on this chain") }
        if let fault = authorizationFault(of: cross, needsDebits: true) { return .forbidden(.allOrNothing, fault) }
        var entry = crosses[cross.xid] ?? CrossModel(cross)
        guard entry.status == .none else { return .forbidden(.allOrNothing, "opens a cross transaction a second time (R5)") }
        remember(cross)
        entry.opened = height
        if let rejection = rejection(of: cross, holds, entry) {
            entry.status = .rejected
            write(entry)
            return .outcome(rejection)
        }
        for hold in holds where !debit(hold.debit, hold.amount, of: hold.asset) {
            return .forbidden(.conservation, "holds more than the account has")
        }
        entry.status = .held
        entry.legs = holds
        write(entry)
        watch(cross.body.contract, business(cross))
        if !cross.isAgreement, let contract = contract(cross) {
            flow(contract, amounts(cross, contract), .enters, remaining: cross.body.deadlineMilliseconds - time)
        }
        return .outcome(0)
    }

    private func rejection(of cross: ParsedCross, _ holds: [HoldModel], _ entry: CrossModel) -> UInt8? {
        guard entry.decision == .none else { return RejectionNumber.crossAlreadyEnded }
        let contract = self.contract(cross)
        guard contract != nil || cross.isAgreement else { return RejectionNumber.unknownContract }
        guard keepsTerms(cross) else { return RejectionNumber.termsViolated }
        let deadline = cross.body.deadlineMilliseconds
        guard time < deadline else { return RejectionNumber.deadlinePassed }
        let longest = cross.isAgreement ? AuditLimits.agreementDeadlineMilliseconds : contract?.deadlineMaximumMilliseconds ?? 0
        guard deadline - time <= longest else { return RejectionNumber.deadlineTooFar }
        if !cross.isAgreement, let contract, isTooNear(deadline, contract, amounts(cross, contract)) { return RejectionNumber.deadlineTooNear }
        guard !isStopped(cross.body.contract, business(cross)) else { return RejectionNumber.paused }
        for hold in holds {
            guard accounts[hold.debit] != nil else { return RejectionNumber.unknownPayer }
            guard accounts[hold.credit] != nil else { return RejectionNumber.unknownPayee }
        }
        var needed: [Bytes: UInt128] = [:]
        for hold in holds {
            let place = hold.debit + Array(hold.asset.utf8)
            needed[place, default: 0] += UInt128(hold.amount)
            guard UInt128(accounts[hold.debit]?.balances[hold.asset] ?? 0) >= needed[place, default: 0] else {
                return RejectionNumber.insufficientFunds
            }
        }
        if !cross.isAgreement, let contract { return brakeFault(contract, amounts(cross, contract), .enters, since: nil)?.0 }
        return nil
    }

    /// An agreement keeps off the reserves, and is else what its parties signed; an exchange is what its contract says.
    private func keepsTerms(_ cross: ParsedCross) -> Bool {
        guard !cross.isAgreement else {
            return cross.legs.allSatisfy { leg in
                ![leg.debit, leg.credit].contains { network.isReserve(Bytes($0), on: leg.chain) }
                    && (leg.chain != chain.id || !isPegAccount(Bytes(leg.credit)))
            }
        }
        return contract(cross).map { keepsTerms(cross, of: $0) } ?? false
    }

    /// Who has to consent: those who get something and have not signed the whole, in the order of the legs, and last who gets the last leg.
    private func consenting(to cross: ParsedCross) -> [Data] {
        let last = cross.decidingLeg.credit
        var keys: [Data] = []
        for leg in cross.legs where leg.credit != last && !isReserve(leg.credit, on: leg.chain, under: cross) {
            let isSigned = cross.authorizations.contains { $0.key == leg.credit }
            if !isSigned && !keys.contains(leg.credit) { keys.append(leg.credit) }
        }
        return keys + [last]
    }

    /// The terms of an exchange: two legs, paid into the contract's reserve on one chain, bought from its reserve on the other.
    private func keepsTerms(_ cross: ParsedCross, of contract: AuditContract) -> Bool {
        guard contract.peg == nil, cross.legs.count == 2 else { return false }
        let (paid, bought) = (cross.legs[0], cross.legs[1])
        guard let from = contract.sides.firstIndex(where: { $0.chain == paid.chain }), contract.sides[1 - from].chain == bought.chain,
            paid.chain != bought.chain
        else { return false }
        let (paidSide, boughtSide) = (contract.sides[from], contract.sides[1 - from])
        return paid.debit == cross.body.initiator && !isReserve(paid.debit, on: paid.chain, under: cross)
            && Bytes(paid.credit) == paidSide.reserve && paid.asset == paidSide.asset && Bytes(bought.debit) == boughtSide.reserve
            && bought.asset == boughtSide.asset && paid.amount >= contract.minimumAmount && paid.amount <= contract.maximumAmount
            && contract.isEven(paying: paid.amount, from: from, buying: bought.amount)
    }

    /// R2: the deciding leg.
    mutating func applyConfirm(_ transaction: ParsedTransaction, _ confirm: PBConfirm, evidence: [Bytes: ParsedHeader]) -> RuleResult {
        guard let cross = transaction.cross, cross.decidingLeg.chain == chain.id else {
            return .forbidden(.replay, "confirms on a chain that does not decide")
        }
        guard confirm.confirmations.map(\.key) == consenting(to: cross) else {
            return .forbidden(.allOrNothing, "lacks a receiver's confirmation (R2)")
        }
        if let fault = authorizationFault(of: cross, needsDebits: true) { return .forbidden(.allOrNothing, fault) }
        guard keepsTerms(cross) else { return .forbidden(.allOrNothing, "is not what its contract allows (R2)") }
        var entry = crosses[cross.xid] ?? CrossModel(cross)
        guard entry.decision == .none else { return .forbidden(.allOrNothing, "decides what is decided already (R5)") }
        guard time <= cross.body.deadlineMilliseconds else { return .forbidden(.allOrNothing, "comes after the deadline (R2)") }
        if let fault = holdFault(of: cross, confirm.holds, evidence: evidence) { return .forbidden(.allOrNothing, fault) }
        guard !isStopped(cross.body.contract, business(cross)) else { return .forbidden(.replay, "decides though its business is paused (G-5)") }
        watch(cross.body.contract, business(cross))
        if !cross.isAgreement, let contract = contract(cross) {
            let begun = confirm.holds.first.flatMap { evidence[Bytes($0.block)]?.time } ?? time
            if let (_, fault) = brakeFault(contract, amounts(cross, contract), .leaves, since: begun) { return .forbidden(.replay, fault) }
            flow(contract, amounts(cross, contract), .leaves, remaining: time > begun ? time - begun : 0)
        }
        // Every payer has it all beforehand, so all is taken before anything is given.
        for leg in cross.decidingLegs where !debit(Bytes(leg.debit), leg.amount, of: leg.asset) {
            return .forbidden(.conservation, "pays more than the account has")
        }
        for leg in cross.decidingLegs
        where !hasRoom(Bytes(leg.credit), for: leg.asset) || !credit(Bytes(leg.credit), leg.amount, of: leg.asset) {
            return .forbidden(.conservation, "brings an account more than fits")
        }
        remember(cross)
        entry.decision = .committed
        entry.decided = height
        write(entry)
        return .outcome(0)
    }

    /// R2: every holding chain's state shows the hold.
    private func holdFault(of cross: ParsedCross, _ proofs: [PBStateEvidence], evidence: [Bytes: ParsedHeader]) -> String? {
        let chains = cross.holdingChains
        guard proofs.count == chains.count else { return "does not show every hold (R2)" }
        for (holder, item) in zip(chains, proofs) {
            guard let header = evidence[Bytes(item.block)], header.chain == holder,
                let shown = StateProofModel.entry(item.proof, key: Sodium.hash(.stateCross, cross.xid), root: header.stateRoot)
            else { return "carries evidence that does not hold for \(holder) (R2)" }
            guard case .present(let value) = shown, let entry = CrossModel(value, legs: CrossModel.holds(of: cross, on: holder)),
                entry.xid == cross.xid, entry.status == .held, entry.deadline == cross.body.deadlineMilliseconds
            else { return "is executed though \(holder) does not hold its leg (R2)" }
        }
        return nil
    }

    /// R4: the receiver refuses, or the initiator cancels.
    mutating func applyEnd(
        _ transaction: ParsedTransaction, by authorization: PBAuthorization, _ decision: CrossModel.Decision
    ) -> RuleResult {
        guard let cross = transaction.cross, cross.decidingLeg.chain == chain.id else {
            return .forbidden(.replay, "ends a cross transaction on a chain that does not decide")
        }
        if let fault = authorizationFault(of: cross, needsDebits: false) { return .forbidden(.allOrNothing, fault) }
        let allowed = decision == .refused ? consenting(to: cross) : [cross.body.initiator]
        guard allowed.contains(authorization.key) else { return .forbidden(.allOrNothing, "is signed by somebody who may not (R4)") }
        var entry = crosses[cross.xid] ?? CrossModel(cross)
        guard entry.decision == .none else { return .forbidden(.allOrNothing, "decides what is decided already (R5)") }
        remember(cross)
        entry.decision = decision
        entry.decided = height
        write(entry)
        return .outcome(0)
    }

    /// R3 and R4: one end of a hold, shown by the deciding chain's state.
    mutating func applyResolution(
        _ transaction: ParsedTransaction, _ item: PBStateEvidence, _ status: CrossModel.Status, evidence: [Bytes: ParsedHeader]
    ) -> RuleResult {
        guard let xid = transaction.xid, var entry = crosses[xid], entry.status != .none, let cross = terms[xid] else {
            return .forbidden(.allOrNothing, "ends a hold that does not exist (R5)")
        }
        guard entry.status == .held else { return .forbidden(.allOrNothing, "ends a hold that has ended (R5)") }
        guard let header = evidence[Bytes(item.block)], header.chain == cross.decidingLeg.chain,
            let shown = StateProofModel.entry(item.proof, key: Sodium.hash(.stateCross, xid), root: header.stateRoot)
        else { return .forbidden(.allOrNothing, "carries evidence that does not hold (\(status == .settled ? "R3" : "R4"))") }
        var decision = CrossModel.Decision.none
        if case .present(let value) = shown {
            let holds = CrossModel.holds(of: cross, on: header.chain)
            guard let foreign = CrossModel(value, legs: holds) ?? CrossModel(value, legs: []), foreign.xid == xid else {
                return .forbidden(.allOrNothing, "carries evidence that is no entry of it")
            }
            decision = foreign.decision
        }
        if status == .settled {
            guard decision == .committed else { return .forbidden(.allOrNothing, "settles though \(header.chain) has not committed (R3)") }
        } else {
            guard decision != .committed else { return .forbidden(.allOrNothing, "refunds though \(header.chain) has committed (R4)") }
            guard decision != .none || header.time > entry.deadline else {
                return .forbidden(.allOrNothing, "refunds though \(header.chain) may still commit (R4)")
            }
        }
        entry.status = status
        entry.resolved = height
        write(entry)
        for hold in entry.legs where !credit(status == .settled ? hold.credit : hold.debit, hold.amount, of: hold.asset) {
            return .forbidden(.conservation, "pays out more than fits")
        }
        return .outcome(0)
    }

    /// Who has to have signed, and nobody else: the initiator first, and whoever is debited unless a contract's reserve is.
    private func authorizationFault(of cross: ParsedCross, needsDebits: Bool) -> String? {
        let keys = cross.authorizations.map(\.key)
        guard keys.first == cross.body.initiator else { return "lacks the initiator's signature" }
        guard Set(keys).count == keys.count, keys.allSatisfy({ key in key == cross.body.initiator || cross.legs.contains { $0.debit == key } })
        else { return "carries a signature that nobody asked for" }
        guard needsDebits else { return nil }
        for leg in cross.legs where !isReserve(leg.debit, on: leg.chain, under: cross) && !keys.contains(leg.debit) {
            return "debits an account whose owner has not signed (R1)"
        }
        return nil
    }
}
