import ArgumentParser
import Crypto
import Foundation
import Runtime
import WalletCore
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
            Exit codes: 0 settled, 1 rejected or refunded, 2 still open.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "Payer, a name of the address book.")
    var from: String
    @Option(help: "Payee: a name or an address, with @CHAIN when it is not its home chain.")
    var to: String
    @Option(help: "Minor units of the payer's asset.")
    var amount: UInt64
    @Option(help: "Asset the payer pays. (default: that of the payer's home chain)")
    var asset: String?
    @Option(help: "Seconds the receiver has to confirm. (default: 60)")
    var deadline: Int?
    @Option(help: "Text for the payee.")
    var memo: String = ""
    @Flag(help: "Show every step with the time it took.")
    var trace = false
    @Flag(help: "Wait for the end; this is what send always does.")
    var wait = false

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let payer = try accounts.signer(from)
        let home = accounts.book[from]?.chain
        let name = asset ?? configuration.network.chains.first { $0.id == home }?.genesis.first { !$0.balances.isEmpty }?.balances[0].asset.description ?? ""
        guard let assetID = AssetID(name), amount > 0 else { throw Failure(.usage, "--amount and --asset must name something to pay", "For example --amount 10 --asset X.") }
        let seconds = try Setting.number(deadline, "deadline", default: 60, in: 1...86_400)
        guard memo.utf8.count <= Limits.memoBytes else { throw Failure(.usage, "--memo is longer than \(Limits.memoBytes) bytes", "Shorten it.") }
        let order: PaymentOrder
        switch accounts.order(payer: payer, to: to, asset: assetID, amount: amount, deadlineMilliseconds: UInt64(seconds) * 1_000, memo: memo) {
        case .success(let made): order = made
        case .failure(let fault): throw Failure(.usage, fault.problem, "Reason code: \(fault.reason.code)")
        }
        let shutdown = Shutdown()
        var isAborted = false
        let ended = try SinglePayment(accounts).pay(order) {
            if shutdown.wait(milliseconds: 0) { isAborted = true }
            return isAborted
        }
        try tell(ended, configuration)
        switch ended.outcome {
        case .settled: return
        case .open: throw ExitCode(Failure.Code.degraded.rawValue)
        case .refunded, .rejected: throw ExitCode(Failure.Code.failed.rawValue)
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
        if trace, let name = ended.signed?.name, let steps = try TraceTable.fetch(name, configuration) {
            for line in TraceTable.lines(steps, marks: ended.marks) { Console.print(line) }
        }
        let reason = ended.outcome.reason.isEmpty ? "" : " (\(ended.outcome.reason))"
        var line = "\(ended.outcome.name)\(reason)  \(id)"
        if let receiver = ended.times.milliseconds(to: \.receiverSure) { line += "  receiver sure after \(receiver) ms" }
        if let payer = ended.times.milliseconds(to: \.payerSure) { line += ", payer after \(payer) ms" }
        Console.print(line)
    }
}

/// Shows the steps of one transaction.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Show every step of a transaction, with the time and who took it.",
        discussion: """
            Example:
              concordat trace 5ed463e92a18ce0ce72ff68542912b1bdb0c5af773c17a22f3de7809b5d65df4
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "Transaction id or xid, 64 hexadecimal digits.")
    var id: String

    func run() throws {
        let configuration = try NetworkFile.read(try common.folder.networkFile)
        guard let bytes = Hexadecimal.decode(id), let digest = Digest(bytes) else {
            throw Failure(.usage, "'\(id)' is no transaction id", "Give the 64 hexadecimal digits that send and pay print.")
        }
        guard let trace = try TraceTable.fetch(digest, configuration) else {
            throw Failure(.failed, "no final block that the recorder knows holds \(id)", "It may still be waiting, or be of another network; see concordat status.")
        }
        if common.json {
            struct Step: Encodable { var step: String, what: String, source: String, chain: String, height: UInt64, time_milliseconds: UInt64 }
            let steps = trace.steps.map { Step(step: $0.step, what: $0.what, source: $0.source, chain: $0.chain, height: $0.height, time_milliseconds: $0.time) }
            return Console.print(JSONText.line(steps))
        }
        for line in TraceTable.lines(trace, marks: []) { Console.print(line) }
    }
}

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
        let connections = WalletConnections(configuration)
        let chains = configuration.network.chains
        for (index, chain) in chains.enumerated() {
            try connections.request(
                call: UInt64(index), service: Service.name(.collector, chain: chain.id, node: chain.nodes[0].id), .account(payee.key),
                timeoutMilliseconds: 4_000)
        }
        var views: [Int: AccountView] = [:]
        var silent = 0
        while views.count + silent < chains.count {
            for event in try connections.receive(waitMilliseconds: 50) {
                switch event {
                case .answered(let call, .account(let view)): views[Int(call)] = view
                case .answered, .unanswered: silent += 1
                case .noticed, .reconnected: continue
                }
            }
        }
        guard !views.isEmpty else { throw Failure(.unreachable, "no collector answers", "Is the network up? concordat status") }
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
