import Cryptography
import Wire

/// The legs that a chain executes together when it decides (rule R2; A15).
extension LedgerState {
    /// Why they cannot be executed; nil when they can. Reasons are found leg by leg in this order: unknownPayer, reserveShort or
    /// insufficientFunds, tooManyAssets.
    ///
    /// What one leg brings does not pay for another: every payer has it all beforehand.
    func fault(inDeciding legs: [Leg], under contract: String) -> Reason? {
        for (index, leg) in legs.enumerated() {
            guard let debited = place(of: leg.debit) else { return .unknownPayer }
            guard let needed = sum(of: legs[...index].filter { $0.debit == leg.debit && $0.asset == leg.asset }),
                slots[debited].account.balances.amount(of: leg.asset) >= needed
            else { return network.isReserve(leg.debit, on: chain, under: contract) ? .reserveShort : .insufficientFunds }
            if lacksRoom(leg.credit, for: legs[...index]) { return .tooManyAssets }
        }
        return nil
    }

    private func sum(of legs: [Leg]) -> Amount? {
        var total: Amount = 0
        for leg in legs {
            let (sum, overflow) = total.addingReportingOverflow(leg.amount)
            if overflow { return nil }
            total = sum
        }
        return total
    }

    /// Whether an account cannot have all assets that these legs bring it. What they take from it makes no room.
    private func lacksRoom(_ account: PublicKey, for legs: ArraySlice<Leg>) -> Bool {
        let balances = place(of: account).map { slots[$0].account.balances }
        var added: [AssetID] = []
        for leg in legs where leg.credit == account && (balances?.amount(of: leg.asset) ?? 0) == 0 && !added.contains(leg.asset) {
            added.append(leg.asset)
        }
        return (balances?.count ?? 0) + added.count > Limits.assetsPerAccount && !added.isEmpty
    }

    /// Executes them; an account that is credited first is opened.
    /// - Precondition: `fault(inDeciding:under:)` finds nothing.
    mutating func execute(deciding legs: [Leg]) {
        for leg in legs {
            guard let debited = place(of: leg.debit) else { preconditionFailure("a deciding leg's payer has been checked") }
            let known = place(of: leg.credit)
            if known == nil { insert(Account(key: leg.credit)) }
            debit(debited, leg.amount, of: leg.asset)
            credit(known ?? slots.count - 1, leg.amount, of: leg.asset)
        }
    }
}
