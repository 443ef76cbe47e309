import Wire

/// Whether a cross transaction is what a deployed contract allows (rules R1 and R2; A14, A20).
///
/// The one kind of contract so far is an exchange: the initiator pays on one chain into the contract's reserve there, and the
/// reserve on the other chain pays the receiver, at exactly the contract's rate.
enum ContractTerms {
    /// - Returns: `unknownContract`, or `termsViolated`, or the contract.
    static func contract(of cross: CrossTransaction, in network: Network) -> Result<Contract, Reason> {
        guard let contract = network.contract(cross.contract, version: cross.contractVersion) else { return .failure(.unknownContract) }
        return isExchange(cross, under: contract, in: network) ? .success(contract) : .failure(.termsViolated)
    }

    private static func isExchange(_ cross: CrossTransaction, under contract: Contract, in network: Network) -> Bool {
        guard cross.legs.count == 2, let paid = cross.legs.first, let bought = cross.legs.last, paid.chain != bought.chain,
            let paidSide = contract.side(of: paid.chain), let boughtSide = contract.side(of: bought.chain)
        else { return false }
        // A reserve belongs to its contract and cannot be a party of its own accord.
        guard paid.debit == cross.initiator, !network.isReserve(cross.initiator, on: paid.chain) else { return false }
        guard paid.credit == paidSide.reserve, paid.asset == paidSide.asset,
            bought.debit == boughtSide.reserve, bought.asset == boughtSide.asset
        else { return false }
        return paid.amount >= contract.minimumAmount && paid.amount <= contract.maximumAmount
            && contract.counterAmount(paying: paid.amount, on: paid.chain) == bought.amount
    }
}
