import ArgumentParser
import Foundation
import LoadCore
import Runtime
import WalletCore
import Wire

/// What a load run sends, and when.
struct LoadOptions: ParsableArguments {
    @Option(help: "Payments a second, such as 500, 0.5 or 30/m. (default: 50)")
    var rate: String?
    @Option(help: "How long payments are sent, such as 30s or 5m. (default: 30s)")
    var duration: String?
    @Option(help: "Gaps between payments: poisson, as of independent payers, or uniform. (default: poisson)")
    var arrivals: String?
    @Option(help: "Instead of --rate: a rate that goes evenly from one to another, such as 10..500.")
    var ramp: String?
    @Option(help: "Instead of --rate: so many payers, each of whom pays again when the last payment has ended.")
    var closed: Int?
    @Option(help: "Instead of --rate: so many payments are always under way and not final.")
    var backlog: Int?
    @Option(help: "Instead of --rate: a file with the seconds from the start at which payments are sent, one a line.")
    var replay: String?
    @Option(help: "Kinds of payments and their shares: transfer, cross, bridge, redeem. (default: transfer=80,cross=20)")
    var mix: String?
    @Option(help: "Draws the same arrivals again. (default: drawn, and printed)")
    var seed: UInt64?
    @Option(help: "What is later than this is skipped and counted. (default: 1s)")
    var maxLag: String?
    @Option(help: "Payments under way at once, at most; more are dropped and counted. (default: 20000)")
    var maxOpen: Int?
    @Option(help: "Deadline of cross payments. (default: 60s)")
    var deadline: String?

    private static let maximumUnderWay = 1_000_000

    /// - Parameter isSaturation: the rate is raised from step to step.
    func run(isSaturation: Bool) throws -> LanePlan.Run {
        guard !isSaturation || [ramp, replay].allSatisfy({ $0 == nil }) && closed == nil && backlog == nil else {
            throw Failure(.usage, "--saturate raises a rate of its own", "Leave --ramp, --closed, --backlog and --replay out; --rate is that of the first step.")
        }
        let duration = try LoadOptions.read("duration", Setting.text(duration, "duration", default: isSaturation ? "8s" : "30s"), LoadText.span)
        var run = LanePlan.Run(
            arrivals: try readArrivals(), mix: try LoadOptions.read("mix", Setting.text(mix, "mix", default: "transfer=80,cross=20"), LoadMix.init),
            durationMicroseconds: duration, seed: seed ?? UInt64.random(in: 0..<1_000_000),
            maximumLagMicroseconds: try LoadOptions.read("max-lag", Setting.text(maxLag, "max-lag", default: "1s"), LoadText.span),
            maximumUnderWay: try Setting.number(maxOpen, "max-open", default: 20_000, in: 1...LoadOptions.maximumUnderWay))
        if case .replay(let times) = run.arrivals, self.duration == nil { run.durationMicroseconds = (times.last ?? 0) + 1 }
        guard run.durationMicroseconds > 0 else { throw Setting.bad("duration", "0", "Give a time span, such as 30s.") }
        return run
    }

    func deadlineMilliseconds() throws -> UInt64 {
        let span = try LoadOptions.read("deadline", Setting.text(deadline, "deadline", default: "60s"), LoadText.span) / 1_000
        guard span >= 1_000 else { throw Setting.bad("deadline", deadline ?? "", "Give at least 1s.") }
        return span
    }

    private func readArrivals() throws -> Arrivals {
        let given = [rate != nil, ramp != nil, closed != nil, backlog != nil, replay != nil].filter { $0 }.count
        guard given <= 1 else { throw Failure(.usage, "only one of --rate, --ramp, --closed, --backlog and --replay is possible", "Leave the others out.") }
        let most = Int(LoadLimits.lanePaymentsPerSecond) * LoadLimits.lanes * LoadLimits.workers
        if let closed { return .closed(try Setting.number(closed, "closed", default: 1, in: 1...most)) }
        if let backlog { return .backlog(try Setting.number(backlog, "backlog", default: 1, in: 1...most)) }
        if let ramp { return try LoadOptions.ramp(ramp) }
        if let replay {
            let text = try TextFile.read(replay, byteCountMax: WalletLimits.fileBytes, whenMissing: "Name a file with the seconds from the start at which payments are sent.")
            do throws(LoadFault) {
                return .replay(try ReplayFile(text).times)
            } catch {
                throw Failure(.configuration, "\(replay), \(error.problem)", error.advice)
            }
        }
        let rate = try LoadOptions.read("rate", Setting.text(rate, "rate", default: "50"), LoadText.rate)
        switch try Setting.text(arrivals, "arrivals", default: "poisson") {
        case "poisson": return .poisson(perSecond: rate)
        case "uniform": return .uniform(perSecond: rate)
        case let text: throw Setting.bad("arrivals", text, "Use poisson or uniform.")
        }
    }

    private static func ramp(_ text: String) throws -> Arrivals {
        let ends = text.components(separatedBy: "..")
        guard ends.count == 2 else { throw Setting.bad("ramp", text, "Give two rates, such as 10..500.") }
        return .ramp(from: try read("ramp", ends[0], LoadText.rate), to: try read("ramp", ends[1], LoadText.rate))
    }

    /// Reads an option whose faults say what to write instead.
    static func read<Value>(_ option: String, _ text: String, _ parse: (String) throws(LoadFault) -> Value) throws -> Value {
        do {
            return try parse(text)
        } catch {
            throw Failure(.usage, "--\(option): \(error.problem)", error.advice)
        }
    }
}

/// What is done about a run besides sending.
struct LoadJudgement: ParsableArguments {
    @Option(help: "What the run is to achieve, such as 'final.p99<2s', 'lost<1', 'rejected<1%' or 'final.rate>100'. May be given several times.")
    var slo: [String] = []
    @Option(help: "Look payments up again afterwards: ledger (every block of the run, and an audit where the stores are here), sample (receipts of some), or none. (default: ledger)")
    var verify: String?
    @Option(help: "How long to wait for what is under way when the sending has ended. (default: 60s)")
    var wait: String?
    @Option(help: "Folder for report.json, report.html, hdr.hgrm and results.ndjson. (default: runs/ID)")
    var out: String?
    @Option(help: "How collectors are chosen: round-robin, random or fastest. (default: round-robin)")
    var collectors: String?
    @Flag(help: "Run no receivers' devices: something else confirms cross payments.")
    var noDevices = false

    func objectives() throws -> [ServiceObjective] {
        guard slo.count <= LoadLimits.objectives else { throw Failure(.usage, "\(slo.count) objectives are too many", "Give at most \(LoadLimits.objectives).") }
        return try slo.map { try LoadOptions.read("slo", $0, ServiceObjective.init) }
    }

    func way() throws -> LoadVerification.Way {
        let text = try Setting.text(verify, "verify", default: LoadVerification.Way.ledger.rawValue)
        guard let way = LoadVerification.Way(rawValue: text) else { throw Setting.bad("verify", text, "Use ledger, sample or none.") }
        return way
    }

    func waitMicroseconds() throws -> UInt64 { try LoadOptions.read("wait", Setting.text(wait, "wait", default: "60s"), LoadText.span) }

    func strategy() throws -> CollectorStrategy {
        let text = try Setting.text(collectors, "collectors", default: CollectorStrategy.roundRobin.rawValue)
        guard let strategy = CollectorStrategy(rawValue: text) else { throw Setting.bad("collectors", text, "Use round-robin, random or fastest.") }
        return strategy
    }
}
