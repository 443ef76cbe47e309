import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import WalletShell
import Wire

/// Sends one payment.
struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send one payment, within a chain or across two, and follow it to its end.",
        discussion: """
            Example:
              concordat send --from alice --to bob --amount 10 --trace
            A payment across chains waits for the receiver: concordat agent answers for the accounts of this folder.
            Exit codes: 0 settled, or as far as --wait asks; 1 rejected or refunded; 2 still open; 69 no network answers.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "Payer, a name of the address book.")
    var from: String
    @Option(help: "Payee: a name or an address, with @CHAIN when it is not its home chain.")
    var to: String
    @Option(parsing: .unconditional, help: "Whole minor units of the payer's asset, above zero.")
    var amount: String
    @Option(help: "Asset the payer pays. (default: that of the payer's home chain)")
    var asset: String?
    @Option(help: "Contract of a payment across chains, as ID or ID@VERSION. (default: the first that exchanges the two)")
    var contract: String?
    @Option(help: "Seconds the receiver has to confirm. (default: 60)")
    var deadline: Int?
    @Option(help: "Text for the payee.")
    var memo: String = ""
    @Flag(help: "Show every step with the time it took.")
    var trace = false
    @Option(name: .customLong("wait"), help: "Return when it is: accepted (a collector has stored it), held, receiver (the receiver is sure), or end. (default: end)")
    var waitOption: String?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        var accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let payer = try accounts.signer(from)
        let home = accounts.book[from]?.chain
        let name = asset ?? configuration.network.chains.first { $0.id == home }?.genesis.first { !$0.balances.isEmpty }?.balances[0].asset.description ?? ""
        guard let assetID = AssetID(name) else { throw Failure(.usage, "--asset '\(name)' is no asset", "For example --asset X.") }
        guard let units = UInt64(amount), units > 0, amount.utf8.first.map({ (48...57).contains($0) }) ?? false else {
            throw Failure(.usage, "--amount '\(amount)' is no whole number from 1 to \(UInt64.max)", "Amounts are whole minor units, for example --amount 10.")
        }
        let wait = try SendCommand.mark(try Setting.text(waitOption, "wait", default: "end"))
        let seconds = try Setting.number(deadline, "deadline", default: 60, in: 1...86_400)
        guard memo.utf8.count <= Limits.memoBytes else { throw Failure(.usage, "--memo is longer than \(Limits.memoBytes) bytes", "Shorten it.") }
        func made() -> Result<PaymentOrder, OrderFault> {
            accounts.order(
                payer: payer, to: to, asset: assetID, amount: units, deadlineMilliseconds: UInt64(seconds) * 1_000, memo: memo, contract: contract)
        }
        var result = made()
        if case .failure(let fault) = result, [.unknownContract, .wrongChain].contains(fault.reason) {
            // The contract, or the peg that issues the asset, may have been deployed meanwhile.
            try Inquiry.requireReachable(configuration, folder)
            accounts.learnContracts(Inquiry(configuration))
            result = made()
        }
        let order: PaymentOrder
        switch result {
        case .success(let made): order = made
        case .failure(let fault): throw Failure(.usage, fault.problem, accounts.advice(for: fault, payee: to))
        }
        try Inquiry.requireReachable(configuration, folder)
        let shutdown = Shutdown()
        var isAborted = false
        let ended = try SinglePayment(accounts).pay(order, until: wait) {
            if shutdown.wait(milliseconds: 0) { isAborted = true }
            return isAborted
        }
        try tell(ended, configuration)
        switch ended.outcome {
        case .settled: return
        case .open where wait.map { mark in ended.marks.contains { $0.mark == mark } } ?? false: return
        case .open: throw ExitCode(Failure.Code.degraded.rawValue)
        case .refunded, .rejected: throw ExitCode(Failure.Code.failed.rawValue)
        }
    }

    /// The mark to wait for; nil for the end.
    private static func mark(_ text: String) throws -> PaymentMark? {
        switch text {
        case "end": nil
        case "accepted": .accepted
        case "held": .held
        case "receiver": .receiverSure
        default: throw Setting.bad("wait", text, "Use accepted, held, receiver or end.")
        }
    }

    private func tell(_ ended: SinglePayment.Ended, _ configuration: NetworkConfiguration) throws {
        let id = ended.signed?.name.hex ?? ""
        if common.json {
            struct Report: Encodable { var id: String, outcome: String, reason: String, receiver_milliseconds: UInt64?, payer_milliseconds: UInt64? }
            return Console.print(
                JSONText.line(
                    Report(
                        id: id, outcome: ended.outcome.name, reason: ended.outcome.reason,
                        receiver_milliseconds: ended.times.milliseconds(to: \.receiverSure),
                        payer_milliseconds: ended.times.milliseconds(to: \.payerSure))))
        }
        if trace, let name = ended.signed?.name, case .found(let steps) = try TraceDesk.fetch(name, Inquiry(configuration)) {
            for line in TraceTable.lines(steps, marks: ended.marks) { Console.print(line) }
        }
        let reason = ended.outcome.reason.isEmpty ? "" : " (\(ended.outcome.reason))"
        // What was waited for, where the end was not.
        let word = ended.outcome == .open ? ended.marks.last.map { $0.mark == .receiverSure ? "receiver sure" : $0.mark.rawValue } : nil
        var line = "\(word.map { "open (\($0))" } ?? ended.outcome.name)\(reason)  \(id)"
        if let receiver = ended.times.milliseconds(to: \.receiverSure) { line += "  receiver sure after \(receiver) ms" }
        if let payer = ended.times.milliseconds(to: \.payerSure) { line += ", payer after \(payer) ms" }
        Console.print(line)
    }
}
