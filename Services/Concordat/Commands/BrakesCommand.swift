import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletDesk
import WalletShell
import Wire

/// Caps, delays and pauses: what is near its limit, and a notary operator's word to stop something (G-1 to G-6).
struct BrakesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "brakes", abstract: "See caps, delays and pauses; as the operator of a notary, pause or resume something.",
        discussion: """
            Example:
              concordat brakes
              concordat brakes --near 80% --json
              concordat brakes pause --contract vault --notary notary-1
              concordat brakes resume --contract vault --notary notary-1
            Something is paused once more notaries consent than may be faulty, and goes on once a quorum does. New payments with it are refused
            meanwhile; what is held is settled or comes back all the same. docs/operations.md says when to do it.
            """,
        subcommands: [Show.self, PauseIt.self, Resume.self], defaultSubcommand: Show.self)

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show every cap with what is used of it, delays, what waits, and pauses.",
            discussion: """
                Example:
                  concordat brakes show --near 80%
                Exit codes: 0 nothing to see to; 2 a cap in force is used as far as --near says, or something is paused; 69 nobody answers.
                """)
        @OptionGroup var common: CommonOptions
        @Option(help: "Only caps of which so much is used, in percent. (default: 0%, all of them)")
        var near: String?

        func run() throws {
            let text = near ?? "0%"
            guard let percent = UInt64(text.hasSuffix("%") ? String(text.dropLast()) : text), percent <= 100 else {
                throw Failure(.usage, "--near '\(text)' is no share from 0% to 100%", "For example --near 80%.")
            }
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            try Inquiry.requireReachable(configuration, folder)
            var report = try BrakeDesk(Inquiry(configuration)).report()
            report.caps = report.caps.filter { $0.share_percent >= percent }
            if common.json { Console.print(JSONText.line(report)) } else { show(report) }
            let isNear = near != nil && report.caps.contains { $0.mode == "enforced" }
            // A chain that has left stays stopped for ever: nothing is to be done about it.
            let left = try ChainInquiry(common).states().filter(\.left).map { PauseTarget.chain($0.chain).text }
            if isNear || report.pauses.contains(where: { $0.level == "paused" && !left.contains($0.target) }) { throw ExitCode(Failure.Code.degraded.rawValue) }
        }

        private func show(_ report: BrakeDesk.Report) {
            func table(_ head: [String], _ rows: [[String]]) {
                guard !rows.isEmpty else { return }
                for line in Table.lines([head] + rows) { Console.print(line) }
                Console.print("")
            }
            table(
                ["CAP", "CHAIN", "ASSET", "WAY", "MODE", "USED", "OF", "SHARE", "WINDOW s", "FREE IN s", "WOULD REFUSE"],
                report.caps.map {
                    [
                        $0.contract, $0.chain, $0.asset, $0.way, $0.mode, "\($0.used)", "\($0.amount)", "\($0.share_percent)%", seconds($0.window_milliseconds),
                        $0.full_in_milliseconds.map(seconds) ?? "-", "\($0.would_refuse)",
                    ]
                })
            table(
                ["DELAY", "CHAIN", "ASSET", "MODE", "FROM", "SECONDS", "WOULD REFUSE"],
                report.delays.map { [$0.contract, $0.chain, $0.asset, $0.mode, "\($0.amount)", seconds($0.milliseconds), "\($0.would_refuse)"] })
            table(["WAITING", "CHAIN", "CONTRACT", "AMOUNT", "FOR"], report.waiting.map { [$0.id, $0.chain, $0.contract, "\($0.amount)", $0.reason] })
            table(
                ["PAUSE OF", "LEVEL", "CHANGE", "NOTARY BLOCK", "TAKEN IN BY", "WOULD REFUSE", "WANTED"],
                report.pauses.map { row in
                    [
                        row.target, row.level, "\(row.number)", "\(row.notary_height)", row.taken_by.isEmpty ? "-" : row.taken_by.joined(separator: ", "),
                        "\(row.would_refuse)", row.wishes.isEmpty ? "-" : row.wishes.map { "\($0.level) by \($0.notary)" }.joined(separator: ", "),
                    ]
                })
            if report.caps.isEmpty, report.delays.isEmpty, report.waiting.isEmpty, report.pauses.isEmpty { Console.print("no brakes, and nothing waits") }
        }

        private func seconds(_ milliseconds: UInt64) -> String { milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)" : String(format: "%.1f", Double(milliseconds) / 1_000) }
    }

    /// What pause and resume have in common.
    struct TargetOptions: ParsableArguments {
        @Option(help: "Everything with a leg on this chain.")
        var chain: String?
        @Option(help: "Everything under this contract, all its versions; agreement for all that is under none.")
        var contract: String?
        @Option(help: "Everything with this asset: CHAIN/ASSET.")
        var asset: String?
        @Option(help: "The notary whose operator you are; its key is in the folder.")
        var notary: String
        @OptionGroup var passphrase: PassphraseOptions
        @OptionGroup var common: CommonOptions

        func run(_ level: PauseLevel) throws {
            let folder = try common.folder
            let configuration = try NetworkFile.read(folder.networkFile)
            let notaries = configuration.network.notary.listed.map(\.id)
            guard notaries.contains(notary) else { throw Failure(.usage, "\(notary) is no notary", "Use one of: \(notaries.joined(separator: ", ")).") }
            guard let path = folder.identityKeys(notary).last else {
                throw Failure(.configuration, "the key of \(notary) is not in \(folder.path)/keys", "Run this where the notary runs, with --data.")
            }
            let signer = try KeyFile.readIdentity(path, passphrase: try passphrase.passphrase()).signer
            try Inquiry.requireReachable(configuration, folder)
            let desk = BrakeDesk(Inquiry(configuration))
            let state = try desk.consent(to: level, of: desk.target(chain: chain, contract: contract, asset: asset), by: notary, signer: signer)
            struct Row: Encodable { var target: String, level: String, wanted: String, by: [String] }
            let by = state.wishes.filter { $0.level == level }.map(\.notary)
            if common.json { return Console.print(JSONText.line(Row(target: state.target.text, level: state.level.state, wanted: level.state, by: by))) }
            Console.print("\(state.target.text) is \(state.level.state); \(level.state) is wanted by \(by.isEmpty ? "nobody more" : by.joined(separator: ", "))")
        }
    }

    struct PauseIt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pause", abstract: "Consent, as a notary, to stop new business with a chain, a contract or an asset.",
            discussion: """
                Example:
                  concordat brakes pause --asset alpha/X --notary notary-1
                  concordat brakes pause --contract vault --observe --notary notary-1
                With --observe nothing is stopped: what a pause would stop is counted.
                """)
        @Flag(help: "Log-only: count what would be stopped, and stop nothing.")
        var observe = false
        @OptionGroup var options: TargetOptions

        func run() throws { try options.run(observe ? .observed : .paused) }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Consent, as a notary, to let business go on.",
            discussion: """
                Example:
                  concordat brakes resume --asset alpha/X --notary notary-1
                """)
        @OptionGroup var options: TargetOptions

        func run() throws { try options.run(.open) }
    }
}
