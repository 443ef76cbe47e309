import ArgumentParser
import BankCore
import BankShell
import Foundation
import Runtime
import WalletDesk

/// Banks and other closed systems (A19).
struct BankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bank", abstract: "Join a bank's existing system to its chain: pain.001 files in, pain.002 reports out.",
        discussion: """
            Example:
              concordat bank check examples/banks/euro-to-dollar.xml --bank examples/banks/euro-bank.yaml --data out/banks/network
              concordat bank run --bank examples/banks/euro-bank.yaml --in inbox --out outbox
            docs/banks.md says what a payment file may hold, what each answer means, and how another system is attached.
            """,
        subcommands: [Run.self, Pay.self, Check.self, Status.self, Demo.self])

    struct Options: ParsableArguments {
        @OptionGroup var passphraseOptions: PassphraseOptions
        @Option(help: "The bank's file; docs/banks.md says what it holds.")
        var bank: String
        @Option(help: "Folder of the adapter's journal. (default: banks/CHAIN in the network's folder)")
        var state: String?

        func setup(_ common: CommonOptions) throws -> BankSetup {
            try BankSetup(try common.folder, bank: bank, state: Setting.text(state, "state"), passphrase: try passphraseOptions.passphrase())
        }
    }

    /// Says what happens, for people on standard error, for machines a line each on standard output.
    static func tell(_ event: BankAdapter.Event, _ common: CommonOptions) {
        struct Line: Encodable { var event: String, file: String?, status: String?, instructions: Int?, account: String?, amount: UInt64?, detail: String? }
        var line = Line(event: "", file: nil, status: nil, instructions: nil, account: nil, amount: nil, detail: nil)
        let text: String
        switch event {
        case .took(let file, let count, let refusals):
            (line.event, line.file, line.instructions) = ("took", file, count)
            line.detail = refusals.first?.text
            text = "took \(Console.printable(file)): \(refusals.first.map { "refused, \(Console.printable($0.text))" } ?? "\(count) instructions")"
        case .reported(let path, let status):
            (line.event, line.file, line.status) = ("reported", path, status)
            text = "\(status)  \(path)"
        case .credited(let credit):
            (line.event, line.account, line.amount) = ("credited", credit.account?.text, credit.amount)
            text = "credited \(credit.amount) minor units of \(credit.currency) to \(credit.account?.text ?? "") (\(Console.printable(credit.endToEndID)))"
        case .trouble(let problem):
            (line.event, line.detail) = ("trouble", problem)
            text = "trouble: \(Console.printable(problem))"
        case .receipt: return
        }
        if common.json { Console.print(JSONText.line(line)) } else { common.say(text) }
    }

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take payment files from a folder, pay them, leave reports in another, and credit what comes in; until stopped.",
            discussion: """
                Example:
                  concordat bank run --bank examples/banks/euro-bank.yaml --in inbox --out outbox
                Write a payment file under another name first and rename it to NAME.xml. It is moved to inbox/taken once it is in the journal.
                It can be stopped or killed at any moment, and started again: nothing is paid twice.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var options: Options
        @Option(name: .customLong("in"), help: "Folder into which payment files are put.")
        var inbox: String
        @Option(name: .customLong("out"), help: "Folder for reports.")
        var outbox: String
        @Option(help: "Folder for receipts. (default: none)")
        var receipts: String?

        func run() throws {
            let setup = try options.setup(common)
            let common = common
            let shutdown = Shutdown()
            let adapter = try setup.adapter(setup.folders(inbox: inbox, outbox: outbox), receipts: receipts) { BankCommand.tell($0, common) }
            try adapter.start()
            common.say("\(setup.file.profile.name) on \(setup.file.profile.chain): waiting for files in \(inbox); Ctrl-C ends it")
            while !shutdown.wait(milliseconds: 0) { try adapter.turn() }
        }
    }

    struct Pay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take one payment file, wait until everything in it has ended, and write its report.",
            discussion: """
                Example:
                  concordat bank pay examples/banks/euro-to-dollar.xml --bank examples/banks/euro-bank.yaml --out outbox
                A file that was taken before is answered as things stand, and nothing of it is paid again.
                Exit codes: 0 all is settled, 1 something was refused or came back, 2 not all has ended within --wait, 69 no network answers.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var options: Options
        @Argument(help: "The payment file, a pain.001.001.09.")
        var file: String
        @Option(name: .customLong("out"), help: "Folder for reports.")
        var outbox: String
        @Option(help: "Folder for receipts. (default: none)")
        var receipts: String?
        @Option(name: .customLong("wait"), help: "Seconds to wait for the end. (default: 300)")
        var waitOption: Int?

        func run() throws {
            let seconds = try Setting.number(waitOption, "wait", default: 300, in: 1...86_400)
            let setup = try options.setup(common)
            let bytes = try InitiationFile.bytes(of: file)
            try Inquiry.requireReachable(setup.configuration, setup.accounts.folder)
            let shutdown = Shutdown()
            let quiet = common
            let adapter = try setup.adapter(setup.folders(inbox: nil, outbox: outbox), receipts: receipts) { if !quiet.json { BankCommand.tell($0, quiet) } }
            try adapter.start()
            let fingerprint = try adapter.receive(bytes, named: file)
            let end = Date().addingTimeInterval(Double(seconds))
            while !adapter.desk.isReported(fingerprint), Date() < end, !shutdown.wait(milliseconds: 0) { try adapter.turn() }
            guard let report = adapter.desk.report(fingerprint) else { preconditionFailure("what was received is in the journal") }
            let message = BankTable.message(report)
            if common.json { Console.print(JSONText.line(message)) } else { for line in BankTable.lines(message) { Console.print(line) } }
            guard adapter.desk.isReported(fingerprint) else { throw ExitCode(Failure.Code.degraded.rawValue) }
            guard report.status == "ACSC" else { throw ExitCode(Failure.Code.failed.rawValue) }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong with a payment file: line, element, ISO's code. Nothing is paid, nothing is written.",
            discussion: """
                Example:
                  concordat bank check examples/banks/euro-to-dollar.xml --bank examples/banks/euro-bank.yaml
                Contracts that were deployed are known only while the network answers. What customers' accounts hold is not looked at.
                Exit codes: 0 all of it can be handed in, 1 something would be refused, 78 the bank's file makes no sense.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var options: Options
        @Argument(help: "The payment file, a pain.001.001.09.")
        var file: String

        func run() throws {
            let setup = try options.setup(common)
            let bytes = try InitiationFile.bytes(of: file)
            var contracts = setup.configuration.network.contracts
            if (try? Inquiry.requireReachable(setup.configuration, setup.accounts.folder)) == nil {
                common.say("the network does not answer: only contracts of its description are known")
            } else {
                contracts = try setup.contracts()
            }
            let message = InitiationFile.read(
                bytes,
                InitiationReader.Surroundings(
                    profile: setup.file.profile, chains: setup.configuration.network.chains.map(\.id), contracts: contracts, today: BankClock.today))
            var desk = BankDesk()
            _ = desk.apply(.received(message))
            guard let report = desk.report(message.header.fingerprint) else { preconditionFailure("what was received is known") }
            let table = BankTable.message(report)
            if common.json { Console.print(JSONText.line(table)) } else { for line in BankTable.lines(table) { Console.print(line) } }
            if !table.refusals.isEmpty || table.instructions.contains(where: { $0.status == "RJCT" }) { throw ExitCode(Failure.Code.failed.rawValue) }
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the files an adapter has taken, how far each instruction is, and what came in.",
            discussion: """
                Example:
                  concordat bank status --bank examples/banks/euro-bank.yaml
                Reads the journal only; the adapter may be running.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var options: Options

        func run() throws {
            let setup = try options.setup(common)
            let path = setup.folders(inbox: nil, outbox: "").journal
            guard FileManager.default.fileExists(atPath: path) else {
                throw Failure(.failed, "there is no journal \(path)", "No adapter has run there; name another folder with --state.")
            }
            let desk = BankDesk(try BankJournal(reading: path).entries())
            let messages = desk.allMessages.compactMap { desk.report($0.header.fingerprint) }.map { BankTable.message($0) }
            struct Credit: Encodable { var xid: String, account: String, amount: String, currency: String, end_to_end_id: String, state: String }
            let digits = setup.file.profile.currency.digits
            let credits = desk.allCredits.map { entry in
                Credit(
                    xid: entry.xid, account: entry.account?.text ?? "", amount: DecimalAmount.text(entry.amount, digits: digits), currency: entry.currency,
                    end_to_end_id: entry.endToEndID, state: entry.stage.text)
            }
            if common.json {
                struct Whole: Encodable { var bank: String, chain: String, messages: [BankTable.Message], credits: [Credit] }
                return Console.print(JSONText.line(Whole(bank: setup.file.profile.name, chain: setup.file.profile.chain.description, messages: messages, credits: credits)))
            }
            Console.print("\(setup.file.profile.name) on \(setup.file.profile.chain): \(messages.count) files, \(desk.openInstructionCount) instructions under way, \(credits.count) credits")
            for message in messages { for line in BankTable.lines(message) { Console.print(line) } }
            guard !credits.isEmpty else { return }
            Console.print("came in:")
            for line in Table.lines(
                [["  AMOUNT", "CCY", "ACCOUNT", "END TO END", "STATE"]]
                    + credits.map { ["  \($0.amount)", $0.currency, $0.account, Console.printable($0.end_to_end_id), Console.printable($0.state)] })
            { Console.print(line) }
        }
    }
}

extension CreditEntry.Stage {
    /// For people.
    var text: String {
        switch self {
        case .asked: "asked"
        case .accepted: "accepted"
        case .declined(let reason): "declined: \(reason.code.rawValue) \(reason.narrative)"
        case .committed: "committed"
        case .credited: "credited"
        case .lapsed: "lapsed"
        }
    }
}
