#if PLANTED_BUGS
import ArgumentParser
import Determinism
import Foundation

/// Switches every known bug on, one at a time, and demands that the simulator catches it.
enum PlantedBugs {
    /// Seeds tried at a time; each batch is a process of its own, since a bug may also be caught by a core's precondition, which ends it.
    private static let batch = 20

    /// Bugs that only a mined chain can have: one network in five has one, so they are looked for where all do.
    private static let onMinedChains: [PlantedBug] = [.workUnchecked, .forkBelowRecord]

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
            switch try run(bug, from: first, count: batch) {
            case .clean: continue
            case .violation(let finding): return finding
            case .stopped:
                for seed in first..<first + batch {
                    if case .stopped = try run(bug, from: seed, count: 1) { return "seed \(seed): a precondition of a core" }
                }
                return nil
            }
        }
        return nil
    }

    /// What a process with the bug came to.
    private enum Ending {
        case clean
        case violation(String)
        case stopped
    }

    private static func run(_ bug: PlantedBug, from first: Int, count: Int) throws -> Ending {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--planted", bug.rawValue, "--from", "\(first)", "--seeds", "\(count)"] + (onMinedChains.contains(bug) ? ["--mined"] : []) + (bug == .registrationUnconsented ? ["--joining"] : [])
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationReason == .uncaughtSignal { return .stopped }
        let lines = text.split(separator: "\n").map(String.init)
        // A run that fails without a violation has shown too few kinds of faults, which says nothing of the bug.
        guard process.terminationStatus != 0, let index = lines.firstIndex(where: { $0.hasPrefix("seed ") }), index + 1 < lines.count
        else { return .clean }
        let seed = lines[index].split(separator: " ").dropFirst().first.map { $0.dropLast() } ?? ""
        return .violation("seed \(seed): \(lines[index + 1].trimmingCharacters(in: .whitespaces).prefix(160))")
    }
}
#endif
