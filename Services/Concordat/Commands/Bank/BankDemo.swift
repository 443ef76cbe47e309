import ArgumentParser
import Auditor
import BankCore
import BankShell
import Cryptography
import Foundation
import Runtime
import WalletCore
import WalletDesk
import WalletShell
import Wire

extension BankCommand {
    /// Two banks, each a chain of one node, exchange currency: what `make run-banks` does.
    struct Demo: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start two banks, each a chain of one node, let them exchange currency, audit and reconcile everything, and write a report.",
            discussion: """
                Example:
                  concordat bank demo --out out/banks
                What an earlier demo left in the folder is replaced; a folder with anything else in it is refused.
                Exit codes: 0 all is as it should be, 1 a payment is open, the audit found something, or books and chain differ.
                """)
        @OptionGroup var common: CommonOptions
        @Option(help: "Folder for the report, the results, pain.002 files and receipts. (default: out/banks)")
        var out: String?
        @Option(help: "Folder of the two banks' files. (default: examples/banks)")
        var examples: String?

        func run() throws {
            let target = try Setting.text(out, "out", default: "out/banks")
            let files = try Setting.text(examples, "examples", default: "examples/banks")
            let begin = Date()
            let banks = try BankDemo.banks(files)
            common.say("1. Two banks, each a chain of one node, and four notaries …")
            let demo = try BankDemo(target, files, banks, common)
            defer { demo.stop() }
            common.say("2. A contract to exchange EUR and USD is deployed, and its reserves are filled")
            try demo.deployContract()
            common.say("3. Each bank's adapter takes the other's payment file …")
            try demo.startAdapters()
            try demo.exchange()
            for report in try demo.reports() where !common.json {
                for line in report.lines { Console.print("   " + line) }
            }
            common.say("4. Stopping everything, then auditing and reconciling what is left")
            let report = try demo.finish(runSeconds: { Date().timeIntervalSince(begin) })
            try OutputFolder.write(JSONText.pretty(report) + "\n", to: "\(target)/report.json")
            if common.json { Console.print(JSONText.line(report)) } else { for line in report.lines(target) { Console.print(line) } }
            guard report.isGood else { throw ExitCode(Failure.Code.failed.rawValue) }
        }
    }
}

/// The two banks of `concordat bank demo`.
final class BankDemo {
    /// One of them.
    struct Bank {
        /// Names its files: `NAME-bank.yaml`, `NAME-customers.yaml`.
        var name: String
        var chain: ChainID
        var asset: AssetID
        var customers: [CustomerLedger.Account]
        var paymentFile: String
    }

    private let target: String
    private let files: String
    private let banks: [Bank]
    private let common: CommonOptions
    private let network: DemoNetwork
    private var adapters: [Process] = []
    /// What each of them says.
    private var logs: [FileHandle] = []

    static let treasuryFunds: Amount = 1_000_000_000
    static let reserveFunds: Amount = 500_000_000
    private static let waitSeconds = 120.0
    private static let resultHeader = "bank,message,end_to_end_id,amount,currency,debtor,creditor,status,code,reason,transaction"

    static func banks(_ files: String) throws -> [Bank] {
        try [("euro", "EUR", "euro-to-dollar.xml"), ("dollar", "USD", "dollar-to-euro.xml")].map { name, asset, file in
            guard let chain = ChainID(name), let asset = AssetID(asset) else { preconditionFailure("these are names") }
            return Bank(name: name, chain: chain, asset: asset, customers: try CustomerFile.read("\(files)/\(name)-customers.yaml"), paymentFile: file)
        }
    }

