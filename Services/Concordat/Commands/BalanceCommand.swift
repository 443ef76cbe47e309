import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Shows what an account owns.
struct BalanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance", abstract: "Show what an account owns on every chain.",
        discussion: """
            Example:
              concordat balance alice
              concordat balance alice --proven
            With --proven, nodes have to show each amount in the state that a quorum has signed; what is held is not shown then.
            Exit codes: 0 shown, 1 what the nodes show does not hold, 64 no such account, 69 nothing answers.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "A name of the address book, or an address.")
    var account: String
    @Flag(help: "Believe no node: have every amount proven against the chain's final state.")
    var proven = false

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let accounts = try Accounts(folder, configuration, passphrase: nil)
        guard case .success(let payee) = accounts.payee(account) else {
            throw Failure(.usage, "'\(account)' is neither in the address book nor an address", "See \(folder.addressBook).")
        }
        let inquiry = Inquiry(configuration)
        if proven { return try show(ProvenBalances(inquiry).rows(of: payee.key)) }
        let chains = configuration.network.chains
        let asked = inquiry.collectors
        let answers = try inquiry.ask(asked.map { ($0.service, .account(payee.key)) })
        // Of a chain's collectors the one that has read furthest.
        var views: [Int: AccountView] = [:]
        for (question, answer) in zip(asked, answers) {
            guard case .account(let view)? = answer, let position = chains.firstIndex(where: { $0.id == question.chain }) else { continue }
            if views[position].map({ $0.height < view.height }) ?? true { views[position] = view }
        }
        guard !views.isEmpty else { throw Inquiry.silence }
        let rows = chains.indices.flatMap { index -> [Row] in
            guard let view = views[index], view.exists else { return [] }
            let assets = Set((view.balances + view.held).map(\.asset)).sorted()
            return assets.map { asset in
                Row(
                    chain: chains[index].id.description, asset: asset.description,
                    amount: view.balances.first { $0.asset == asset }?.amount ?? 0, held: view.held.first { $0.asset == asset }?.amount ?? 0,
                    height: view.height)
            }
        }
        show(rows)
    }

    /// One asset of the account on one chain.
    struct Row: Encodable { var chain: String, asset: String, amount: UInt64, held: UInt64?, height: UInt64 }

    private func show(_ rows: [Row]) {
        if common.json { return Console.print(JSONText.line(rows)) }
        for line in Table.lines([["CHAIN", "ASSET", "AMOUNT", "HELD", "AS OF BLOCK"]] + rows.map(BalanceCommand.cells)) { Console.print(line) }
    }

    private static func cells(_ row: Row) -> [String] {
        [row.chain, row.asset, "\(row.amount)", row.held.map { "\($0)" } ?? "-", "\(row.height)"]
    }
}
