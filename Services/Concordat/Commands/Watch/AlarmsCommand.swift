import ArgumentParser
import Cryptography
import Foundation
import Runtime
import TapCore
import TapShell
import Wire

/// Shows what alarms roles have raised.
struct AlarmsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alarms", abstract: "Show the alarms that roles have raised, as far as the buses' logs go back.",
        discussion: """
            Example:
              concordat alarms --since 1h
              concordat alarms --json | jq '.[] | select(.severity == "critical")'
            docs/operations.md says for each code what was seen, what the network does, and what you do.
            Exit codes: 0 none is critical, 2 one is, 69 no bus answers, 78 the tap's key is not here.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Only those of so long ago or less, such as 30m; without it all that the logs have.")
    var since: String?

    @Option(help: "The tap of network.yaml whose key is used. (default: tap-1)")
    var name: String?

    private struct Row: Encodable {
        var severity: String
        var code: String
        var times: Int
        var first_milliseconds: UInt64
        var last_milliseconds: UInt64
        var sources: [String]
        var detail: String
    }

    /// All streams of alarms have been read when nothing more has come for so long after all buses have answered.
    private static let quietMilliseconds: UInt64 = 700
    private static let longestMilliseconds: UInt64 = 10_000

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let now = UInt64(Date().timeIntervalSince1970 * 1_000)
        let span = try since.map { try TimeSpan.read($0, "since") } ?? now
        let book = try read(try TapKey.reader(folder, configuration, name: name, patterns: ["alarm"], isFromOldest: true), configuration, from: now > span ? now - span : 0)
        let rows = book.entries.map {
            Row(
                severity: $0.severity.rawValue, code: $0.code, times: $0.count, first_milliseconds: $0.firstMilliseconds, last_milliseconds: $0.lastMilliseconds,
                sources: $0.sources, detail: $0.detail)
        }
        if common.json {
            Console.print(JSONText.line(rows))
        } else if rows.isEmpty {
            Console.print("no alarm, as far as the buses' logs go back")
        } else {
            let paint = try common.paint
            let lines = rows.map { row in
                [
                    row.severity, Console.printable(row.code), "\(row.times)", ClockText.of(row.last_milliseconds),
                    row.sources.count == 1 ? row.sources[0] : "\(row.sources.count) roles", Console.printable(row.detail),
                ]
            }
            for (index, line) in Table.lines([["SEVERITY", "CODE", "TIMES", "LAST", "BY", "WHAT"]] + lines).enumerated() {
                Console.print(index > 0 && rows[index - 1].severity == Alarm.Severity.critical.rawValue ? paint.bad(line) : line)
            }
            common.say("What to do: docs/operations.md")
        }
        if book.isCritical { throw ExitCode(Failure.Code.degraded.rawValue) }
    }

    private func read(_ reader: TapReader, _ configuration: NetworkConfiguration, from begin: UInt64) throws -> AlarmBook {
        var book = AlarmBook()
        let end = BusClock.now().monotonicMilliseconds + AlarmsCommand.longestMilliseconds
        var quietSince = BusClock.now().monotonicMilliseconds
        while BusClock.now().monotonicMilliseconds < end {
            let isWaiting = !reader.silentSites.isEmpty
            for (_, event) in try reader.receive(waitMilliseconds: 50) {
                guard case .delivered(let delivery) = event else { continue }
                quietSince = BusClock.now().monotonicMilliseconds
                guard delivery.stamp.timeMilliseconds >= begin, case .alarm(let alarm)? = try? Message(decoding: delivery.body, network: configuration.network.id) else { continue }
                book.add(alarm, by: delivery.stamp.publisher, at: delivery.stamp.timeMilliseconds)
            }
            if isWaiting { quietSince = BusClock.now().monotonicMilliseconds }
            if BusClock.now().monotonicMilliseconds >= quietSince + AlarmsCommand.quietMilliseconds { break }
        }
        let silent = reader.silentSites
        if !silent.isEmpty { Console.error("no bus answers at \(silent.joined(separator: ", ")): its alarms are not shown") }
        try reader.leave()
        return book
    }
}
