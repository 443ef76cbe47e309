import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Options of `bridge lock` and `bridge redeem`.
struct BridgeOrderOptions: ParsableArguments {
    @Option(help: "Whose value it is: a name of the address book.")
    var from: String?
    @Option(help: "Who gets it on the other chain: a name or an address.")
    var to: String?
    @Option(parsing: .unconditional, help: "Whole minor units, above zero.")
    var amount: String?
    @Option(help: "The peg. (default: the only one there is)")
    var peg: String?
    @Option(help: "Text that goes with it.")
    var memo: String = ""
    @Option(help: "Instead of all these: a file of orders, such as examples/bridge/locks.csv.")
    var file: String?
    @Option(help: "With --file: where to write what became of every line, as JSON.")
    var out: String?
    @Option(name: .customLong("wait"), help: "Seconds to wait until it has appeared on the other chain; 0 for until it stands in a block. (default: 60)")
    var waitOption: Int?
}

/// Signs orders of pegs, hands them in, and waits until they have appeared on the other chain.
struct BridgeOrdering {
    private let common: CommonOptions
    private let passphrase: PassphraseOptions
    private let options: BridgeOrderOptions
    private let kind: BridgeOrder.Kind

    init(_ kind: BridgeOrder.Kind, _ common: CommonOptions, _ passphrase: PassphraseOptions, _ options: BridgeOrderOptions) {
        (self.kind, self.common, self.passphrase, self.options) = (kind, common, passphrase, options)
    }

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let seconds = try Setting.number(options.waitOption, "wait", default: 60, in: 0...86_400)
        let accounts = try Accounts(folder, configuration, passphrase: try passphrase.passphrase())
        guard let path = options.file else { return try one(accounts, seconds) }
        guard options.from == nil, options.to == nil, options.amount == nil, options.peg == nil, options.memo.isEmpty else {
            throw Failure(.usage, "--file names everything itself", "Leave out --from, --to, --amount, --peg and --memo.")
        }
        let file = try BridgeRun.read(path)
        try Inquiry.requireReachable(configuration, folder)
        try many(file, accounts, seconds)
    }

    private func many(_ file: BridgeFile, _ accounts: Accounts, _ seconds: Int) throws {
        let results = try results(of: file, BridgeRun(kind, accounts), seconds)
        if let out = options.out { try OutputFolder.write(JSONText.pretty(results) + "\n", to: out) }
        if common.json {
            Console.print(JSONText.line(results))
        } else {
            for line in BridgeRun.summary(results) { Console.print(line) }
            for result in results where result.outcome == "rejected" { Console.print("  line \(result.line) \(result.id): \(result.reason) \(result.detail)") }
        }
        if results.contains(where: { !isEnded($0, seconds) }) { throw ExitCode(Failure.Code.degraded.rawValue) }
        if !file.faults.isEmpty { throw ExitCode(Failure.Code.failed.rawValue) }
    }

    private func results(of file: BridgeFile, _ run: BridgeRun, _ seconds: Int) throws -> [BridgeRun.Result] {
        let shutdown = Shutdown()
        var isAborted = false
        return try run.order(file, seconds: seconds, isAborted: { if shutdown.wait(milliseconds: 0) { isAborted = true }; return isAborted }) {
            if file.lines.count > 1 { common.say("\($0) of \($1) have ended") }
        }
    }

    private func isEnded(_ result: BridgeRun.Result, _ seconds: Int) -> Bool {
        switch result.outcome {
        case "open": false
        case "locked", "redeemed": seconds == 0
        default: true
        }
    }

    private func one(_ accounts: Accounts, _ seconds: Int) throws {
        guard let from = options.from, let to = options.to, let text = options.amount else {
            throw Failure(.usage, "--from, --to and --amount are needed, or --file", "For example: concordat bridge lock --from alice --to bob --amount 100")
        }
        guard options.out == nil else { throw Failure(.usage, "--out goes with --file", "Leave it out.") }
        guard let amount = UInt64(text), amount > 0 else {
            throw Failure(.usage, "--amount '\(text)' is no whole number from 1 to \(UInt64.max)", "For example --amount 100.")
        }
        guard options.memo.utf8.count <= Limits.memoBytes else { throw Failure(.usage, "--memo is longer than \(Limits.memoBytes) bytes", "Shorten it.") }
        _ = try accounts.signer(from)
        try Inquiry.requireReachable(accounts.configuration, accounts.folder)
        let peg = try BridgeDesk(Inquiry(accounts.configuration)).peg(options.peg)
        let line = BridgeFile.Line(number: 1, id: "1", peg: peg.id, from: from, to: to, amount: amount, memo: options.memo)
        let run = try BridgeRun(kind, accounts)
        let result = try results(of: BridgeFile([line]), run, seconds)[0]
        if let fault = run.firstFault { throw Failure(.usage, fault.problem, advice(for: fault, to, accounts)) }
        report(result, peg, isEnded: isEnded(result, seconds))
        if result.outcome == "rejected" { throw ExitCode(Failure.Code.failed.rawValue) }
        if !isEnded(result, seconds) { throw ExitCode(Failure.Code.degraded.rawValue) }
    }

    private func advice(for fault: OrderFault, _ to: String, _ accounts: Accounts) -> String {
        switch fault.reason {
        case .unknownPayer: "See: concordat balance \(options.from ?? "")"
        case .termsViolated: "Choose another --amount."
        default: accounts.advice(for: fault, payee: to)
        }
    }

    private func report(_ result: BridgeRun.Result, _ peg: Contract, isEnded: Bool) {
        struct Report: Encodable { var id: String, peg: String, outcome: String, reason: String }
        if common.json {
            return Console.print(JSONText.line(Report(id: result.transaction, peg: peg.id, outcome: result.outcome, reason: result.reason)))
        }
        Console.print("\(result.outcome)\(result.reason.isEmpty ? "" : " (\(result.reason))")  \(result.transaction)")
        if isEnded { return }
        Console.print(
            result.reason.isEmpty ? "its members have not attested it yet: concordat bridge status" : "a brake puts it off, and lets it pass later: concordat brakes")
    }
}
