import ArgumentParser
import Auditor
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import WalletShell
import Wire

/// The main job from end to end: a network, a payment shown step by step, a file of payments, an audit.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Start a network, pay across chains, audit everything, stop, and write a report.",
        discussion: """
            Example:
              concordat demo --out out/run
            What an earlier demo left in the folder is replaced; a folder with anything else in it is refused.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions
    @Option(help: "Folder for the report, the results and the receipts. (default: out/run)")
    var out: String?
    @Option(help: "File of payments. (default: examples/payments.csv)")
    var payments: String?
    @Option(help: "Rules of the receivers' devices. (default: examples/agent.rules)")
    var rules: String?

    func run() throws {
        let begin = Date()
        let target = try Setting.text(out, "out", default: "out/run")
        let paymentsPath = try Setting.text(payments, "payments", default: "examples/payments.csv")
        let file = try PayCommand.read(paymentsPath)
        common.say("1. Making and starting a network …")
        var options = network
        if options.portBase == nil { options.portBase = 0 }
        let demo = try DemoNetwork(options, in: target, common)
        let accounts = try demo.accounts()
        let list = try AgentRulesFile.read(try Setting.text(rules, "rules", default: "examples/agent.rules"), accounts.book)
        let agent = WorkerThread.agent(demo.configuration, accounts: try accounts.book.entries.map { try accounts.signer($0.name) }, rules: list)
        defer { agent.stop() }
        common.say("2. Alice pays 10 X; Bob gets 100 Y on the other chain")
        let single = try payAlice(accounts, isAborted: demo.isAborted)
        common.say("3. Paying \(file.lines.count + file.faults.count) lines of \(paymentsPath) …")
        let run = try PaymentRun(accounts, strategy: .roundRobin, concurrency: 1_000, receiptsFolder: "\(target)/receipts")
        let results = try run.pay(file, isAborted: demo.isAborted) { common.say("   \($0) of \($1) have ended\($0 < $1 ? ", \($1 - $0) are under way" : "")") }
        try PayCommand.write(results, to: target)
        if let receipt = single.receipt {
            try ReceiptFile.write(ReceiptDesk(Inquiry(demo.configuration)).complete(receipt), named: "alice-to-bob", in: "\(target)/receipts")
        }
        common.say("4. Stopping the network, then auditing what it left")
        agent.stop()
        demo.runner.stop()
        let audit = try Audit.run(folder: demo.folder.path) { common.say("   audit: \($0)") }
        let report = DemoReport(
            demo.configuration, processes: demo.runner.processes.count, results: results, single: single, audit: audit,
            readySeconds: demo.runner.readySeconds, runSeconds: Date().timeIntervalSince(begin))
        try OutputFolder.write(JSONText.pretty(report) + "\n", to: "\(target)/report.json")
        try finish(report, audit, results, target)
    }

    private func payAlice(_ accounts: Accounts, isAborted: () -> Bool) throws -> SinglePayment.Ended {
        guard let asset = AssetID("X"),
            case .success(let order) = accounts.order(
                payer: try accounts.signer("alice"), to: "bob", asset: asset, amount: 10, deadlineMilliseconds: 60_000, memo: "10 X for 100 Y")
        else { throw Failure(.configuration, "this network has no contract between the chains of alice and bob", "Use at least two chains.") }
        let ended = try SinglePayment(accounts).pay(order, isAborted: isAborted)
        if !common.json, let name = ended.signed?.name, case .found(let trace) = try TraceDesk.fetch(name, Inquiry(accounts.configuration)) {
            for line in TraceTable.lines(trace, marks: ended.marks) { Console.print("   " + line) }
        }
        return ended
    }

    private func finish(_ report: DemoReport, _ audit: AuditReport, _ results: [PaymentRun.Result], _ target: String) throws {
        if common.json {
            Console.print(JSONText.line(report))
        } else {
            Console.print("")
            for line in PayCommand.summary(results) { Console.print(line) }
            Console.print("receiver sure after p50 \(report.latency_ms.receiver.p50) ms, p99 \(report.latency_ms.receiver.p99) ms; payer p50 \(report.latency_ms.payer.p50) ms, p99 \(report.latency_ms.payer.p99) ms")
            Console.print("audit: \(report.audit.blocks) blocks, \(report.audit.violations) violations, money \(report.conserved ? "conserved" : "NOT CONSERVED")")
            for violation in audit.violations.prefix(10) { Console.print("  \(violation)") }
            Console.print("ready in \(String(format: "%.1f", report.ready_seconds)) s, all in \(String(format: "%.1f", report.run_seconds)) s")
            Console.print("report \(target)/report.json   results \(target)/results.csv   receipts \(target)/receipts/")
        }
        guard report.payments.open == 0, report.audit.violations == 0, report.conserved else { throw ExitCode(Failure.Code.failed.rawValue) }
    }
}

/// The report of a run; its fields are what harnesses read.
struct DemoReport: Encodable {
    struct Shape: Encodable {
        var chains: Int, nodes: Int, notaries: Int, processes: Int

        init(_ configuration: NetworkConfiguration, processes: Int) {
            chains = configuration.network.chains.count
            nodes = configuration.network.chains.map(\.nodes.count).reduce(0, +)
            notaries = configuration.network.notary.nodes.count
            self.processes = processes
        }
    }
    struct Payments: Encodable { var submitted: Int, settled: Int, refunded: Int, rejected: Int, open: Int }
    struct Quantiles: Encodable { var p50: UInt64, p99: UInt64 }
    struct Latency: Encodable { var receiver: Quantiles, payer: Quantiles }
    struct Judgement: Encodable { var blocks: Int, violations: Int }
    var network: Shape
    var payments: Payments
    var rejections: [String: Int]
    var latency_ms: Latency
    var audit: Judgement
    var conserved: Bool
    var ready_seconds: Double
    var run_seconds: Double

    init(
        _ configuration: NetworkConfiguration, processes: Int, results: [PaymentRun.Result], single: SinglePayment.Ended,
        audit: AuditReport, readySeconds: Double, runSeconds: Double
    ) {
        network = Shape(configuration, processes: processes)
        let outcomes = results.map(\.outcome) + [single.outcome.name]
        func count(_ outcome: String) -> Int { outcomes.filter { $0 == outcome }.count }
        payments = Payments(
            submitted: outcomes.count, settled: count("settled"), refunded: count("refunded"), rejected: count("rejected"), open: count("open"))
        rejections = [:]
        for result in results where result.outcome == "rejected" { rejections[result.reason, default: 0] += 1 }
        let settled = results.filter { $0.outcome == "settled" }
        latency_ms = Latency(
            receiver: DemoReport.quantiles(settled.compactMap(\.receiver_milliseconds)),
            payer: DemoReport.quantiles(settled.compactMap(\.payer_milliseconds)))
        self.audit = Judgement(blocks: audit.blocks, violations: audit.violations.count)
        conserved = audit.conserved
        ready_seconds = (readySeconds * 100).rounded() / 100
        run_seconds = (runSeconds * 100).rounded() / 100
    }

    static func quantiles(_ values: [UInt64]) -> Quantiles {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return Quantiles(p50: 0, p99: 0) }
        return Quantiles(p50: sorted[sorted.count / 2], p99: sorted[min(sorted.count - 1, sorted.count * 99 / 100)])
    }
}
