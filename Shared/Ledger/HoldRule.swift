import Cryptography
import Wire

extension LedgerState {
    /// Rule R1: reserves every leg that this chain holds.
    ///
    /// Valid if the contract exists and allows it, the debit accounts' owners signed, the balances cover it, the xid is new here
    /// (rule R5), and this chain's time is before the deadline but not too far. A refusal stands in the block and leaves a
    /// tombstone, so that the same Open cannot come again (faults case 43).
    /// Reasons are found in this order: wrongChain, missingAuthorization, notAllowed, alreadyExists, crossAlreadyEnded (all
    /// invalid); crossAlreadyEnded when this chain has decided, unknownContract, termsViolated, deadlinePassed, deadlineTooFar,
    /// deadlineTooNear, paused, then leg by leg unknownPayer, unknownPayee, then insufficientFunds, capReached.
    mutating func applyOpen(_ cross: CrossTransaction, at block: OpenBlock) -> Application {
        let legs = HeldLeg.legs(of: cross, on: chain)
        guard !legs.isEmpty, chain != .notary else { return .invalid(.wrongChain) }
        if let reason = StateCheck.fault(inDebitsOf: cross, network: network) { return .invalid(reason) }
        var entry = self.cross(cross.xid) ?? CrossEntry(cross)
        guard entry.holdStatus == .none else { return .invalid(entry.holdStatus == .held ? .alreadyExists : .crossAlreadyEnded) }
        entry.openedHeight = block.height
        let passage = passage(.paidIn, of: cross)
        if let reason = refusal(of: cross, holding: legs, entry: entry, passage, at: block) {
            entry.holdStatus = .rejected
            write(entry)
            return .rejected(reason)
        }
        for leg in legs {
            guard let debited = place(of: leg.debit) else { preconditionFailure("a hold's debit account has been checked") }
            debit(debited, leg.amount, of: leg.asset)
        }
        entry.holdStatus = .held
        entry.legs = legs
        write(entry)
        countObserved { $0.concerns(cross) }
        pass(passage, isEarly: { cross.deadline - block.time <= $0 }, at: block)
        return .applied
    }

    /// Why a hold is refused; nil when it is valid.
    private func refusal(of cross: CrossTransaction, holding legs: [HeldLeg], entry: CrossEntry, _ passage: Passage?, at block: OpenBlock) -> Reason? {
        guard entry.decision == .none else { return .crossAlreadyEnded }
        let deadlineMaximum: UInt64
        switch ContractTerms.deadlineMaximum(of: cross, in: self) {
        case .failure(let reason): return reason
        case .success(let found): deadlineMaximum = found
        }
        guard block.time < cross.deadline else { return .deadlinePassed }
        guard cross.deadline - block.time <= deadlineMaximum else { return .deadlineTooFar }
        if let reason = deadlineFault(passage, deadline: cross.deadline, at: block) { return reason }
        if let reason = pauseFault(cross) { return reason }
        for leg in legs {
            guard place(of: leg.debit) != nil else { return .unknownPayer }
            guard place(of: leg.credit) != nil else { return .unknownPayee }
        }
        guard isCovered(legs) else { return .insufficientFunds }
        return capFault(passage, at: block)
    }

    /// Whether balances cover all legs together: several may debit one account.
    private func isCovered(_ legs: [HeldLeg]) -> Bool {
        legs.indices.allSatisfy { index in
            let leg = legs[index]
            var needed: Amount = 0
            for other in legs[...index] where other.debit == leg.debit && other.asset == leg.asset {
                let (sum, overflow) = needed.addingReportingOverflow(other.amount)
                if overflow { return false }
                needed = sum
            }
            return (account(leg.debit)?.balances.amount(of: leg.asset) ?? 0) >= needed
        }
    }
}
