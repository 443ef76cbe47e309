import ArgumentParser
import Foundation
import Runtime
import Wire

/// How a network is.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show processes and chains of a network, and what is wrong.",
        discussion: """
            Example:
              concordat status --wait-ready 30
            Exit code 2 when something is degraded, 69 when nothing answers.
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "Wait up to so many seconds until every node answers.")
    var waitReady: Int?
    @Option(help: "Show it again every so many seconds, until stopped.")
    var watch: Int?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let observer = Observer(configuration)
        if let waitReady {
            let seconds = try Setting.number(waitReady, "wait-ready", default: 30, in: 1...3600)
            let end = Date().addingTimeInterval(Double(seconds))
            while try !observer.silent(collectors: configuration.collectorsPerNode, timeoutMilliseconds: 1_000).isEmpty {
                guard Date() < end else { throw Failure(.timedOut, "the network did not become ready within \(seconds) s", "See the logs in \(folder.path)/run/logs") }
                usleep(100_000)
            }
        }
        guard let watch else { return try finish(show(folder, configuration, observer)) }
        let seconds = try Setting.number(watch, "watch", default: 1, in: 1...3600)
        while true {
            _ = try show(folder, configuration, observer)
            if !common.json { Console.print("") }
            sleep(UInt32(seconds))
        }
    }

    /// More lines than this hide the first.
    private static let problemLinesMax = 20

    private enum Health { case good, degraded, unreachable }

    private func finish(_ health: Health) throws {
        switch health {
        case .good: return
        case .degraded: throw ExitCode(Failure.Code.degraded.rawValue)
        case .unreachable: throw ExitCode(Failure.Code.unreachable.rawValue)
        }
    }

    private struct Report: Encodable {
        struct Node: Encodable { var chain: String, node: String, height: UInt64?, time_milliseconds: UInt64? }
        struct Item: Encodable { var name: String, process: Int32, running: Bool, restarts: Int, cpu_seconds: Double?, resident_mebibytes: Double? }
        var up: Bool
        var nodes: [Node]
        var processes: [Item]
        var problems: [String]
    }

    private func show(_ folder: NetworkFolder, _ configuration: NetworkConfiguration, _ observer: Observer) throws -> Health {
        let state = NetworkState.running(folder)
        let heads = try observer.heads(timeoutMilliseconds: 1_500)
        var problems: [String] = []
        let items = (state?.processes ?? []).map { entry in
            let isRunning = entry.processID > 0 && ProcessTable.name(of: entry.processID) != nil
            if !isRunning { problems.append("\(entry.name) does not run") }
            return Report.Item(
                name: entry.name, process: entry.processID, running: isRunning, restarts: entry.restarts,
                cpu_seconds: ProcessTable.cpuMilliseconds(of: entry.processID).map { Double($0) / 1000 },
                resident_mebibytes: ProcessTable.residentBytes(of: entry.processID).map { (Double($0) / 1_048_576 * 10).rounded() / 10 })
        }
        for head in heads where head.height == nil { problems.append("consensus of \(head.node) does not answer") }
        for chain in configuration.network.chains + [configuration.network.notary] {
            let heights = heads.filter { $0.chain == chain.id }.compactMap(\.height)
            if let highest = heights.max(), let lowest = heights.min(), highest > lowest + 3 {
                problems.append("a node of \(chain.id) is \(highest - lowest) blocks behind")
            }
        }
        if state != nil { problems += HealthDesk.lastingProblems(folder) }
        let report = Report(
            up: state != nil,
            nodes: heads.map { .init(chain: $0.chain.description, node: $0.node, height: $0.height, time_milliseconds: $0.final?.header.time) },
            processes: items, problems: problems)
        if common.json { Console.print(JSONText.line(report)) } else { try printTables(report, configuration) }
        return heads.allSatisfy { $0.height == nil } ? .unreachable : problems.isEmpty ? .good : .degraded
    }

    private func printTables(_ report: Report, _ configuration: NetworkConfiguration) throws {
        let paint = try common.paint
        guard report.nodes.contains(where: { $0.height != nil }) else {
            Console.print("\(configuration.name)  \(paint.bad("DOWN"))  no node answers")
            let folder = try common.folder
            let isUp = FolderLock.holder(folder.lockFile) != nil
            return Console.print(isUp ? "Suggestion: see the logs in \(folder.path)/run/logs" : "Suggestion: start it with: concordat up --data \(folder.path)")
        }
        let word = report.problems.isEmpty ? paint.good("HEALTHY") : paint.bad("DEGRADED")
        Console.print("\(configuration.name)  \(word)  \(report.processes.filter(\.running).count) of \(report.processes.count) processes run")
        var rows = [["CHAIN", "NODES", "ANSWER", "FINAL HEIGHT", "BEHIND"]]
        for chain in configuration.network.chains + [configuration.network.notary] {
            let heights = report.nodes.filter { $0.chain == chain.id.description }.map(\.height)
            let known = heights.compactMap { $0 }
            let highest = known.max() ?? 0
            rows.append([
                chain.id.description, "\(heights.count)", "\(known.count)", known.isEmpty ? "-" : "\(highest)",
                known.isEmpty ? "-" : "\(highest - (known.min() ?? highest))",
            ])
        }
        for line in Table.lines(rows) { Console.print(line) }
        let memory = report.processes.compactMap(\.resident_mebibytes).reduce(0, +)
        let restarts = report.processes.reduce(0) { $0 + $1.restarts }
        Console.print("MEMORY \(Int(memory)) MiB   RESTARTS \(restarts)")
        for problem in report.problems.prefix(StatusCommand.problemLinesMax) { Console.print(paint.bad("WARN") + " \(Console.printable(problem))") }
        if report.problems.count > StatusCommand.problemLinesMax { Console.print(paint.bad("WARN") + " and \(report.problems.count - StatusCommand.problemLinesMax) more: concordat health --ready") }
        if !report.problems.isEmpty { Console.print("Suggestion: ask what each process says (concordat health --ready, concordat alarms), or see the logs in \(try common.folder.path)/run/logs") }
    }
}
