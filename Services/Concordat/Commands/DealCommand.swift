import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletDesk
import Wire

/// Several payers and receivers over two chains or more, all or nothing (A15).
struct DealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deal", abstract: "Make payments between several accounts over several chains: all of them happen, or none.",
        discussion: """
            Example, a swap:
              concordat deal --leg "alice bob 100 X" --leg "bob alice 90 Y" --consent
            Every payer signs, with its key in the folder's wallets. Every receiver who pays nothing, and the last leg's receiver, must consent: --consent does it
            for those whose keys are here, concordat confirm XID --as NAME or concordat agent elsewhere. The chain of the last leg decides.
            Exit codes: 0 settled; 1 refunded, rejected or refused; 2 still open; 64 a leg makes no sense; 69 no network answers.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "FROM TO AMOUNT ASSET, in quotes; 2 to 16 of them. ASSET@CHAIN names another chain than the asset's own.")
    var leg: [String] = []
    @Option(help: "Seconds in which all must have consented. (default: 60)")
    var deadline: Int?
    @Option(help: "Text for all parties.")
    var memo: String = ""
    @Flag(help: "Consent for every receiver whose key is in this folder.")
    var consent = false

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let order = try DealOrder(leg, accounts)
        let seconds = try Setting.number(deadline, "deadline", default: 60, in: 1...86_400)
        guard memo.utf8.count <= Limits.memoBytes else { throw Failure(.usage, "--memo is longer than \(Limits.memoBytes) bytes", "Shorten it.") }
        let signers = try order.payers.map { try accounts.signer($0) }
        try Inquiry.requireReachable(configuration, folder)
        let inquiry = Inquiry(configuration)
        let now = BusClock.now().wallMilliseconds
        let cross = CrossTransaction(
            network: configuration.network.id, contract: Agreement.id, contractVersion: Agreement.version, legs: order.parts.map(\.leg),
            deadline: now + UInt64(seconds) * 1_000, nonce: now, memo: memo, signers: signers)
        let desk = DealDesk(inquiry, cross)
        try desk.open(by: signers[0])
        let names = configuration.network.confirmers(of: cross).map { accounts.book.name(of: $0) ?? $0.address.text }
        common.say("\(cross.xid.hex): opened on \(cross.holdingChains.map(\.description).joined(separator: ", ")); \(names.joined(separator: ", ")) to consent on \(cross.decidingChain)")
        let consenting = consent ? try configuration.network.confirmers(of: cross).compactMap { key in try accounts.book.name(of: key).map { try accounts.signer($0) } } : []
        let outcome = try desk.follow(consenting: consenting, initiator: signers[0], seconds: seconds + DealCommand.graceSeconds)
        report(outcome, desk, order)
        switch outcome {
        case .settled: return
        case .open: throw ExitCode(Failure.Code.degraded.rawValue)
        case .refunded, .rejected: throw ExitCode(Failure.Code.failed.rawValue)
        }
    }

    /// How long after the deadline what was held may still be on its way back.
    private static let graceSeconds = 60

    private func report(_ outcome: DealDesk.Outcome, _ desk: DealDesk, _ order: DealOrder) {
        struct Row: Encodable { var from: String, to: String, amount: UInt64, asset: String, chain: String, state: String }
        struct Report: Encodable { var xid: String, outcome: String, reason: String?, legs: [Row] }
        let rows = order.parts.map { part in
            Row(
                from: part.from, to: part.to, amount: part.leg.amount, asset: part.leg.asset.description, chain: part.leg.chain.description,
                state: desk.state(of: part.leg.chain))
        }
        guard !common.json else {
            return Console.print(JSONText.line(Report(xid: desk.cross.xid.hex, outcome: outcome.rawValue, reason: desk.reason?.code, legs: rows)))
        }
        let cells = rows.map { [$0.from, $0.to, "\($0.amount) \($0.asset)", $0.chain, $0.state] }
        for line in Table.lines([["FROM", "TO", "AMOUNT", "CHAIN", "STATE"]] + cells) { Console.print(line) }
        Console.print("\(outcome.rawValue)\(desk.reason.map { ": \($0.code)" } ?? "")  \(desk.cross.xid.hex)")
    }
}
