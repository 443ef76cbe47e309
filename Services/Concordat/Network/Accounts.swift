import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Who is who: names of the address book, addresses, and the keys of the wallets in the network's folder.
struct Accounts {
    let folder: NetworkFolder
    let configuration: NetworkConfiguration
    let book: AddressBook
    let passphrase: String?
    /// Contracts that were deployed while the network runs, newest version of each first.
    var declared: [Contract] = []

    init(_ folder: NetworkFolder, _ configuration: NetworkConfiguration, passphrase: String?) throws {
        self.folder = folder
        self.configuration = configuration
        self.passphrase = passphrase
        book = try AddressBook.read(folder.addressBook)
    }

    /// Looks up what was deployed; a network that does not answer has nothing.
    mutating func learnContracts(_ inquiry: Inquiry) {
        let contracts = ((try? ContractDesk(inquiry).all()) ?? []).map(\.terms.contract)
        declared = contracts.sorted { ($0.id, $1.version) < ($1.id, $0.version) }
    }

    /// The key that signs for a name of the address book.
    func signer(_ name: String) throws -> Signer {
        guard book[name] != nil else {
            let closest = Suggestion.closest(to: name, among: book.entries.map(\.name))
            throw Failure(.usage, "\(name) is not in \(folder.addressBook)", closest.map { "Did you mean \($0)?" } ?? "See the names there.")
        }
        return try KeyFile.readIdentity(folder.walletKey(name), passphrase: passphrase).signer
    }

    /// What to do about an order that cannot be.
    func advice(for fault: OrderFault, payee: String) -> String {
        switch fault.reason {
        case .unknownPayee:
            let name = String(payee.prefix { $0 != "@" })
            let closest = Suggestion.closest(to: name, among: book.entries.map(\.name))
            return closest.map { "Did you mean \($0)?" } ?? "See the names in \(folder.addressBook), or give a whole address."
        case .termsViolated: return "Pay an amount that the rate divides: concordat contract list"
        case .unknownContract: return "See the contracts: concordat contract list"
        case .wrongChain:
            let assets = configuration.network.chains.flatMap { $0.genesis.flatMap { $0.balances.map(\.asset.description) } }
            return "Assets of this network: \(Set(assets).sorted().joined(separator: ", "))."
        default: return "Choose another payee or amount."
        }
    }

    /// A payee by name or address, with `@chain` or at home.
    /// - Returns: nil with a reason when there is none.
    func payee(_ text: String) -> Result<(key: PublicKey, chain: ChainID?), OrderFault> {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let name = parts.first else { return .failure(OrderFault(.unknownPayee, "'\(text)' names nobody")) }
        var chain: ChainID?
        if parts.count == 2 {
            guard let id = ChainID(parts[1]), id != .notary, configuration.network.chain(id) != nil else {
                let chains = configuration.network.chains.map(\.id.description).joined(separator: ", ")
                return .failure(OrderFault(.wrongChain, "there is no chain '\(parts[1])'; chains: \(chains)"))
            }
            chain = id
        }
        if let entry = book[name] { return .success((entry.key, chain ?? entry.chain)) }
        do {
            return .success((try Address(name).publicKey, chain))
        } catch {
            return .failure(OrderFault(.unknownPayee, "'\(name)' is neither in the address book nor an address: \(error)"))
        }
    }

    /// Makes an order of what somebody wrote (S810): the asset names the paying chain, the payee's home the other one.
    func order(
        payer: Signer, to: String, asset: AssetID, amount: Amount, deadlineMilliseconds: UInt64, memo: String, contract named: String? = nil
    ) -> Result<PaymentOrder, OrderFault> {
        guard let home = home(of: asset) else {
            return .failure(OrderFault(.wrongChain, "no chain of this network has an asset '\(asset)'"))
        }
        switch payee(to) {
        case .failure(let fault): return .failure(fault)
        case .success(let payee):
            // Wrapped value stays on its chain unless the payee names another.
            let target = isWrapped(asset) && !to.contains("@") ? home : payee.chain ?? home
            guard payee.key != payer.publicKey || target != home else { return .failure(OrderFault(.notAllowed, "payer and payee are the same account")) }
            var route = PaymentOrder.Route.transfer(chain: home)
            if target != home {
                guard let contract = self.contract(named, from: home, asset, to: target) else {
                    return .failure(OrderFault(.unknownContract, "no contract\(named.map { " \($0)" } ?? "") exchanges \(asset) of \(home) on \(target)"))
                }
                guard contract.counterAmount(paying: amount, on: home).map({ $0 > 0 }) ?? false else {
                    return .failure(OrderFault(.termsViolated, "\(amount) \(asset) does not come out even at the rate of \(contract.id)"))
                }
                route = .exchange(contract, from: home, to: target)
            }
            return .success(
                PaymentOrder(
                    route: route, payer: payer, payee: payee.key, asset: asset, amount: amount, deadlineMilliseconds: deadlineMilliseconds,
                    memo: memo))
        }
    }

    /// The first contract that exchanges what is to be paid, of those that are named: `ID`, or `ID@VERSION`.
    private func contract(_ named: String?, from home: ChainID, _ asset: AssetID, to target: ChainID) -> Contract? {
        (configuration.network.contracts + declared).first { contract in
            let isNamed = named.map { $0 == contract.id || $0 == "\(contract.id)@\(contract.version)" } ?? true
            return isNamed && contract.peg == nil && contract.side(of: home)?.asset == asset && contract.side(of: target) != nil
        }
    }

    /// Whether a peg issues this asset.
    private func isWrapped(_ asset: AssetID) -> Bool { pegs.contains { $0.second.asset == asset } }

    private var pegs: [Contract] { (configuration.network.contracts + declared).filter { $0.peg != nil } }

    /// The chain whose own asset this is, or on which a peg issues it.
    private func home(of asset: AssetID) -> ChainID? {
        pegs.first { $0.second.asset == asset }?.second.chain
            ?? configuration.network.chains.first { $0.genesis.contains { $0.balances.contains { $0.asset == asset } } }?.id
    }
}

/// Why something written makes no payment.
struct OrderFault: Error, Hashable {
    var reason: Reason
    var problem: String

    init(_ reason: Reason, _ problem: String) {
        self.reason = reason
        self.problem = problem
    }
}
