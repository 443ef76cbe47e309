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
            Exit codes: 0, 1 it could not run, 2 an objective was missed or payments did not end or are not as told, 27 workers did not come, 64 usage, 69 no network,
            78 bad configuration.
            """,
        subcommands: [LoadWorkerCommand.self])

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @OptionGroup var options: LoadOptions
    @OptionGroup var judgement: LoadJudgement
    @OptionGroup var spread: LoadSpread
    @OptionGroup var link: LoadLink

    /// What the command sees of the network.
    private struct Place {
        var folder: NetworkFolder
        var configuration: NetworkConfiguration
        var inquiry: Inquiry
        var target: String
        var id: String
    }

    func run() throws {
        let plan = try options.run(isSaturation: spread.saturate)
        let objectives = try judgement.objectives()
        let way = try judgement.way()
        let deadline = try options.deadlineMilliseconds()
        let sending = try spread.way(judgement, link, deadlineMilliseconds: deadline, common, passphraseOptions)
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        try Inquiry.requireReachable(configuration, folder)
        var accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        let inquiry = Inquiry(configuration)
        accounts.learnContracts(inquiry)
        let cast = try LoadCast(accounts, deadlineMilliseconds: deadline)
        let conductor = LoadConductor(cast, sending)
        let id = LoadCommand.newID()
        let place = Place(
            folder: folder, configuration: configuration, inquiry: inquiry, target: try Setting.text(judgement.out, "out", default: "runs/\(id)"), id: id)
        try OutputFolder.make(place.target)
        sayHead(id, plan, cast.chains, lanes: try conductor.laneCount(plan))
        let reader = way == .ledger ? try LedgerReader(configuration.network) { try inquiry.ask($0) } : nil
        let shutdown = Shutdown()
        var isAborted = false
        func wantsEnd() -> Bool {
            if shutdown.wait(milliseconds: 0) { isAborted = true }
            return isAborted
        }
        var meters = LoadMeters(folder)
        var saturation: LoadReport.Saturation?
        let ended: LoadSession.Ended
        if spread.saturate {
            let first = plan.arrivals.highestPerSecond ?? 1
            (ended, saturation) = try conductor.saturate(plan, first: first, folder: folder, isAborted: wantsEnd) { common.say($0) }
        } else {
            ended = try conductor.run(plan, isAborted: wantsEnd, sendingEnded: { meters?.markSendingEnd() }) { common.say(LoadOutput.progress($0, $1)) }
        }
        try judge(ended, saturation, plan, objectives, meters, conductor, place) { payments in
            try LoadVerification(way: way, configuration: configuration, folder: folder, reader: reader, startMilliseconds: ended.startMilliseconds)
                .run(&payments, seed: plan.seed) { common.say($0) }
        }
    }

    /// Verifies, writes and tells.
    private func judge(
        _ ended: LoadSession.Ended, _ saturation: LoadReport.Saturation?, _ plan: LanePlan.Run, _ objectives: [ServiceObjective], _ meters: LoadMeters?,
        _ conductor: LoadConductor, _ place: Place, verify: (inout [LoadPayment]) throws -> LoadReport.Verification
    ) throws {
        var payments = ended.payments
        let network = place.configuration.network
        let span = UInt64(ended.wholeSeconds * 1e6)
        let sending = saturation == nil ? min(plan.durationMicroseconds, span) : span
        let settled = payments.filter { $0.outcome == .settled }
        let checks = settled.reduce(0) { $0 + SignatureFloor.checks(of: $1, in: network) }
        let cost = meters?.cost(settled: settled.count, checksNeeded: checks, workerMilliseconds: conductor.workerMilliseconds)
        let verification = try verify(&payments)
        let tally = RunTally(payments, durationMicroseconds: sending)
        let run = LoadReport.Run(
            id: place.id, network: place.configuration.name, networkID: network.id.hex, chains: network.chains.count,
            nodes: network.chains.reduce(0) { $0 + $1.nodes.count }, notaries: network.notary.nodes.count,
            arrivals: saturation == nil ? plan.arrivals.text : "open loop, poisson, step by step", mix: plan.mix.text, seed: plan.seed,
            durationSeconds: Double(sending) / 1e6, wholeSeconds: ended.wholeSeconds, workers: spread.workers ?? 0, lanes: try conductor.laneCount(plan),
            startedMilliseconds: ended.startMilliseconds, version: Version.text)
        let asked = saturation == nil ? plan.arrivals.askedPerSecond(durationMicroseconds: plan.durationMicroseconds) : nil
        let report = LoadReport(run: run, tally: tally, asked: asked, objectives: objectives, cost: cost, verification: verification, saturation: saturation)
        try LoadOutput.write(report, tally, payments, to: place.target)
        try tell(report, place.target)
    }

    /// More chains than this are counted instead of named.
    private static let namedChains = 6

    private static func newID() -> String {
        let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private func sayHead(_ id: String, _ plan: LanePlan.Run, _ chains: [ChainID], lanes: Int) {
        let wanted = plan.wantedLanes
        let what = spread.saturate ? "rising from \(LoadText.decimal(plan.arrivals.highestPerSecond ?? 0, 1))/s" : plan.arrivals.text
        let who = spread.workers.map { ", \($0) workers" } ?? ""
        common.say("run \(id)  \(what), seed \(plan.seed), mix \(plan.mix.text), \(chains.count > LoadCommand.namedChains ? "\(chains.count) chains" : "on \(chains.map(\.description).joined(separator: ", "))"), \(lanes) lanes\(who)")
        if wanted > lanes { common.say("\(wanted) lanes would carry this with ease; more need more accounts: concordat init --clients N") }
    }

    private func tell(_ report: LoadReport, _ target: String) throws {
        if common.json {
            Console.print(JSONText.line(report))
        } else {
            for line in LoadOutput.lines(report, try common.paint) { Console.print(line) }
            Console.print("report    \(target)/{\(LoadOutput.files)}")
        }
        guard !report.passed else { return }
        let counts = report.counts
        var reasons: [String] = []
        if report.objectives.contains(where: { !$0.met }) { reasons.append("an objective is missed") }
        if counts.pending > 0 { reasons.append("\(counts.pending) payments had not ended when the wait was over (concordat pending says what they wait for)") }
        if counts.lost > 0 { reasons.append("\(counts.lost) payments are lost") }
        if !report.verification.isGood { reasons.append("the verification is not good") }
        common.say("Not passed: \(reasons.joined(separator: "; ")).")
        throw ExitCode(Failure.Code.degraded.rawValue)
    }
}
