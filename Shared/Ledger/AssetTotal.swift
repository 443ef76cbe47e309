import Wire

/// Where the whole supply of one asset of a chain is, kept up with every debit, credit, hold and resolution (rule R6).
package struct AssetTotal: Hashable, Sendable {
    package let asset: AssetID
    /// What there has to be: genesis, nothing issued, nothing burned.
    package let supply: Amount
    /// In accounts.
    package internal(set) var balances: Amount
    /// Reserved by holds that are not resolved.
    package internal(set) var holds: Amount

    package init(asset: AssetID, supply: Amount, balances: Amount, holds: Amount) {
        self.asset = asset
        self.supply = supply
        self.balances = balances
        self.holds = holds
    }

    /// Invariant 1: balances and holds together are the supply.
    package var isConserved: Bool {
        let (sum, overflow) = balances.addingReportingOverflow(holds)
        return !overflow && sum == supply
    }

    /// Totals of a genesis, ascending by asset.
    ///
    /// - Precondition: no asset's supply exceeds 64 bits.
    static func totals(of accounts: [GenesisAccount]) -> [AssetTotal] {
        let balances = accounts.flatMap(\.balances).filter { $0.amount > 0 }.sorted { $0.asset < $1.asset }
        var totals: [Balance] = []
        for balance in balances {
            guard let last = totals.indices.last, totals[last].asset == balance.asset else {
                totals.append(balance)
                continue
            }
            let (sum, overflow) = totals[last].amount.addingReportingOverflow(balance.amount)
            precondition(!overflow, "the supply of \(balance.asset) in genesis exceeds 64 bits")
            totals[last].amount = sum
        }
        return totals.map { AssetTotal(asset: $0.asset, supply: $0.amount, balances: $0.amount, holds: 0) }
    }
}