    /// Makes the network: the banks' accounts own on their chains what customers own in the books.
    init(_ target: String, _ files: String, _ banks: [Bank], _ common: CommonOptions) throws {
        (self.target, self.files, self.banks, self.common) = (target, files, banks, common)
        let options = try NetworkOptions.parse(["--nodes", "1", "--name", "banks"])
        var plan = try options.plan()
        plan.named = banks.map { bank in
            NetworkPlan.NamedChain(
                id: bank.chain, asset: bank.asset,
                accounts: [("\(bank.name)-bank", bank.customers.reduce(0) { $0 + $1.opening }), ("\(bank.name)-treasury", BankDemo.treasuryFunds)])
        }
        network = try DemoNetwork(plan, portBase: 0, in: target, common)
    }

    private var folder: NetworkFolder { network.folder }
    private var configuration: NetworkConfiguration { network.configuration }

    /// Declares the exchange's terms, and puts each treasury's money into its reserves.
    func deployContract() throws {
        let accounts = try network.accounts()
        let contract = try ContractFile.read("\(files)/eur-usd.yaml", network: configuration.network).contract
        let deployer = try accounts.signer("\(banks[0].name)-treasury")
        guard let terms = try? DeclaredTerms(contract, deployer: deployer.publicKey, network: configuration.network.id) else {
            throw Failure(.configuration, "\(files)/eur-usd.yaml makes no contract", "See what is wrong: concordat contract check")
        }
        let desk = ContractDesk(Inquiry(configuration))
        try desk.handIn(terms, by: deployer)
        try desk.wait(for: terms, until: Date().addingTimeInterval(60), seconds: 60)
        for (bank, side) in zip(banks, [contract.first, contract.second]) {
            let order = PaymentOrder(
                route: .transfer(chain: side.chain), payer: try accounts.signer("\(bank.name)-treasury"), payee: side.reserve, asset: side.asset,
                amount: BankDemo.reserveFunds, memo: "reserve of \(contract.id)")
            let ended = try SinglePayment(accounts).pay(order, isAborted: network.isAborted)
            guard ended.outcome == .settled else { throw Failure(.failed, "the reserve on \(side.chain) could not be filled: \(ended.outcome.reason)", "") }
        }
    }

    private func path(_ bank: Bank, _ part: String) -> String { "\(target)/\(bank.name)/\(part)" }

    func startAdapters() throws {
        for bank in banks {
            for part in ["in", "out", "receipts"] { try OutputFolder.make(path(bank, part)) }
            let log = path(bank, "adapter.log")
            _ = FileManager.default.createFile(atPath: log, contents: nil)
            guard let handle = FileHandle(forWritingAtPath: log) else { throw Failure(.failed, "\(log) cannot be written", "Check the folder's owner and mode.") }
            logs.append(handle)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = [
                "bank", "run", "--data", folder.path, "--bank", "\(files)/\(bank.name)-bank.yaml", "--in", path(bank, "in"), "--out", path(bank, "out"),
                "--receipts", path(bank, "receipts"),
            ]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = handle
            process.standardError = handle
            try process.begin()
            adapters.append(process)
        }
    }

    /// Puts a file into a bank's inbox as a file-transfer program would: whole, by renaming.
    private func handIn(_ bank: Bank, _ name: String, as other: String) throws {
        try OutboxFile.write(try InitiationFile.bytes(of: "\(files)/\(name)"), to: path(bank, "in/\(other)"))
    }

    /// Both batches at once; then one of them again, word for word, which pays nothing.
    func exchange() throws {
        for bank in banks { try handIn(bank, bank.paymentFile, as: bank.paymentFile) }
        try wait("the report of the first files") { bank in finalReports(bank).count == 1 }
        let first = banks[0]
        let before = try finalReports(first).map { try modified($0) }
        try handIn(first, first.paymentFile, as: "again.xml")
        try wait("the report of the file that came again") { bank in try bank.name != first.name || finalReports(bank).map { try modified($0) } != before }
        // What has come in is booked a moment after the payer has its report.
        try wait("the last credits") { bank in try desk(setup(bank)).openCreditCount == 0 }
        common.say("   \(first.paymentFile) was handed in a second time: answered, and nothing paid again")
    }

    private func modified(_ path: String) throws -> Date? { try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date }

