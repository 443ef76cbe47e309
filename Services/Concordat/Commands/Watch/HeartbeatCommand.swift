import ArgumentParser
import Foundation
import Runtime
import WalletDesk

/// Sends small payments of its own, and says when they do not arrive.
struct HeartbeatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heartbeat", abstract: "Send a small payment again and again, and say how long it takes, and when it does not arrive.",
        discussion: """
            Example:
              concordat heartbeat --every 10s --metrics 127.0.0.1:9464
              concordat heartbeat --every 1s --count 5 --json
            It pays from one account to another on another chain, and back, so both keys must be in the folder. concordat up --heartbeat 10s does the same.
            Exit codes: 0 all arrived, 2 one did not, 69 no network answers.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @OptionGroup var logs: LogOptions
    @OptionGroup var metrics: MetricsOption
    @OptionGroup var accountOptions: HeartbeatAccounts
    @Option(help: "Time from one beat to the next, such as 10s. (default: 10s)")
    var every: String?
    @Option(help: "End after so many beats. (default: when stopped)")
    var count: Int?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let everyMilliseconds = try TimeSpan.read(try Setting.text(every, "every", default: "10s"), "every")
        let count = try count.map { try Setting.number($0, "count", default: 1, in: 1...1_000_000) }
        let address = try metrics.address()
        let heart = try accountOptions.heart(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let shown = HeartbeatMetrics()
        let exporter = Exporter("heartbeat")
        exporter.add(shown)
        defer { exporter.stop() }
        if let address { common.say("Metrics: http://\(try exporter.serve(address, folder, configuration, logger: try logs.logger("heartbeat")))/metrics") }
        if address == nil { try Inquiry.requireReachable(configuration, folder) }
        let shutdown = Shutdown()
        var isStopped = false
        var hasFailed = false
        try HeartbeatLoop(heart: heart, metrics: shown, everyMilliseconds: everyMilliseconds).run(count: count) {
            if !isStopped, shutdown.wait(milliseconds: 0) { isStopped = true }
            return isStopped
        } tell: { beat, _ in
            if !beat.arrived { hasFailed = true }
            tell(beat)
        }
        exporter.leave(folder)
        if hasFailed { throw ExitCode(Failure.Code.degraded.rawValue) }
    }

    private func tell(_ beat: Heartbeat.Beat) {
        if common.json {
            struct Line: Encodable { var id: String, from: String, to: String, arrived: Bool, problem: String?, receiver_milliseconds: UInt64?, settled_milliseconds: UInt64? }
            return Console.print(
                JSONText.line(
                    Line(
                        id: beat.id, from: beat.from, to: beat.to, arrived: beat.arrived, problem: beat.arrived ? nil : beat.problem,
                        receiver_milliseconds: beat.receiverMilliseconds, settled_milliseconds: beat.settledMilliseconds)))
        }
        let time = ClockText.of(BusClock.now().wallMilliseconds)
        guard beat.arrived else { return Console.print("\(time)  \(beat.from) → \(beat.to)  did not arrive: \(beat.problem)  \(beat.id)") }
        if !common.quiet { Console.print("\(time)  \(beat.from) → \(beat.to)  receiver sure after \(beat.receiverMilliseconds ?? 0) ms, settled after \(beat.settledMilliseconds ?? 0) ms") }
    }
}

/// Who pays whom in a heartbeat, and how long it may take.
struct HeartbeatAccounts: ParsableArguments {
    @Option(name: .customLong("heartbeat-from"), help: ArgumentHelp("Account that the heartbeat pays from, and back to. (default: alice)", valueName: "name"))
    var from: String?
    @Option(name: .customLong("heartbeat-to"), help: ArgumentHelp("Account of another chain that it pays to. (default: bob)", valueName: "name"))
    var to: String?
    @Option(name: .customLong("heartbeat-patience"), help: ArgumentHelp("A heartbeat that has not ended by then has failed, such as 30s. (default: 30s)", valueName: "span"))
    var patience: String?

    func heart(_ folder: NetworkFolder, _ configuration: NetworkConfiguration, passphrase: String?) throws -> Heartbeat {
        let patience = try TimeSpan.read(try Setting.text(patience, "heartbeat-patience", default: "30s"), "heartbeat-patience")
        guard (1_000...3_600_000).contains(patience) else { throw Setting.bad("heartbeat-patience", "\(patience) ms", "Give from 1s to 1h.") }
        var accounts = try Accounts(folder, configuration, passphrase: passphrase)
        let names = (try Setting.text(from, "heartbeat-from", default: "alice"), try Setting.text(to, "heartbeat-to", default: "bob"))
        do {
            return try Heartbeat(accounts, from: names.0, to: names.1, patienceMilliseconds: patience)
        } catch let failure as Failure where failure.code == .usage {
            // The contract may have been deployed since the network was made.
            accounts.learnContracts(Inquiry(configuration))
            return try Heartbeat(accounts, from: names.0, to: names.1, patienceMilliseconds: patience)
        }
    }
}
