import Cryptography
import Wire

/// Invariant 2 for contracts (rule R6): what a contract's reserves gave and took is what its committed transactions say.
package struct ReserveOracle: Sendable {
    private let network: Network
    /// An asset of a reserve account.
    private struct Purse: Hashable {
        var account: PublicKey
        var asset: AssetID
    }

    /// Sides of all contracts, of the network's description and declared.
    private var sides: [ContractSide] = []
    /// Per side: genesis and transfers in.
    private var given: [Purse: Amount] = [:]
    private var taken: [Purse: Amount] = [:]

    package init(_ network: Network) {
        self.network = network
        for contract in network.contracts where contract.peg == nil {
            for side in [contract.first, contract.second] {
                let account = network.chain(side.chain)?.genesis.first { $0.key == side.reserve }
                sides.append(side)
                given[Purse(account: side.reserve, asset: side.asset)] = account?.balances.first { $0.asset == side.asset }?.amount ?? 0
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
        if isReserve(transfer.receiver, on: chain, transfer.asset) {
            given[Purse(account: transfer.receiver, asset: transfer.asset), default: 0] += transfer.amount
        }
    }

    package mutating func settled(_ leg: Leg, on chain: ChainID) {
        if isReserve(leg.credit, on: chain, leg.asset) { given[Purse(account: leg.credit, asset: leg.asset), default: 0] += leg.amount }
    }

    package mutating func committed(_ cross: CrossTransaction) {
        let leg = cross.legs[cross.legs.count - 1]
        if isReserve(leg.debit, on: leg.chain, leg.asset) { taken[Purse(account: leg.debit, asset: leg.asset), default: 0] += leg.amount }
        settled(leg, on: leg.chain)
    }

    /// A chain has taken a contract in. Nothing was in its reserve before.
    mutating func adopted(_ side: ContractSide) {
        if !isReserve(side.reserve, on: side.chain, side.asset) { sides.append(side) }
    }

    package func finish(_ states: [ChainID: ReplayState], at time: UInt64, _ findings: inout Findings) {
        for side in sides {
            let owns = states[side.chain]?.accounts[side.reserve]?.amount(side.asset) ?? 0
            let purse = Purse(account: side.reserve, asset: side.asset)
            let (expected, overflow) = (given[purse] ?? 0).subtractingReportingOverflow(taken[purse] ?? 0)
            if overflow || owns != expected {
                findings.report(.reserves, "reserve \(side.reserve) on \(side.chain) owns \(owns), should own \(expected)", at: time)
            }
        }
    }

    private func isReserve(_ account: PublicKey, on chain: ChainID, _ asset: AssetID) -> Bool {
        sides.contains { $0.chain == chain && $0.reserve == account && $0.asset == asset }
    }
}
