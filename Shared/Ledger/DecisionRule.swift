import Cryptography
import Determinism
import Wire

extension LedgerState {
    /// Rule R2: executes the deciding legs at once, which commits the whole transaction when this block becomes final.
    ///
    /// Valid if every hold is final on its chain, all whose consent it takes confirmed, nothing has decided yet, this chain's time is at
    /// or before the deadline, and the debit accounts cover it. Receivers have signed, so their accounts are opened if need be.
    /// It must apply or not be in the block. Reasons are found in this order: wrongChain, missingAuthorization, notAllowed,
    /// unknownContract, termsViolated, alreadyDecided, deadlinePassed, those of the evidence (`holdFault`), paused, delayed, then leg by leg
    /// unknownPayer, reserveShort or insufficientFunds, tooManyAssets (`fault(inDeciding:under:)`), then capReached.
    mutating func applyConfirm(_ confirm: Confirm, at block: OpenBlock, foreign: ForeignBlocks) -> Application {
        let cross = confirm.cross
        guard cross.decidingChain == chain, chain != .notary else { return .invalid(.wrongChain) }
        if let reason = StateCheck.fault(in: confirm, network: network) { return .invalid(reason) }
        if case .failure(let reason) = ContractTerms.deadlineMaximum(of: cross, in: self) { return .invalid(reason) }
        var entry = self.cross(cross.xid) ?? CrossEntry(cross)
        guard entry.decision == .none else { return .invalid(.alreadyDecided) }
        let isInTime: Bool
#if PLANTED_BUGS
        isInTime = PlantedBug.deadlineWrongWay.isPlanted ? block.time >= cross.deadline : block.time <= cross.deadline
#else
        isInTime = block.time <= cross.deadline
#endif
        guard isInTime else { return .invalid(.deadlinePassed) }
        if let reason = holdFault(in: confirm, foreign: foreign) { return .invalid(reason) }
        let passage = passage(.paidOut, of: cross)
        // An exchange has one hold; what is shown is when its chain had it.
        let start = confirm.holds.first.flatMap { foreign[$0.block]?.time } ?? block.time
        if let reason = pauseFault(cross) ?? delayFault(passage, since: start, at: block) { return .invalid(reason) }
        let legs = cross.decidingLegs
        if let reason = fault(inDeciding: legs, under: cross.contract) ?? capFault(passage, at: block) { return .invalid(reason) }
        execute(deciding: legs)
        countObserved { $0.concerns(cross) }
        pass(passage, isEarly: { LedgerState.elapsed(since: start, at: block) < $0 }, at: block)
        decide(&entry, .committed, at: block)
        return .applied
    }

    /// Rule R4, by the receiver: nothing will ever be executed here. Valid while nothing has decided, at any time.
    ///
    /// Reasons are found in this order: wrongChain, missingAuthorization, notAllowed, notReceiver, alreadyDecided.
    mutating func applyRefuse(_ refuse: Refuse, at block: OpenBlock) -> Application {
        guard refuse.cross.decidingChain == chain, chain != .notary else { return .invalid(.wrongChain) }
        if let reason = StateCheck.fault(in: refuse, network: network) { return .invalid(reason) }
        return end(refuse.cross, .refused, at: block)
    }

    /// Rule R4, by the initiator. Valid while nothing has decided, at any time.
    ///
    /// Reasons are found in this order: wrongChain, missingAuthorization, notAllowed, notInitiator, alreadyDecided.
    mutating func applyCancel(_ cancel: Cancel, at block: OpenBlock) -> Application {
        guard cancel.cross.decidingChain == chain, chain != .notary else { return .invalid(.wrongChain) }
        if let reason = StateCheck.fault(in: cancel, network: network) { return .invalid(reason) }
        return end(cancel.cross, .cancelled, at: block)
    }

    private mutating func end(_ cross: CrossTransaction, _ decision: Decision, at block: OpenBlock) -> Application {
        var entry = self.cross(cross.xid) ?? CrossEntry(cross)
        guard entry.decision == .none else { return .invalid(.alreadyDecided) }
        decide(&entry, decision, at: block)
        return .applied
    }

    private mutating func decide(_ entry: inout CrossEntry, _ decision: Decision, at block: OpenBlock) {
        entry.decision = decision
        entry.decidedHeight = block.height
        write(entry)
    }

    /// Why the evidence does not show every hold: evidenceMissing, evidenceInvalid, notHeld while the hold may still come, or
    /// crossAlreadyEnded once it never can. Nil when it shows all.
    private func holdFault(in confirm: Confirm, foreign: ForeignBlocks) -> Reason? {
        let cross = confirm.cross
        let chains = cross.holdingChains
        guard confirm.holds.count == chains.count else { return .evidenceMissing }
        for (holder, evidence) in zip(chains, confirm.holds) {
            switch EvidenceCheck.finding(about: cross.xid, on: holder, in: evidence, foreign: foreign) {
            case .failure(let reason):
                return reason
            case .success(let finding):
                guard let entry = finding.entry, entry.holdStatus != .none else { return .notHeld }
                guard entry.holdStatus == .held else { return .crossAlreadyEnded }
                // The xid is a hash over the legs and the deadline: an honest chain's entry cannot differ.
                guard entry.deadline == cross.deadline, entry.legs == HeldLeg.legs(of: cross, on: holder) else { return .evidenceInvalid }
            }
        }
        return nil
    }
}
