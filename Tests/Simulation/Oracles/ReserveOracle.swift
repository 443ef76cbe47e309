import Crypto
import Wire

/// Invariant 2 for contracts (rule R6): what a contract's reserves gave and took is what its committed transactions say.
package struct ReserveOracle: Sendable {
    private let network: Network
    /// Per contract and side: genesis and transfers in.
    private var given: [PublicKey: Amount] = [:]
    private var taken: [PublicKey: Amount] = [:]

    package init(_ network: Network) {
        self.network = network
        for contract in network.contracts {
            for side in [contract.first, contract.second] {
                let account = network.chain(side.chain)?.genesis.first { $0.key == side.reserve }
                given[side.reserve] = account?.balances.first { $0.asset == side.asset }?.amount ?? 0
            }
        }
    }

    /// Whether the terms of a contract allow a cross transaction: two legs, into one reserve and out of the other, at the rate.
    package static func allows(_ cross: CrossTransaction, _ contract: Contract) -> Bool {
        guard cross.legs.count == 2 else { return false }
        let (paid, owed) = (cross.legs[0], cross.legs[1])
        let isForward = paid.chain == contract.first.chain
        let (from, to) = isForward ? (contract.first, contract.second) : (contract.second, contract.first)
        guard paid.chain == from.chain, owed.chain == to.chain, paid.asset == from.asset, owed.asset == to.asset,
            paid.credit == from.reserve, owed.debit == to.reserve, paid.debit == cross.initiator,
            paid.amount >= contract.minimumAmount, paid.amount <= contract.maximumAmount
        else { return false }
        let (up, down) = isForward ? (contract.rateNumerator, contract.rateDenominator) : (contract.rateDenominator, contract.rateNumerator)
        let (left, right) = (paid.amount.multipliedFullWidth(by: up), owed.amount.multipliedFullWidth(by: down))
        return left.high == right.high && left.low == right.low
    }

    package mutating func transferred(_ transfer: Transfer, on chain: ChainID) {
        if let asset = asset(of: transfer.receiver, on: chain), asset == transfer.asset { given[transfer.receiver, default: 0] += transfer.amount }
    }

    package mutating func settled(_ leg: Leg, on chain: ChainID) {
        if asset(of: leg.credit, on: chain) == leg.asset { given[leg.credit, default: 0] += leg.amount }
    }

    package mutating func committed(_ cross: CrossTransaction) {
        let leg = cross.legs[cross.legs.count - 1]
        if asset(of: leg.debit, on: leg.chain) == leg.asset { taken[leg.debit, default: 0] += leg.amount }
        if asset(of: leg.credit, on: leg.chain) == leg.asset { given[leg.credit, default: 0] += leg.amount }
    }

    package func finish(_ states: [ChainID: ReplayState], at time: UInt64, _ findings: inout Findings) {
        for contract in network.contracts {
            for side in [contract.first, contract.second] {
                let owns = states[side.chain]?.accounts[side.reserve]?.amount(side.asset) ?? 0
                let (expected, overflow) = (given[side.reserve] ?? 0).subtractingReportingOverflow(taken[side.reserve] ?? 0)
                if overflow || owns != expected {
                    findings.report(.reserves, "reserve of \(contract.id) on \(side.chain) owns \(owns), should own \(expected)", at: time)
                }
            }
        }
    }

    private func asset(of account: PublicKey, on chain: ChainID) -> AssetID? {
        for contract in network.contracts {
            for side in [contract.first, contract.second] where side.chain == chain && side.reserve == account { return side.asset }
        }
        return nil
    }
}
