import ArgumentParser
import Cryptography
import Foundation
import Runtime

/// The one executable: every role, and the commands of operators and wallets.
@main
struct Concordat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "concordat",
        abstract: "Sovereign ledgers that trade with each other, all-or-nothing.",
        discussion: """
            First steps:
              concordat up             make a network in .concordat and start it
              concordat status         see how it is

            An option --some-thing that has a default can also be given as the environment variable CONCORDAT_SOME_THING.
            Exit codes: 0 done, 1 failed, 2 degraded, 27 timed out, 64 usage, 69 unreachable, 78 bad configuration.
            """,
        version: Version.text,
        subcommands: CommandTree.commands)

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            try SodiumLibrary.prepare()
            try CommandTree.checkSubcommand(arguments)
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            Failure.exit(with: error, isJSON: arguments.contains("--json") || Setting.isOn("json"))
        }
    }
}

/// The subcommands, and help for a mistyped one.
enum CommandTree {
    static let commands: [any ParsableCommand.Type] = [
        InitCommand.self, UpCommand.self, DownCommand.self, ScaleCommand.self, RestartCommand.self, RunCommand.self, StatusCommand.self, SendCommand.self, PayCommand.self, LoadCommand.self, DealCommand.self, AgentCommand.self,
        ContractCommand.self, BridgeCommand.self, BrakesCommand.self, BankCommand.self,
        ConfirmCommand.self, CancelCommand.self, BalanceCommand.self, ReceiptCommand.self,
        HeadersCommand.self, GatewayCommand.self,
        TopCommand.self, TapCommand.self, ReplayCommand.self, AlarmsCommand.self, HealthCommand.self, HeartbeatCommand.self, TraceCommand.self, PendingCommand.self, EvidenceCommand.self, KeysCommand.self, ChainCommand.self,
        NotaryCommand.self, StakeCommand.self,
        AuditCommand.self, RebuildCommand.self, DemoCommand.self, CompletionsCommand.self,
    ]

    /// ArgumentParser suggests options but not subcommands.
    static func checkSubcommand(_ arguments: [String]) throws {
        let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
        guard let word = words.first, !word.hasPrefix("-") else { return }
        let known = commands.map { $0._commandName } + ["help"]
        guard !known.contains(word) else { return }
        let closest = Suggestion.closest(to: word, among: known)
        throw Failure(
            .usage, "there is no command \(word)",
            closest.map { "Did you mean: concordat \($0)" } ?? "Commands: \(known.joined(separator: ", ")). See concordat --help")
    }
}
