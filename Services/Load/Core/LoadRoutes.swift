import Cryptography
import Determinism
import WalletCore
import Wire

/// Who pays whom, for what, on one lane: payers are the lane's own, so that no two lanes use the same nonces.
package struct LoadRoutes: Sendable {
    /// An account of the address book.
    package struct Account: Hashable, Sendable {
        package var key: PublicKey
        /// Chain on which it has its money.
        package var chain: ChainID

        package init(key: PublicKey, chain: ChainID) {
            self.key = key
            self.chain = chain
        }
    }

    /// Somebody who holds what a peg has issued, at least as much as it takes at once.
    package struct Holding: Hashable, Sendable {
        package var account: PublicKey
        package var peg: Contract

        package init(account: PublicKey, peg: Contract) {
            self.account = account
            self.peg = peg
        }
    }

    /// What can be ordered again and again.
    private struct Template: Sendable {
        var payer: Signer
        var route: PaymentOrder.Route
        var asset: AssetID
        var amount: Amount
        /// Those at home on this chain may be paid; somebody else than the payer is.
        var payeeChain: ChainID
    }

    /// Who is at home on each chain.
    private var residents: [ChainID: [PublicKey]] = [:]
    /// By kind, in the order of `LoadKind.allCases`.
    private var templates = LoadKind.allCases.map { _ in [Template]() }
    private var turns = LoadKind.allCases.map { _ in 0 }
    private let deadlineMilliseconds: UInt64

    /// - Parameter payers: the lane's own accounts.
    /// - Parameter accounts: everybody who may be paid.
    /// - Parameter contracts: exchange contracts and pegs; of several between two chains for one asset the first is used.
    /// - Parameter holdings: who can redeem, at the chain of the account's own.
    package init(network: Network, contracts: [Contract], payers: [Signer], accounts: [Account], holdings: [Holding], deadlineMilliseconds: UInt64) {
        for account in accounts { residents[account.chain, default: []].append(account.key) }
        self.deadlineMilliseconds = deadlineMilliseconds
        for payer in payers {
            guard let home = accounts.first(where: { $0.key == payer.publicKey })?.chain, let chain = network.chain(home) else { continue }
            for holding in holdings where holding.account == payer.publicKey && holding.peg.second.chain == home { addRedemption(payer, holding.peg) }
            for balance in chain.genesis.first(where: { $0.key == payer.publicKey })?.balances ?? [] {
                addTransfer(payer, home, balance.asset)
                // One contract for each other chain: the reserve of another one may have nothing to pay with.
                var reached: [ChainID] = []
                for contract in contracts where contract.peg == nil && contract.side(of: home)?.asset == balance.asset {
                    let other = contract.first.chain == home ? contract.second.chain : contract.first.chain
                    guard !reached.contains(other), addExchange(payer, home, contract, to: other) else { continue }
                    reached.append(other)
                }
                for contract in contracts where contract.peg != nil && contract.first.chain == home && contract.first.asset == balance.asset { addLock(payer, contract) }
            }
        }
    }

    private mutating func add(_ kind: LoadKind, _ template: Template) {
        guard (residents[template.payeeChain] ?? []).contains(where: { $0 != template.payer.publicKey }), let position = LoadKind.allCases.firstIndex(of: kind) else { return }
        templates[position].append(template)
    }

    private mutating func addTransfer(_ payer: Signer, _ chain: ChainID, _ asset: AssetID) {
        add(.transfer, Template(payer: payer, route: .transfer(chain: chain), asset: asset, amount: 1, payeeChain: chain))
    }

    /// - Returns: whether its terms allow a payment.
    private mutating func addExchange(_ payer: Signer, _ home: ChainID, _ contract: Contract, to other: ChainID) -> Bool {
        guard let own = contract.side(of: home), let amount = LoadRoutes.least(contract, from: home) else { return false }
        add(.cross, Template(payer: payer, route: .exchange(contract, from: home, to: other), asset: own.asset, amount: amount, payeeChain: other))
        return true
    }

    private mutating func addLock(_ payer: Signer, _ peg: Contract) {
        add(.bridge, Template(payer: payer, route: .lock(peg), asset: peg.first.asset, amount: LoadRoutes.least(peg), payeeChain: peg.second.chain))
    }

    private mutating func addRedemption(_ payer: Signer, _ peg: Contract) {
        add(.redeem, Template(payer: payer, route: .redeem(peg), asset: peg.second.asset, amount: LoadRoutes.least(peg), payeeChain: peg.first.chain))
    }

    /// The least amount that a peg takes at once.
    package static func least(_ peg: Contract) -> Amount { max(1, peg.minimumAmount) }

    /// The least amount that may be paid on a chain and comes out even.
    static func least(_ contract: Contract, from chain: ChainID) -> Amount? {
        let (numerator, denominator) = chain == contract.first.chain
            ? (contract.rateNumerator, contract.rateDenominator) : (contract.rateDenominator, contract.rateNumerator)
        guard numerator > 0, denominator > 0 else { return nil }
        var (left, right) = (numerator, denominator)
        while right > 0 { (left, right) = (right, left % right) }
        let step = denominator / left
        let least = max(1, contract.minimumAmount)
        let (amount, overflow) = ((least - 1) / step + 1).multipliedReportingOverflow(by: step)
        return overflow || amount > contract.maximumAmount || contract.counterAmount(paying: amount, on: chain) == nil ? nil : amount
    }

    /// Whether the lane can pay so.
    package func has(_ kind: LoadKind) -> Bool { !templates[LoadKind.allCases.firstIndex(of: kind) ?? 0].isEmpty }

    /// The next order of a kind: every payer in turn pays somebody who is drawn.
    /// - Precondition: the lane can pay so.
    package mutating func next(_ kind: LoadKind, _ random: inout SeededRandom) -> PaymentOrder {
        let position = LoadKind.allCases.firstIndex(of: kind) ?? 0
        precondition(!templates[position].isEmpty, "a run is checked for what it can pay")
        let template = templates[position][turns[position] % templates[position].count]
        turns[position] += 1
        let choice = residents[template.payeeChain] ?? []
        var drawn = Int(random.below(UInt64(choice.count)))
        if choice[drawn] == template.payer.publicKey { drawn = (drawn + 1) % choice.count }
        return PaymentOrder(
            route: template.route, payer: template.payer, payee: choice[drawn], asset: template.asset, amount: template.amount, deadlineMilliseconds: deadlineMilliseconds)
    }
}
