#if PLANTED_BUGS
import ArgumentParser
import Determinism
import Foundation

/// Switches every known bug on, one at a time, and demands that the simulator catches it.
enum PlantedBugs {
    /// Seeds tried at a time; each batch is a process of its own, since a bug may also be caught by a core's precondition, which ends it.
    private static let batch = 20

    /// - Returns: whether every bug was caught within `seeds` seeds.
    static func catchAll(seeds: Int, only: String?) throws -> Bool {
        var isComplete = true
        for bug in PlantedBug.allCases where only == nil || only == bug.rawValue {
            let found = try firstCatch(of: bug, seeds: seeds)
            // Not `print`, which keeps lines back from somebody who redirects the output.
            FileHandle.standardOutput.write(Data("\(found == nil ? "MISSED" : "caught")  \(bug.rawValue)  \(found ?? "not in \(seeds) seeds")\n".utf8))
            isComplete = isComplete && found != nil
        }
        return isComplete
    }

    private static func firstCatch(of bug: PlantedBug, seeds: Int) throws -> String? {
        for first in stride(from: 1, through: seeds, by: batch) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = ["--planted", bug.rawValue, "--from", "\(first)", "--seeds", "\(batch)"]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            if process.terminationReason == .uncaughtSignal { return "seeds \(first) to \(first + batch - 1): a precondition of a core" }
            if process.terminationStatus == 0 { continue }
            let lines = text.split(separator: "\n").map(String.init)
            guard let index = lines.firstIndex(where: { $0.hasPrefix("seed ") }), index + 1 < lines.count else { return nil }
            let seed = lines[index].split(separator: " ").dropFirst().first.map { $0.dropLast() } ?? ""
            let finding = lines[index + 1].trimmingCharacters(in: .whitespaces)
            return "seed \(seed): \(finding.prefix(160))"
        }
        return nil
    }
}
#endif
