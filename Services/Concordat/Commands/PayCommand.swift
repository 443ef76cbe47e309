import ArgumentParser
import Foundation
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Pays a file of payments.
struct PayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pay", abstract: "Pay a file of payments and write what became of every line.",
        discussion: """
            Example:
              concordat pay --file examples/payments.csv --out out/pay
            The file has the columns id,from,to,asset,amount,deadline_seconds,memo; amounts are whole minor units.
            Exit codes: 0 every line has its answer, 1 the file has bad lines (the others are paid), 2 payments are still open, 78 the file is none.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "The file of payments.")
    var file: String
    @Option(help: "Folder for results.csv, results.json and receipts.")
    var out: String?
    @Option(help: "Payments driven at once. (default: 1000)")
    var concurrency: Int?
    @Option(help: "Payments begun each second, at most. (default: as many as --concurrency lets)")
    var rate: Int?
    @Option(help: "How collectors are chosen: round-robin, random or fastest. (default: round-robin)")
    var collectors: String?
    @Option(help: "Collectors that each payment is handed to at once: 1 to 64, or all. (default: 1)")
    var copies: String?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        var accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let text = try Setting.text(collectors, "collectors", default: CollectorStrategy.roundRobin.rawValue)
        guard let strategy = CollectorStrategy(rawValue: text) else { throw Setting.bad("collectors", text, "Use round-robin, random or fastest.") }
        let copies = try PayCommand.copies(copies)
        let concurrent = try Setting.number(concurrency, "concurrency", default: 1_000, in: 1...WalletLimits.concurrency)
        let rate = try rate.map { try Setting.number($0, "rate", default: 1, in: 1...WalletLimits.concurrency) }
        let payments = try PayCommand.read(file)
        try Inquiry.requireReachable(configuration, folder)
        accounts.learnContracts(Inquiry(configuration))
        let run = try PaymentRun(accounts, strategy: strategy, copies: copies, concurrency: concurrent, receiptsFolder: out.map { "\($0)/receipts" })
        let shutdown = Shutdown()
        var isAborted = false
        let results = try run.pay(payments, rate: rate, isAborted: { if shutdown.wait(milliseconds: 0) { isAborted = true }; return isAborted }) {
            common.say("paid \($0) of \($1)\($0 < $1 ? ", \($1 - $0) under way" : "")")
        }
        if let out { try PayCommand.write(results, to: out) }
        let open = results.filter { $0.outcome == "open" }.count
        if common.json {
            Console.print(JSONText.line(results))
        } else {
            for line in PayCommand.summary(results) { Console.print(line) }
            if let out { Console.print("Every line: \(out)/results.csv   Receipts: \(run.receipts) in \(out)/receipts") }
        }
        if run.lostReceipts > 0 {
            throw Failure(.failed, "\(run.lostReceipts) receipts could not be written to \(out ?? "")/receipts", "Check the free space; recorders keep them: concordat trace ID")
        }
        if open > 0 { throw ExitCode(Failure.Code.degraded.rawValue) }
        if !payments.faults.isEmpty { throw ExitCode(Failure.Code.failed.rawValue) }
    }

    /// Reads a file of payments; one that is none at all is refused as a whole.
    static func read(_ path: String) throws -> PaymentFile {
        let text = try TextFile.read(
            path, byteCountMax: WalletLimits.fileBytes, whenMissing: "Name a file of payments, for example examples/payments.csv.")
        let file = PaymentFile(Array(text.utf8))
        if file.lines.isEmpty, let fault = file.faults.first, fault.number == 1 {
            throw Failure(.configuration, "\(path), line 1: \(fault.problem)", "See examples/payments.csv for the form.")
        }
        return file
    }

    /// Reads `--copies`.
    private static func copies(_ text: String?) throws -> Int {
        let text = try Setting.text(text, "copies", default: "1")
        if text == "all" { return Limits.nodesPerChain }
        guard let number = Int(text), (1...Limits.nodesPerChain).contains(number) else {
            throw Setting.bad("copies", text, "Use all, or a number from 1 to \(Limits.nodesPerChain).")
        }
        return number
    }

    static func summary(_ results: [PaymentRun.Result]) -> [String] {
        var counts: [String: Int] = [:]
        var reasons: [String: Int] = [:]
        for result in results {
            counts[result.outcome, default: 0] += 1
            if !result.reason.isEmpty { reasons["\(result.outcome): \(result.reason)", default: 0] += 1 }
        }
        let line = ["settled", "refunded", "rejected", "open"].map { "\($0) \(counts[$0] ?? 0)" }.joined(separator: "   ")
        return ["payments \(results.count)   \(line)"] + reasons.sorted { $0.key < $1.key }.map { "  \($0.key) \($0.value)" }
    }

    static func write(_ results: [PaymentRun.Result], to folder: String) throws {
        try OutputFolder.make(folder)
        func cell(_ text: String) -> String {
            text.contains(where: { ",\"\n\r".contains($0) }) ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
        }
        var lines = ["line,id,outcome,reason,detail,transaction,receiver_milliseconds,payer_milliseconds"]
        for result in results {
            lines.append(
                [
                    "\(result.line)", result.id, result.outcome, result.reason, result.detail, result.transaction,
                    result.receiver_milliseconds.map { "\($0)" } ?? "", result.payer_milliseconds.map { "\($0)" } ?? "",
                ].map(cell).joined(separator: ","))
        }
        try OutputFolder.write(lines.joined(separator: "\n") + "\n", to: "\(folder)/results.csv")
        try OutputFolder.write(JSONText.pretty(results) + "\n", to: "\(folder)/results.json")
    }
}
