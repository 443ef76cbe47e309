import ArgumentParser
import Crypto
import Foundation
import Runtime
import WalletCore
import Wire

/// Shows what an account owns.
struct BalanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance", abstract: "Show what an account owns on every chain.",
        discussion: """
            Example:
              concordat balance alice
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "A name of the address book, or an address.")
    var account: String

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let accounts = try Accounts(folder, configuration, passphrase: nil)
        guard case .success(let payee) = accounts.payee(account) else {
            throw Failure(.usage, "'\(account)' is neither in the address book nor an address", "See \(folder.addressBook).")
        }
        let inquiry = Inquiry(configuration)
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
        struct Row: Encodable { var chain: String, asset: String, amount: UInt64, held: UInt64, height: UInt64 }
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
        if common.json { return Console.print(JSONText.line(rows)) }
        for line in Table.lines([["CHAIN", "ASSET", "AMOUNT", "HELD", "AS OF BLOCK"]] + rows.map { [$0.chain, $0.asset, "\($0.amount)", "\($0.held)", "\($0.height)"] }) {
            Console.print(line)
        }
    }
}