    private func finalReports(_ bank: Bank) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(bank, "out"))) ?? []
        return names.filter { $0.hasSuffix("-final.xml") && !$0.hasPrefix(".") }.sorted().map { path(bank, "out/\($0)") }
    }

    private func wait(_ what: String, _ isThere: (Bank) throws -> Bool) throws {
        let end = Date().addingTimeInterval(BankDemo.waitSeconds)
        while try !banks.allSatisfy(isThere) {
            if network.isAborted() { throw Failure(.failed, "stopped while waiting for \(what)", "") }
            if let index = adapters.firstIndex(where: { !$0.isRunning }) {
                throw Failure(.failed, "the adapter of \(banks[index].name) ended", "See \(path(banks[index], "adapter.log"))")
            }
            guard Date() < end else { throw Failure(.timedOut, "no end of \(what) within \(Int(BankDemo.waitSeconds)) s", "See \(path(banks[0], "adapter.log"))") }
            usleep(100_000)
        }
    }

    /// The final reports as the files have them, beside what the journals know of amounts and accounts.
    func reports() throws -> [BankDemoReport.Message] {
        try banks.flatMap { bank in
            let setup = try setup(bank)
            let desk = try desk(setup)
            return try finalReports(bank).map { path in
                let document = try StatusDocument(decoding: try InitiationFile.bytes(of: path)).report
                return BankDemoReport.Message(bank: bank.name, path: path, document: document, desk: desk)
            }
        }
    }

    private func desk(_ setup: BankSetup) throws -> BankDesk { BankDesk(try BankJournal(reading: setup.folders(inbox: nil, outbox: "").journal).entries()) }

    private func setup(_ bank: Bank) throws -> BankSetup { try BankSetup(folder, bank: "\(files)/\(bank.name)-bank.yaml", state: nil, passphrase: nil) }

    /// Stops everything and judges it.
    func finish(runSeconds: () -> Double) throws -> BankDemoReport {
        stopAdapters()
        let messages = try reports()
        network.runner.stop()
        var lines = [BankDemo.resultHeader]
        for message in messages { lines += message.csv }
        try OutputFolder.write(lines.joined(separator: "\n") + "\n", to: "\(target)/results.csv")
        let audit = try Audit.run(folder: folder.path) { common.say("   audit: \($0)") }
        let books = try banks.map { try reconcile($0, audit) }
        return BankDemoReport(
            configuration, processes: network.runner.processes.count + banks.count, messages: messages, audit: audit, books: books, readySeconds: network.runner.readySeconds,
            runSeconds: runSeconds())
    }

    /// What the bank owes its customers by its own books, against what the bank's account on the chain owns by the auditor's replay.
    private func reconcile(_ bank: Bank, _ audit: AuditReport) throws -> BankDemoReport.Books {
        let setup = try setup(bank)
        guard let ledger = try setup.customers() else { throw Failure(.configuration, "\(bank.name)-bank.yaml names no customers", "Restore the example.") }
        let balances = try ledger.balances()
        let account = setup.file.profile.account.bytes
        let owned = audit.chains.first { $0.id == bank.chain.description }?.balances.first { $0.account == account && $0.asset == bank.asset.description }?.amount ?? 0
        return BankDemoReport.Books(
            bank: bank.name, currency: bank.asset.description, customers: balances.reduce(0) { $0 + $1.amount }, chain: owned,
            under_way: balances.first { $0.number == CustomerLedger.reserved }?.amount ?? 0,
            accounts: balances.filter { !$0.name.isEmpty }.map {
                BankDemoReport.Account(number: $0.number, name: $0.name, balance: DecimalAmount.text($0.amount, digits: setup.file.profile.currency.digits))
            })
    }

    private func stopAdapters() {
        for process in adapters where process.isRunning { process.terminate() }
        for process in adapters { process.waitUntilExit() }
        adapters = []
    }

    /// A second time does nothing.
    func stop() {
        stopAdapters()
        network.runner.stop()
    }
}
