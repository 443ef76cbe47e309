import ArgumentParser
import Auditor
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import Wire

/// The bridge from end to end: two main chains of different consensus, a side chain, people of both trading there (B1 to B7).
struct BridgeDemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Start a network, peg a mined and a voting chain onto a third, lock, trade, redeem, audit, and write a report.",
        discussion: """
            Example:
              concordat bridge demo --out out/bridge
            What an earlier demo left in the folder is replaced; a folder with anything else in it is refused.
            Exit codes: 0 everything has ended and is accounted for, 1 something has not, or the audit found a violation.
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "Folder for the report, the results and the receipts. (default: out/bridge)")
    var out: String?
    @Option(help: "Folder of the pegs, the locks, the trades and the redemptions. (default: examples/bridge)")
    var inputs: String?
    @Option(help: "Nodes of each chain. (default: 4)")
    var nodes: Int?

    /// What the run reads.
    private struct Inputs {
        var folder: String
        var locks: BridgeFile
        var trades: PaymentFile
        var redemptions: BridgeFile

        init(_ folder: String) throws {
            self.folder = folder
            locks = try BridgeRun.read("\(folder)/locks.csv")
            trades = try PayCommand.read("\(folder)/trades.csv")
            redemptions = try BridgeRun.read("\(folder)/redemptions.csv")
        }

        static let pegs = ["gold.yaml", "grain.yaml"]
    }

    /// Seconds that a phase may take.
    private static let phaseSeconds = 120

    func run() throws {
        let begin = Date()
        let target = try Setting.text(out, "out", default: "out/bridge")
        let inputs = try Inputs(try Setting.text(inputs, "inputs", default: "examples/bridge"))
        let options = try NetworkOptions.parse(["--engines", "pow,bft,pos", "--port-base", "0"] + (nodes.map { ["--nodes", "\($0)"] } ?? []))
        common.say("1. Making and starting a network: alpha is mined, on beta nodes vote, on gamma, the side chain, stakes do …")
        let demo = try DemoNetwork(options, in: target, common)
        var accounts = try demo.accounts()
        common.say("2. Deploying the pegs; their members begin to watch")
        let members = try deploy(inputs, accounts)
        defer { for member in members { member.stop() } }
        accounts.learnContracts(Inquiry(demo.configuration))
        var report = BridgeDemoReport(demo.configuration, processes: demo.runner.processes.count, readySeconds: demo.runner.readySeconds)
        common.say("3. Locking \(inputs.locks.lines.count + inputs.locks.faults.count) amounts on alpha and beta; they are issued on gamma …")
        let locks = try order(.lock, inputs.locks, accounts, demo.isAborted)
        common.say("4. \(inputs.trades.lines.count) trades on gamma between people of alpha and of beta …")
        let run = try PaymentRun(accounts, strategy: .roundRobin, concurrency: 1_000, receiptsFolder: "\(target)/receipts")
        let trades = try run.pay(inputs.trades, isAborted: demo.isAborted) { common.say("   \($0) of \($1) have ended") }
        common.say("5. A deal: alice's 50 alpha/X on gamma for bob's 500 Y on beta, both or neither")
        report.deal = try deal(accounts).rawValue
        common.say("6. Redeeming \(inputs.redemptions.lines.count + inputs.redemptions.faults.count) amounts, by those who now have them …")
        let redemptions = try order(.redeem, inputs.redemptions, accounts, demo.isAborted)
        report.pegs = try standings(demo.configuration)
        common.say("7. Stopping the network, then auditing what it left")
        for member in members { member.stop() }
        demo.runner.stop()
        let audit = try Audit.run(folder: demo.folder.path) { common.say("   audit: \($0)") }
        report.take(locks: locks, trades: trades, redemptions: redemptions, audit, seconds: Date().timeIntervalSince(begin))
        try OutputFolder.write(JSONText.pretty(locks + redemptions) + "\n", to: "\(target)/orders.json")
        try PayCommand.write(trades, to: target)
        try OutputFolder.write(JSONText.pretty(report) + "\n", to: "\(target)/report.json")
        try finish(report, audit, locks, trades, redemptions, target)
    }

    /// Deploys the pegs. Of each list of members as many as its threshold asks for go to work; the others stay away.
    private func deploy(_ inputs: Inputs, _ accounts: Accounts) throws -> [WorkerThread] {
        let desk = ContractDesk(Inquiry(accounts.configuration))
        let deployer = try accounts.signer("alice")
        var pegs: [Contract] = []
        for name in Inputs.pegs {
            let path = "\(inputs.folder)/\(name)"
            var contract = try ContractFile.read(path, network: accounts.configuration.network) { accounts.book[$0]?.key }.contract
            contract.version = 1
            if let finding = ContractFile.findings(contract, network: accounts.configuration.network).first(where: \.isFatal) {
                throw Failure(.configuration, "\(path): \(finding.problem)", finding.advice)
            }
            guard contract.peg != nil, let terms = try? DeclaredTerms(contract, deployer: deployer.publicKey, network: accounts.configuration.network.id) else {
                throw Failure(.configuration, "\(path) makes no peg", "See what is wrong: concordat contract check \(path)")
            }
            try desk.handIn(terms, by: deployer)
            try desk.wait(for: terms, until: Date().addingTimeInterval(Double(BridgeDemoCommand.phaseSeconds)), seconds: BridgeDemoCommand.phaseSeconds)
            pegs.append(contract)
        }
        var names: [String] = []
        for peg in pegs {
            guard let terms = peg.peg else { continue }
            common.say("   \(peg.id): \(peg.first.asset) of \(peg.first.chain) as \(peg.second.asset) on \(peg.second.chain); \(terms.issuers.threshold) of \(terms.issuers.keys.count) attest locks, \(terms.releasers.threshold) of \(terms.releasers.keys.count) redemptions")
            for list in [terms.issuers, terms.releasers] { names += list.keys.compactMap { accounts.book.name(of: $0) }.sorted().prefix(list.threshold) }
        }
        let working = Set(names).sorted()
        common.say("   working: \(working.joined(separator: ", "))")
        return try working.map { WorkerThread.member(accounts.configuration, pegs: pegs, signer: try accounts.signer($0), name: $0) }
    }

    private func order(_ kind: BridgeOrder.Kind, _ file: BridgeFile, _ accounts: Accounts, _ isAborted: () -> Bool) throws -> [BridgeRun.Result] {
        try BridgeRun(kind, accounts).order(file, seconds: BridgeDemoCommand.phaseSeconds, isAborted: isAborted) { common.say("   \($0) of \($1) have ended") }
    }

    private func deal(_ accounts: Accounts) throws -> DealDesk.Outcome {
        let configuration = accounts.configuration
        let order = try DealOrder(["alice bob 50 alpha/X@gamma", "bob alice 500 Y@beta"], accounts)
        let now = BusClock.now().wallMilliseconds
        let signers = try order.payers.map { try accounts.signer($0) }
        let cross = CrossTransaction(
            network: configuration.network.id, contract: Agreement.id, contractVersion: Agreement.version, legs: order.parts.map(\.leg),
            deadline: now + UInt64(BridgeDemoCommand.phaseSeconds) * 1_000, nonce: now, memo: "delivery against payment", signers: signers)
        let desk = DealDesk(Inquiry(configuration), cross)
        try desk.open(by: signers[0])
        let consenting = try configuration.network.confirmers(of: cross).compactMap { key in try accounts.book.name(of: key).map { try accounts.signer($0) } }
        let outcome = try desk.follow(consenting: consenting, initiator: signers[0], seconds: BridgeDemoCommand.phaseSeconds)
        common.say("   \(outcome.rawValue)\(desk.reason.map { ": \($0.code)" } ?? "")  \(cross.xid.hex)")
        return outcome
    }

    private func standings(_ configuration: NetworkConfiguration) throws -> [BridgeCommand.Status.Row] {
        let desk = BridgeDesk(Inquiry(configuration))
        return try desk.pegs().map { try BridgeCommand.Status.row(of: $0, desk) }
    }

    private func finish(
        _ report: BridgeDemoReport, _ audit: AuditReport, _ locks: [BridgeRun.Result], _ trades: [PaymentRun.Result], _ redemptions: [BridgeRun.Result],
        _ target: String
    ) throws {
        if common.json {
            Console.print(JSONText.line(report))
        } else {
            Console.print("")
            for line in BridgeRun.summary(locks) + BridgeRun.summary(redemptions) { Console.print(line) }
            for line in PayCommand.summary(trades) { Console.print(line.replacingOccurrences(of: "payments", with: "trades")) }
            for line in BridgeCommand.Status.table(report.pegs) { Console.print(line) }
            Console.print("issued after p50 \(report.latency_ms.issued.p50) ms, p99 \(report.latency_ms.issued.p99) ms; released after p50 \(report.latency_ms.released.p50) ms, p99 \(report.latency_ms.released.p99) ms")
            Console.print("audit: \(report.audit.blocks) blocks, \(report.audit.violations) violations, money \(report.conserved ? "conserved" : "NOT CONSERVED"), what is out is \(report.covered ? "covered" : "NOT COVERED") by what is in custody")
            for violation in audit.violations.prefix(10) { Console.print("  \(violation)") }
            Console.print("ready in \(String(format: "%.1f", report.ready_seconds)) s, all in \(String(format: "%.1f", report.run_seconds)) s")
            Console.print("report \(target)/report.json   orders \(target)/orders.json   trades \(target)/results.csv   receipts \(target)/receipts/")
        }
        guard report.isClean else { throw ExitCode(Failure.Code.failed.rawValue) }
    }
}
