import Cryptography
import Foundation
import LoadCore
import LoadShell
import Runtime
import WalletCore
import WalletDesk
import Wire

/// The accounts that take part in a run, and which lane each pays on: no two lanes share a payer, whose nonces would collide.
struct LoadCast {
    private struct Member {
        var name: String
        var account: LoadRoutes.Account
        /// Place among those of its chain.
        var number: Int
    }

    let configuration: NetworkConfiguration
    private let accounts: Accounts
    private let members: [Member]
    private let contracts: [Contract]
    private let deadlineMilliseconds: UInt64

    /// - Parameter accounts: those of the address book, with contracts that were deployed.
    init(_ accounts: Accounts, deadlineMilliseconds: UInt64) throws {
        self.accounts = accounts
        self.deadlineMilliseconds = deadlineMilliseconds
        configuration = accounts.configuration
        var counts: [ChainID: Int] = [:]
        var members: [Member] = []
        for entry in accounts.book.entries where members.count < LoadLimits.accounts {
            guard configuration.network.chain(entry.chain) != nil else { continue }
            members.append(Member(name: entry.name, account: LoadRoutes.Account(key: entry.key, chain: entry.chain), number: counts[entry.chain] ?? 0))
            counts[entry.chain, default: 0] += 1
        }
        guard !members.isEmpty else {
            throw Failure(.configuration, "\(accounts.folder.addressBook) names no account of this network", "Make a network with accounts: concordat init --clients 60")
        }
        self.members = members
        mostLanes = counts.values.min() ?? 1
        var newest: [String: Contract] = [:]
        for contract in configuration.network.contracts + accounts.declared where contract.version >= newest[contract.id]?.version ?? 0 { newest[contract.id] = contract }
        // Those of the network first: what a payment is made under is chosen as `send` chooses it.
        let own = Set(configuration.network.contracts.map(\.id))
        contracts = newest.values.sorted { (own.contains($0.id) ? 0 : 1, $0.id) < (own.contains($1.id) ? 0 : 1, $1.id) }
    }

    /// Lanes of all workers, so that each has a payer on every chain.
    let mostLanes: Int

    /// Chains where accounts are that take part, in the network's order.
    var chains: [ChainID] {
        let homes = Set(members.map(\.account.chain))
        return configuration.network.chains.map(\.id).filter { homes.contains($0) }
    }

    /// Lanes that a run gets.
    ///
    /// - Parameter workers: processes; each gets at least one.
    func laneCount(_ run: LanePlan.Run, workers: Int) throws -> Int {
        guard workers <= mostLanes else {
            throw Failure(.configuration, "\(workers) workers need as many accounts on each chain, and there are \(mostLanes)", "Make the network with more: concordat init --clients \(workers * 2 * max(1, configuration.network.chains.count))")
        }
        return max(workers, min(run.wantedLanes, LoadLimits.lanes * workers, mostLanes))
    }

    /// What lanes of this process are to do.
    ///
    /// - Parameter range: those of this process, of `laneCount` lanes of all.
    func lanes(_ range: Range<Int>, of laneCount: Int, _ run: LanePlan.Run, strategy: CollectorStrategy) throws -> [LoadLane.Settings] {
        let everybody = members.map(\.account)
        let payers = try range.map { try signers($0, of: laneCount) }
        let holdings = run.mix.has(.redeem) ? try self.holdings(of: Set(payers.joined().map(\.publicKey))) : []
        let nonce = UInt64(Date().timeIntervalSince1970 * 1_000_000)
        return try zip(range, payers).map { lane, payers in
            let routes = LoadRoutes(
                network: configuration.network, contracts: contracts, payers: payers, accounts: everybody, holdings: holdings, deadlineMilliseconds: deadlineMilliseconds)
            for part in run.mix.parts where !routes.has(part.kind) { throw missing(part.kind) }
            return LoadLane.Settings(
                configuration: configuration, run: run, routes: routes, strategy: strategy, lane: lane, laneCount: laneCount, crossNonce: nonce)
        }
    }

    /// Which of some accounts hold enough of what pegs have issued on their chain to redeem it.
    private func holdings(of payers: Set<PublicKey>) throws -> [LoadRoutes.Holding] {
        let pegs = contracts.filter { $0.peg != nil }
        let asked = members.map(\.account).filter { account in payers.contains(account.key) && pegs.contains { $0.second.chain == account.chain } }
        guard !asked.isEmpty else { return [] }
        let answers = try Inquiry(configuration).ask(asked.map { (Service.name(.collector, chain: $0.chain), .account($0.key)) })
        guard answers.contains(where: { $0 != nil }) else { throw Inquiry.silence }
        return zip(asked, answers).flatMap { account, answer -> [LoadRoutes.Holding] in
            guard case .account(let view)? = answer else { return [] }
            let redeemable = pegs.filter { peg in
                peg.second.chain == account.chain && view.balances.contains { $0.asset == peg.second.asset && $0.amount >= LoadRoutes.least(peg) }
            }
            return redeemable.map { LoadRoutes.Holding(account: account.key, peg: $0) }
        }
    }

    /// Devices that confirm what the accounts of these lanes are to receive.
    func devices(_ range: Range<Int>, of laneCount: Int) throws -> [WorkerThread] {
        try range.map { WorkerThread.agent(configuration, accounts: try signers($0, of: laneCount), rules: [AgentRule(action: .confirm)]) }
    }

    private func signers(_ lane: Int, of laneCount: Int) throws -> [Signer] {
        try members.filter { $0.number % laneCount == lane }.map { try accounts.signer($0.name) }
    }

    private func missing(_ kind: LoadKind) -> Failure {
        switch kind {
        case .transfer: Failure(.configuration, "nobody can pay within a chain: it takes two accounts on one", "Make the network with more accounts: concordat init --clients 60")
        case .cross: Failure(.configuration, "no contract exchanges between chains with accounts", "Use --mix transfer, or a network with two chains and more accounts.")
        case .bridge: Failure(.configuration, "no peg leads from one chain with accounts to another", "Deploy one, and run its members: concordat bridge --help")
        case .redeem:
            Failure(.configuration, "too few accounts hold what a peg has issued on their chain", "Lock first, while the peg's members run: concordat load --mix bridge --rate 50 --duration 10s")
        }
    }
}
