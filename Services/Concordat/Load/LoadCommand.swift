import ArgumentParser
import Foundation
import LoadCore
import LoadShell
import Runtime
import WalletDesk
import Wire

/// Drives a network with payments, and judges how it bears them.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Drive the network with payments, measure it, and look every payment up again.",
        discussion: """
            Example:
              concordat load --rate 200 --duration 30s --mix transfer=80,cross=20 --slo 'final.p99<2s' --slo 'lost<1'
              concordat load --closed 50 --duration 1m
              concordat load --saturate
            Payments come in an open loop, whether or not the network keeps up, and latencies count from when each was to be sent. Payers are the accounts of the
            address book; this program also runs their devices. Ctrl-C ends the sending; what is under way is waited for and reported.
            Exit codes: 0, 1 it could not run, 2 an objective was missed or payments did not end or are not as told, 64 usage, 69 no network, 78 bad configuration.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @OptionGroup var options: LoadOptions
    @OptionGroup var judgement: LoadJudgement

    func run() throws {
        let plan = try options.run()
        let objectives = try judgement.objectives()
        let way = try judgement.way()
        let (strategy, wait) = (try judgement.strategy(), try judgement.waitMicroseconds())
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        try Inquiry.requireReachable(configuration, folder)
        var accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let inquiry = Inquiry(configuration)
        accounts.learnContracts(inquiry)
        let cast = try LoadCast(accounts, deadlineMilliseconds: try options.deadlineMilliseconds())
        let lanes = try cast.laneCount(plan, workers: 1)
        let id = LoadCommand.newID()
        let target = try Setting.text(judgement.out, "out", default: "runs/\(id)")
        try OutputFolder.make(target)
        sayHead(id, plan, configuration, lanes: lanes)
        let reader = way == .ledger ? try LedgerReader(configuration.network) { try inquiry.ask($0) } : nil
        let session = try LoadSession(
            cast, .init(run: plan, strategy: strategy, waitMicroseconds: wait, hasDevices: !judgement.noDevices, range: 0..<lanes, laneCount: lanes))
        var meters = LoadMeters(folder)
        let shutdown = Shutdown()
        let ended = try session.run(isAborted: { shutdown.wait(milliseconds: 0) }, sendingEnded: { meters?.markSendingEnd() }) {
            common.say(LoadOutput.progress($0, $1))
        }
        var payments = ended.payments
        let sending = min(plan.durationMicroseconds, UInt64(ended.wholeSeconds * 1e6))
        let checks = payments.reduce(0) { $0 + ($1.outcome == .settled ? SignatureFloor.checks(of: $1, in: configuration.network) : 0) }
        let cost = meters?.cost(RunTally(payments, durationMicroseconds: sending), checksNeeded: checks)
        let verification = try LoadVerification(
            way: way, configuration: configuration, folder: folder, reader: reader, startMilliseconds: ended.startMilliseconds
        ).run(&payments, seed: plan.seed) { common.say($0) }
        let tally = RunTally(payments, durationMicroseconds: sending)
        let head = LoadCommand.head(id, plan, configuration, ended, lanes: lanes, workers: 1)
        let report = LoadReport(
            run: head, tally: tally, asked: plan.arrivals.askedPerSecond(durationMicroseconds: plan.durationMicroseconds), objectives: objectives, cost: cost,
            verification: verification)
        try LoadOutput.write(report, tally, payments, to: target)
        try tell(report, target)
    }

    private static func newID() -> String {
        let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private func sayHead(_ id: String, _ plan: LanePlan.Run, _ configuration: NetworkConfiguration, lanes: Int) {
        let wanted = plan.wantedLanes
        common.say("run \(id)  \(plan.arrivals.text), seed \(plan.seed), mix \(plan.mix.text), \(configuration.network.chains.count) chains, \(lanes) lanes")
        if wanted > lanes { common.say("\(wanted) lanes would carry this rate with ease; more need more accounts (concordat init --clients N), or --workers") }
    }

    private static func head(
        _ id: String, _ plan: LanePlan.Run, _ configuration: NetworkConfiguration, _ ended: LoadSession.Ended, lanes: Int, workers: Int
    ) -> LoadReport.Run {
        let network = configuration.network
        return LoadReport.Run(
            id: id, network: configuration.name, networkID: network.id.hex, chains: network.chains.count, nodes: network.chains.reduce(0) { $0 + $1.nodes.count },
            notaries: network.notary.nodes.count, arrivals: plan.arrivals.text, mix: plan.mix.text, seed: plan.seed,
            durationSeconds: Double(plan.durationMicroseconds) / 1e6, wholeSeconds: ended.wholeSeconds, workers: workers, lanes: lanes,
            startedMilliseconds: ended.startMilliseconds, version: Version.text)
    }

    private func tell(_ report: LoadReport, _ target: String) throws {
        if common.json {
            Console.print(JSONText.line(report))
        } else {
            for line in LoadOutput.lines(report, try common.paint) { Console.print(line) }
            Console.print("report    \(target)/{\(LoadOutput.files)}")
        }
        if !report.passed { throw ExitCode(Failure.Code.degraded.rawValue) }
    }
}
