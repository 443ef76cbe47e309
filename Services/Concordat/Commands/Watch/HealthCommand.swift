import ArgumentParser
import Foundation
import Runtime
import Telemetry

/// Asks processes how they are.
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask processes whether they are alive, or ready, and say what is wrong.",
        discussion: """
            Example:
              concordat health --ready                                  every process that concordat up has started
              concordat health consensus.alpha@alpha-1/1 --ready        one of them
              concordat health --at 127.0.0.1:9464                      whoever serves metrics there, such as in a container's health check
            Exit codes: 0 all is well, 2 something is not, 69 nobody answers.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "One process, such as consensus.alpha@alpha-1/1 or bus@alpha. (default: all)")
    var name: String?
    @Flag(help: "Ask whether they are ready for work, not only alive.")
    var ready = false
    @Option(help: "Ask here instead of where the network's folder says.")
    var at: String?
    @Option(help: "Seconds to wait for each answer. (default: 3)")
    var timeout: Int?

    func run() throws {
        let seconds = try Setting.number(timeout, "timeout", default: 3, in: 1...60)
        let rows = try targets().map { HealthDesk.ask($0.name, $0.address, isReady: ready, seconds: seconds) }
        if common.json {
            Console.print(JSONText.line(rows))
        } else {
            try show(rows)
        }
        if rows.allSatisfy({ $0.checks == nil }) {
            throw Failure(.unreachable, rows.count == 1 ? "\(rows[0].process) does not answer at \(rows[0].address): \(rows[0].problem ?? "")" : "no process answers", "See whether they run: concordat status")
        }
        if !rows.allSatisfy(\.ok) { throw ExitCode(Failure.Code.degraded.rawValue) }
    }

    /// Whom to ask, and where.
    private func targets() throws -> [(name: String, address: ListenAddress)] {
        if let at {
            guard let address = ListenAddress(at) else { throw Setting.bad("at", at, "For example 127.0.0.1:9464.") }
            return [(name ?? at, address)]
        }
        let file = TargetsFile(try common.folder)
        let found = HealthDesk.targets(try common.folder)
        guard !found.isEmpty else {
            throw Failure(.unreachable, "\(file.path) names no process that shows its health", "Start the network (concordat up), or say where to ask with --at HOST:PORT.")
        }
        guard let name else { return found }
        let wanted = ProcessName(name)?.description ?? name
        guard let one = found.first(where: { $0.name == wanted }) else {
            let closest = Suggestion.closest(to: wanted, among: found.map(\.name))
            throw Failure(.usage, "\(name) is not in \(file.path)", closest.map { "Did you mean \($0)?" } ?? "It names: \(found.map(\.name).joined(separator: ", "))")
        }
        return [one]
    }

    private func show(_ rows: [HealthDesk.Row]) throws {
        let paint = try common.paint
        let word = ready ? "ready" : "alive"
        var lines = [["PROCESS", "AT", "HOW"]]
        for row in rows { lines.append([row.process, row.address, row.ok ? word : row.checks == nil ? "silent" : "not \(word)"]) }
        for (index, line) in Table.lines(lines).enumerated() { Console.print(index == 0 || rows[index - 1].ok ? line : paint.bad(line)) }
        for row in rows where !row.ok {
            if let problem = row.problem { Console.print("\(paint.bad("WARN")) \(row.process): \(Console.printable(problem))") }
            for check in row.checks ?? [] where !check.passes {
                Console.print("\(paint.bad("WARN")) \(Console.printable(check.of)): \(Console.printable(check.name)): \(Console.printable(check.detail))")
            }
        }
    }
}
