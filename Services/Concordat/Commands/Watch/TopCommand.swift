import ArgumentParser
import Cryptography
import Foundation
import Runtime
import TapCore
import TapShell
import Wire

/// Shows the stages of the pipeline, live.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Show every stage of the pipeline live: rates, queues, who is silent, and which stage is at its end.",
        discussion: """
            Example:
              concordat top
              concordat top --count 1 --json | jq '.stages[] | select(.bottleneck)'
            Every role says every two seconds how it does; buses tell that to whoever has the key of a tap. IN and OUT are messages a second, QUEUE what waits,
            FOR how long there has always been something waiting, BUSY the share of its time that the busiest instance works, CORES the computing time of all.
            Exit codes: 0, 2 an instance that ought to run is silent, 64 usage, 69 no bus answers, 78 the tap's key is not here.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Show it again so often, such as 5s. (default: 2s)")
    var every: String?

    @Option(help: "End after showing it so many times.")
    var count: Int?

    @Option(help: "The tap of network.yaml whose key is used. (default: tap-1)")
    var name: String?

    /// Two beats of everybody show rates; who has not been heard twice after so long is shown without.
    private static let firstMilliseconds: UInt64 = 6_500

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let every = try Setting.text(every, "every", default: "2s")
        let interval = try TimeSpan.read(every, "every")
        guard (500...3_600_000).contains(interval) else { throw Failure(.usage, "--every \(every) is not possible", "Give 500ms to 1h.") }
        if let count, count < 1 { throw Failure(.usage, "--count \(count) is not possible", "Give a number from 1.") }
        let reader = try TapKey.reader(folder, configuration, name: name, patterns: ["beat"], isFromOldest: false)
        let expected = configuration.roles(collectorsPerNode: configuration.collectorsPerNode)
        let shutdown = Shutdown()
        var book = StageBook()
        var shown = 0
        var stages: [Stage] = []
        common.say("hearing every role …")
        var next = BusClock.now().monotonicMilliseconds + TopCommand.firstMilliseconds
        while !shutdown.wait(milliseconds: 0), shown < count ?? .max {
            try take(reader, configuration.network.id, &book)
            let now = BusClock.now()
            guard now.monotonicMilliseconds >= next || shown == 0 && book.knowsRates(of: expected) else { continue }
            next = now.monotonicMilliseconds + interval
            stages = book.stages(expected: expected, at: now.wallMilliseconds)
            try show(stages, isAgain: shown > 0)
            shown += 1
        }
        try reader.leave()
        if shown > 0, stages.allSatisfy({ $0.alive == 0 }) {
            throw Failure(.unreachable, "no role says how it does", "See concordat status, and the logs in \(folder.path)/run/logs")
        }
        if stages.contains(where: { !$0.silent.isEmpty }) { throw ExitCode(Failure.Code.degraded.rawValue) }
    }

    private func take(_ reader: TapReader, _ network: Digest, _ book: inout StageBook) throws {
        for (_, event) in try reader.receive(waitMilliseconds: 100) {
            guard case .delivered(let delivery) = event, case .beat(let beat)? = try? Message(decoding: delivery.body, network: network) else { continue }
            book.add(beat, by: delivery.stamp.publisher, at: delivery.stamp.timeMilliseconds)
        }
    }

    private struct Report: Encodable {
        struct Item: Encodable {
            var role: String, chain: String, alive: Int, expected: Int, height: UInt64, received_per_second: Double, sent_per_second: Double
            var waiting: UInt64, waiting_milliseconds: UInt64, unsent: UInt64, busy_share: Double, cores: Double, faults_per_second: Double
            var silent: [String], bottleneck: Bool
        }
        var time_milliseconds: UInt64
        var stages: [Item]
    }

    private func show(_ stages: [Stage], isAgain: Bool) throws {
        func rounded(_ value: Double, _ digits: Double) -> Double { (value * digits).rounded() / digits }
        if common.json {
            let items = stages.map {
                Report.Item(
                    role: $0.key.role.rawValue, chain: $0.key.chain.description, alive: $0.alive, expected: $0.expected, height: $0.height,
                    received_per_second: rounded($0.receivedPerSecond, 10), sent_per_second: rounded($0.sentPerSecond, 10), waiting: $0.waiting,
                    waiting_milliseconds: $0.waitingMilliseconds, unsent: $0.unsent, busy_share: rounded($0.busyShare, 1_000), cores: rounded($0.cores, 1_000),
                    faults_per_second: rounded($0.faultsPerSecond, 10), silent: $0.silent, bottleneck: $0.isBottleneck)
            }
            return Console.print(JSONText.line(Report(time_milliseconds: BusClock.now().wallMilliseconds, stages: items)))
        }
        let paint = try common.paint
        // On a terminal each table takes the place of the one before.
        if isAgain, Console.isTerminal { Console.write("\u{1B}[H\u{1B}[2J", to: STDOUT_FILENO) }
        var rows = [["STAGE", "CHAIN", "READY", "IN/s", "OUT/s", "QUEUE", "FOR", "BUSY", "CORES", "FAULTS/s", "HEIGHT", ""]]
        for stage in stages {
            rows.append([
                stage.key.role.rawValue, stage.key.chain.description, "\(stage.alive)/\(stage.expected)", String(format: "%.1f", stage.receivedPerSecond),
                String(format: "%.1f", stage.sentPerSecond), "\(stage.waiting)", stage.waitingMilliseconds == 0 ? "-" : TopCommand.span(stage.waitingMilliseconds),
                String(format: "%.0f %%", stage.busyShare * 100), String(format: "%.2f", stage.cores), String(format: "%.1f", stage.faultsPerSecond),
                stage.height > 0 ? "\(stage.height)" : "-", stage.isBottleneck ? "◀ bottleneck" : stage.unsent > 0 ? "the bus is behind by \(stage.unsent)" : "",
            ])
        }
        for (index, line) in Table.lines(rows).enumerated() {
            Console.print(index > 0 && (stages[index - 1].isBottleneck || !stages[index - 1].silent.isEmpty) ? paint.bad(line) : line)
        }
        let silent = stages.flatMap(\.silent)
        if !silent.isEmpty { Console.print(paint.bad("SILENT") + " \(silent.prefix(5).joined(separator: ", "))\(silent.count > 5 ? " and \(silent.count - 5) more" : "")") }
        if let worst = stages.first(where: \.isBottleneck) {
            Console.print("The \(worst.key.role.rawValue) of \(worst.key.chain) is busy \(Int(worst.busyShare * 100)) % of its time: what it cannot do waits in front of it.")
        }
    }

    /// A span of time, short.
    static func span(_ milliseconds: UInt64) -> String {
        switch milliseconds {
        case ..<1_000: "\(milliseconds) ms"
        case ..<60_000: String(format: "%.1f s", Double(milliseconds) / 1_000)
        case ..<3_600_000: "\(milliseconds / 60_000) min"
        default: "\(milliseconds / 3_600_000) h"
        }
    }
}
