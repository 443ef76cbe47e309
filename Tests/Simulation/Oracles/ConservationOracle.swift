import Cryptography
import Wire

/// Invariant 1: per chain and asset, what accounts own and what is held is what genesis gave.
package struct ConservationOracle: Sendable {
    private var genesis: [ChainID: [(asset: AssetID, amount: Amount)]] = [:]

    package init(_ network: Network) {
        for chain in network.chains {
            var sums: [(asset: AssetID, amount: Amount)] = []
            for account in chain.genesis {
                for balance in account.balances { ConservationOracle.add(balance.amount, of: balance.asset, to: &sums) }
            }
            if let rule = chain.stake { for node in chain.nodes { ConservationOracle.add(node.stake, of: rule.asset, to: &sums) } }
            genesis[chain.id] = sums
        }
    }

    package func check(_ state: ReplayState, at time: UInt64, _ findings: inout Findings) {
        guard let expected = genesis[state.chain] else { return }
        var sums: [(asset: AssetID, amount: Amount)] = []
        for key in state.accountOrder {
            for balance in state.accounts[key]?.balances ?? [] { ConservationOracle.add(balance.amount, of: balance.asset, to: &sums) }
        }
        for xid in state.entryOrder {
            guard let entry = state.entries[xid], entry.hold == 1 else { continue }
            for (_, leg) in entry.legs { ConservationOracle.add(leg.amount, of: leg.asset, to: &sums) }
        }
        // What is bonded is still somebody's, and what was burned is accounted for.
        if let rule = state.stakes.chain.stake { ConservationOracle.add(state.stakes.total, of: rule.asset, to: &sums) }
        for total in expected where sums.first(where: { $0.asset == total.asset })?.amount ?? 0 != total.amount {
            findings.report(.conservation, "\(state.chain): \(total.asset) was \(total.amount) at genesis and is no longer", at: time)
        }
        // What pegs have issued was not there at genesis.
        for item in state.bridge.issued where sums.first(where: { $0.asset == item.asset })?.amount ?? 0 != item.amount {
            findings.report(.conservation, "\(state.chain): \(item.amount) \(item.asset) was issued, and is no longer", at: time)
        }
        for sum in sums where !state.bridge.issued.contains(where: { $0.asset == sum.asset }) && !expected.contains(where: { $0.asset == sum.asset }) {
            findings.report(.conservation, "\(state.chain): \(sum.amount) \(sum.asset) from nowhere", at: time)
        }
    }

    private static func add(_ amount: Amount, of asset: AssetID, to sums: inout [(asset: AssetID, amount: Amount)]) {
        if let index = sums.firstIndex(where: { $0.asset == asset }) { sums[index].amount += amount } else { sums.append((asset, amount)) }
    }
}
