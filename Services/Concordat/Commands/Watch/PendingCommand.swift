import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletDesk
import Wire

/// Shows what has not ended, and why.
struct PendingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pending", abstract: "Show cross transactions that have not ended: what is held for them, until when, and what each waits for.",
        discussion: """
            Example:
              concordat pending
              concordat pending --account alice --json
            Whatever is held is settled or comes back after its deadline; what lies past it waits for a chain that stands still.
            Exit codes: 0 nothing lies past its deadline, 2 something does or a chain does not answer, 69 nothing answers.
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "Only what this chain holds.")
    var chain: String?
    @Option(help: "Only what is held from this account: a name of the address book, or an address.")
    var account: String?
    @Option(help: "Rows at most; those that come to their deadline first.")
    var limit = 20

    /// Rows for which the network is asked what they wait for.
    static let rowsMaximum = 500

    func run() throws {
        guard 1...PendingCommand.rowsMaximum ~= limit else {
            throw Failure(.usage, "--limit \(limit) is out of its range", "Give 1 to \(PendingCommand.rowsMaximum).")
        }
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let accounts = try Accounts(folder, configuration, passphrase: nil)
        let report = try PendingDesk(Inquiry(configuration)).report(
            chain: try chainID(configuration.network), account: try key(accounts), limit: limit)
        if common.json { Console.print(JSONText.line(report)) } else { show(report, names(accounts.book, configuration.network)) }
        if !report.silent.isEmpty || report.pending.contains(where: { ($0.left_milliseconds ?? 0) < -PendingCommand.settlingMilliseconds }) {
            throw ExitCode(Failure.Code.degraded.rawValue)
        }
    }

    /// So long after a deadline its refund is under way as it should be.
    private static let settlingMilliseconds: Int64 = 10_000

    private func chainID(_ network: Network) throws -> ChainID? {
        guard let chain else { return nil }
        guard let found = network.chains.first(where: { $0.id.description == chain }) else {
            throw Failure(.usage, "there is no chain \(chain)", "Chains are: \(network.chains.map(\.id.description).joined(separator: ", ")).")
        }
        return found.id
    }

    private func key(_ accounts: Accounts) throws -> PublicKey? {
        guard let account else { return nil }
        switch accounts.payee(account) {
        case .success(let payee): return payee.key
        case .failure(let fault): throw Failure(.usage, fault.problem, accounts.advice(for: fault, payee: account))
        }
    }

    /// Names of the address book, and of contracts, whose reserves stand between payer and payee.
    private func names(_ book: AddressBook, _ network: Network) -> [String: String] {
        let reserves = network.contracts.flatMap { contract in [contract.first, contract.second].map { ($0.reserve.address.text, contract.id) } }
        return Dictionary(book.entries.map { ($0.key.address.text, $0.name) } + reserves) { first, _ in first }
    }

    private func show(_ report: PendingDesk.Report, _ names: [String: String]) {
        func name(_ address: String) -> String { names[address] ?? "\(address.prefix(12))…" }
        let rows = report.pending.flatMap { row in
            row.legs.enumerated().map { index, leg in
                let first = index == 0
                return [
                    first ? row.xid : "", "\(leg.amount) \(leg.asset)", leg.chain, name(leg.debit), name(leg.credit),
                    first ? left(row.left_milliseconds) : "", first ? row.state : "",
                ]
            }
        }
        if !rows.isEmpty { for line in Table.lines([["XID", "HELD", "ON", "FROM", "FOR", "LEFT", "WAITS"]] + rows) { Console.print(line) } }
        let shown = report.pending.count
        let all = report.chains.map { "\($0.held) on \($0.chain)" }.joined(separator: ", ")
        Console.print(shown == 0 ? "Nothing is held: \(all)." : "\(shown) shown; held for \(all). Every step of one: concordat trace XID --follow")
        for chain in report.silent { common.say("No collector of \(chain) answers: what it holds is not shown.") }
    }

    private func left(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "?" }
        return milliseconds < 0 ? "\(-milliseconds / 1_000) s past" : "\(milliseconds / 1_000) s"
    }
}
