import Wire

/// Where the whole supply of one asset of a chain is, kept up with every debit, credit, hold and resolution (rule R6).
package struct AssetTotal: Hashable, Sendable {
    package let asset: AssetID
    /// What there was in genesis.
    package let supply: Amount
    /// In accounts.
    package internal(set) var balances: Amount
    /// Reserved by holds that are not resolved.
    package internal(set) var holds: Amount
    /// Behind nodes, or on its way back from them.
    package internal(set) var staked: Amount
    /// What slashing has destroyed.
    package internal(set) var burned: Amount
    /// What pegs have made of it, for value that is locked on another chain (B1).
    package internal(set) var issued: Amount = 0

    package init(asset: AssetID, supply: Amount, balances: Amount, holds: Amount, staked: Amount = 0, burned: Amount = 0) {
        self.staked = staked
        self.burned = burned
        self.asset = asset
        self.supply = supply
        self.balances = balances
        self.holds = holds
    }

    /// Invariant 1: balances, holds and stakes together are the supply and what is issued, without what is burned.
    package var isConserved: Bool {
        var (rest, overflow) = supply.addingReportingOverflow(issued)
        guard !overflow else { return false }
        for part in [balances, holds, staked, burned] {
            guard part <= rest else { return false }
            rest -= part
        }
        return rest == 0
    }

    /// Totals of a genesis, ascending by asset.
    ///
    /// - Precondition: no asset's supply exceeds 64 bits.
    static func totals(of chain: ChainDescription) -> [AssetTotal] {
        let bonded = chain.stake.map { rule in chain.nodes.map { Balance(asset: rule.asset, amount: $0.stake) } } ?? []
        let balances = (chain.genesis.flatMap(\.balances) + bonded).filter { $0.amount > 0 }.sorted { $0.asset < $1.asset }
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
        return totals.map { total in
            let staked = bonded.reduce(0) { $1.asset == total.asset ? $0 + $1.amount : $0 }
            return AssetTotal(asset: total.asset, supply: total.amount, balances: total.amount - staked, holds: 0, staked: staked)
        }
    }
}
