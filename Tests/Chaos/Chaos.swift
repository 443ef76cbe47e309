import ArgumentParser
import Foundation

/// The default network as real processes on hosts of their own, under payments, while a nemesis does it every harm that it must bear.
@main
struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Chaos", abstract: "Run the default network under payments and faults, heal it, and judge it (docs/chaos.md).")

    @Option(help: "Minutes of faults.")
    var minutes = 2.0
    @Option(help: "What the faults are drawn from; another one each time when left out.")
    var seed: UInt64?
    @Option(help: "Payments begun each second.")
    var rate = 8
    @Option(help: "Folder for the report, the timeline and the network.")
    var out = "out/chaos"
    @Flag(help: "Only faults of the cables between hosts: cut, cut one way, split, lossy.")
    var onlyCables = false
    @Flag(help: "Keep the network's folder after a good run, too.")
    var keep = false

    /// Payments go on so long after healing.
    private static let calmSeconds = 10.0
    /// Longest wait after that for the last payment.
    private static let resolutionSeconds = 300.0
    private static let readySeconds = 90.0
    private static let stopSeconds = 20.0

    struct Stopped: Error {}

    func run() throws {
        guard geteuid() == 0 else { throw Command.Failed(description: "hosts of their own and disks of their own can only be made by root") }
        guard let lock = Chaos.lock() else { throw Command.Failed(description: "another run is under way on this machine") }
        defer { close(lock) }
        Interrupt.listen()
        Hosts.sweep()
        defer { Hosts.sweep() }
        let seed = seed ?? UInt64(Date().timeIntervalSince1970 * 1_000) % 1_000_000
        try prepareFolder()
        var report = Report(seed: seed, minutes: minutes)
        let stage = try Stage(layout: Layout(folder: "\(root)/network"), kinds: onlyCables ? FaultKind.ofCables : FaultKind.allCases, seed: seed)
        do {
            try perform(stage, seed, &report)
        } catch is Stopped {
            tell("stopped; everything is taken away, \(out)/network stays")
            throw ExitCode(130)
        }
        try write(report, stage)
        say(report)
        // Stores are on disks that go now; those of a bad run are worth a look.
        if !report.isGood || keep { try keepStores(stage.layout) }
        if !report.isGood { throw ExitCode(1) }
    }

    /// Only one run at a time: it takes away what others have left.
    private static func lock() -> Int32? {
        let file = open("/run/concordat-chaos.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        return file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 ? file : nil
    }

    private var root: String { URL(fileURLWithPath: out).standardizedFileURL.path }

    private func prepareFolder() throws {
        let manager = FileManager.default
        try manager.createDirectory(atPath: root, withIntermediateDirectories: true)
        for name in ["network", "stores", "report.json", "timeline.json", "timeline.svg"] where manager.fileExists(atPath: "\(root)/\(name)") {
            try manager.removeItem(atPath: "\(root)/\(name)")
        }
    }

    private func perform(_ stage: Stage, _ seed: UInt64, _ report: inout Report) throws {
        tell("seed \(seed): \(stage.layout.processes.count) processes on \(stage.layout.hosts.count) hosts")
        let probes = try stage.start(withinSeconds: Chaos.readySeconds)
        let seconds = minutes * 60
        try stage.payments.begin(count: Int((seconds + Chaos.calmSeconds) * Double(rate)), rate: rate, seed: seed)
        stage.timeline.restart()
        let start = monotonicSeconds()
        tell("ready; faults for \(minutes) minutes, \(rate) payments a second")
        try stage.turn(until: start + seconds, saying: true) { try stage.nemesis.tick() }
        try stage.nemesis.heal()
        try stage.turn(until: monotonicSeconds() + 60) {
            try stage.nemesis.tick(mayStart: false)
            return stage.nemesis.isQuiet
        }
        stage.timeline.healedAt = stage.timeline.seconds(monotonicSeconds())
        tell("healed; waiting for the last payments")
        try stage.turn(until: monotonicSeconds() + Chaos.calmSeconds + Chaos.resolutionSeconds, saying: true) { stage.payments.poll() }
        stage.checkAllRun()
        stage.payments.stop()
        stage.timeline.violations += stage.keeper.stop(withinSeconds: Chaos.stopSeconds)
        try stage.checkAllCaughtUp()
        let results = try stage.payments.results()
        report.take(stage.timeline)
        report.take(results, PaymentRate(results, start: stage.timeline.startedMilliseconds), stage.timeline)
        report.take(try stage.audit(), crosses: stage.told(results, probes: probes))
        report.alarms = stage.alarms()
        report.close()
    }

    private func write(_ report: Report, _ stage: Stage) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(report).write(to: URL(fileURLWithPath: "\(root)/report.json"))
        let results = try stage.payments.results()
        let rate = PaymentRate(results, start: stage.timeline.startedMilliseconds)
        struct Document: Encodable {
            var seed: UInt64, minutes: Double, started_milliseconds: UInt64, healed_at: Double
            var faults: [Timeline.Entry], restarts: [Timeline.Restart], settled_per_second: [Int], refunded_per_second: [Int], rejected_per_second: [Int]
        }
        try encoder.encode(
            Document(
                seed: report.seed, minutes: minutes, started_milliseconds: stage.timeline.startedMilliseconds, healed_at: stage.timeline.healedAt,
                faults: stage.timeline.entries, restarts: stage.timeline.restarts, settled_per_second: rate.series("settled"),
                refunded_per_second: rate.series("refunded"), rejected_per_second: rate.series("rejected"))
        ).write(to: URL(fileURLWithPath: "\(root)/timeline.json"))
        let title = "Seed \(report.seed): \(report.injected) faults of \(report.kinds) kinds, \(report.payments.sent) payments, \(report.violations) violations, \(report.open) open"
        try Picture(timeline: stage.timeline, layout: stage.layout, rate: rate, title: title).text
            .write(toFile: "\(root)/timeline.svg", atomically: true, encoding: .utf8)
    }

    private func say(_ report: Report) {
        let payments = report.payments
        tell("payments \(payments.sent)   settled \(payments.settled)   refunded \(payments.refunded)   rejected \(payments.rejected)   open \(payments.open)")
        tell("faults \(report.injected) of \(report.kinds) kinds: " + report.faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        tell("longest time without a settled payment: \(report.progress.longest_seconds_without_settled) s, from second \(report.progress.longest_began_at)")
        for line in (report.violation_details + report.open_details).prefix(20) { tell("  - \(line)") }
        if report.injected < report.demandedFaults || report.kinds < Report.demandedKinds {
            tell("too few: \(report.demandedFaults) faults of \(Report.demandedKinds) kinds are demanded of \(minutes) minutes")
        }
        tell("{\"violations\":\(report.violations),\"open\":\(report.open)}   \(out)/report.json  \(out)/timeline.svg")
    }

    private func keepStores(_ layout: Layout) throws {
        let path = "\(root)/stores"
        try FileManager.default.copyItem(atPath: "\(layout.folder)/data", toPath: path)
        tell("the stores as they were judged: \(out)/stores")
    }
}
