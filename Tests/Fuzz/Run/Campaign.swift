import Dispatch
import Foundation
import FuzzDoors
import Synchronization

/// Tries doors one after the other, some at once, each in a process of its own, and tells of each what was done and found.
struct Campaign {
    let doors: [Door]
    let seconds: Double
    let workers: Int
    let corpus: String
    let out: String

    private struct Result: Sendable {
        var door: String
        var runs = 0
        var perSecond = 0
        var inputs = 0
        var found: String?
    }

    /// - Returns: whether nothing was found.
    func run() throws -> Bool {
        try FileManager.default.createDirectory(atPath: "\(out)/found", withIntermediateDirectories: true)
        let share = max(1, Int(seconds * Double(workers) / Double(doors.count)))
        Said.line("\(doors.count) doors, \(share) s each, \(workers) at once.")
        Said.line(Campaign.row(["door", "runs", "runs/s", "inputs", "found"]))
        let next = Mutex(0)
        let results = Mutex<[Result]>([])
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            while true {
                let index = next.withLock { index in
                    defer { index += 1 }
                    return index
                }
                guard index < doors.count else { return }
                let result = tryDoor(doors[index], seconds: share)
                results.withLock { all in
                    all.append(result)
                    Said.line(Campaign.row([result.door, "\(result.runs)", "\(result.perSecond)", "\(result.inputs)", result.found ?? "nothing"]))
                }
            }
        }
        let all = results.withLock { $0 }
        let found = all.filter { $0.found != nil }
        Said.line("\(all.reduce(0) { $0 + $1.runs }) runs, \(found.count) findings.")
        return found.isEmpty
    }

    private static func row(_ cells: [String]) -> String {
        let widths = [22, 10, 8, 8]
        return cells.enumerated().map { index, cell in
            guard index < widths.count else { return cell }
            let space = String(repeating: " ", count: max(0, widths[index] - cell.count))
            return index == 0 ? cell + space : space + cell
        }.joined(separator: "  ")
    }

    private func tryDoor(_ door: Door, seconds: Int) -> Result {
        var result = Result(door: door.name)
        let grown = "\(out)/corpus/\(door.name)"
        let kept = "\(corpus)/\(door.name)"
        let log = "\(out)/\(door.name).log"
        do {
            for folder in [grown, kept] { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
            let code = try start(door, log, ["-max_total_time=\(seconds)", "-timeout=60", "-rss_limit_mb=2048", "-print_final_stats=1",
                "-artifact_prefix=\(out)/", "-len_control=20", "-reload=0", grown, kept])
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            result.runs = Campaign.number(text, "stat::number_of_executed_units:")
            result.perSecond = Campaign.number(text, "stat::average_exec_per_sec:")
            result.inputs = [grown, kept].reduce(0) { $0 + ((try? FileManager.default.contentsOfDirectory(atPath: $1).count) ?? 0) }
            if code != 0 { result.found = save(door, text) }
        } catch {
            result.found = "it could not be tried: \(error)"
        }
        return result
    }

    private func start(_ door: Door, _ log: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = ["--child", "--door", door.name, "--out", out, "--"] + arguments
        try Data().write(to: URL(fileURLWithPath: log))
        let handle = FileHandle(forWritingAtPath: log)
        process.standardError = handle
        process.standardOutput = handle
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Keeps the input that ended the process, and says how to hand it in again.
    private func save(_ door: Door, _ log: String) -> String {
        let why = log.split(separator: "\n").first { line in
            ["BROKEN: ", "Fatal error", "fatal error", "ERROR: libFuzzer", "cannot open", "Error:"].contains { line.contains($0) }
        }
        guard let input = InputTrace.read("\(out)/\(door.name).now") else { return "\(why ?? "it ended"), and the input is lost" }
        let path = "\(out)/found/\(door.name)-\(CorpusWriter.name(of: input))"
        guard FileManager.default.createFile(atPath: path, contents: Data(input)) else { return "\(why ?? "it ended"), and the input cannot be kept" }
        return "\(why ?? "the process ended")\n    \(CommandLine.arguments[0]) --door \(door.name) --input \(path)"
    }

    private static func number(_ text: String, _ label: String) -> Int {
        guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix(label) }) else { return 0 }
        return Int(line.dropFirst(label.count).drop { $0 == " " }) ?? 0
    }
}
