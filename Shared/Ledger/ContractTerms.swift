import Wire

/// Whether a cross transaction is what its terms allow (rules R1 and R2; A14, A15, A20).
///
/// There are two kinds of terms. An exchange is declared as a contract, in the network's description or while it runs: the initiator pays on one chain into the contract's reserve there,
/// and the reserve on the other chain pays the receiver, at exactly the contract's rate. An agreement needs no contract: any legs between
/// accounts of their own, as everyone who is debited has signed them.
enum ContractTerms {
    /// How far past a holding chain's time the deadline may lie, milliseconds.
    ///
    /// - Returns: `unknownContract`, or `termsViolated`, or the bound that the terms set.
    static func deadlineMaximum(of cross: CrossTransaction, in state: LedgerState) -> Result<UInt64, Reason> {
        let network = state.network
        if Agreement.isNamed(by: cross) {
            return isAgreement(cross, in: state) ? .success(Limits.agreementDeadlineMilliseconds) : .failure(.termsViolated)
        }
        guard let contract = state.terms(cross.contract, version: cross.contractVersion) else { return .failure(.unknownContract) }
        return isExchange(cross, under: contract, in: network) ? .success(contract.deadlineMaximumMilliseconds) : .failure(.termsViolated)
    }

    private static func isExchange(_ cross: CrossTransaction, under contract: Contract, in network: Network) -> Bool {
        guard contract.peg == nil, cross.legs.count == 2, let paid = cross.legs.first, let bought = cross.legs.last, paid.chain != bought.chain,
            let paidSide = contract.side(of: paid.chain), let boughtSide = contract.side(of: bought.chain)
        else { return false }
        // A reserve belongs to its contract and cannot be a party of its own accord.
        guard paid.debit == cross.initiator, !network.isReserve(cross.initiator, on: paid.chain, under: contract.id) else { return false }
        guard paid.credit == paidSide.reserve, paid.asset == paidSide.asset,
            bought.debit == boughtSide.reserve, bought.asset == boughtSide.asset
        else { return false }
        return paid.amount >= contract.minimumAmount && paid.amount <= contract.maximumAmount
            && contract.counterAmount(paying: paid.amount, on: paid.chain) == bought.amount
    }

    /// A contract's reserve pays and is paid by its contract alone.
    private static func isAgreement(_ cross: CrossTransaction, in state: LedgerState) -> Bool {
        let network = state.network
        return cross.legs.allSatisfy { leg in
            !network.isReserve(leg.debit, on: leg.chain) && !network.isReserve(leg.credit, on: leg.chain)
                && (leg.chain != state.chain || !state.pegAccounts.contains(leg.credit))
        }
    }
}
