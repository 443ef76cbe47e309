import Foundation

/// What /proc says about processes.
package enum ProcessTable {
    /// Short name of a process; nil when there is none of this id.
    package static func name(of processID: Int32) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/comm", encoding: .utf8) else { return nil }
        return String(text.prefix { $0 != "\n" })
    }

    /// When a process was started, in clock ticks since boot: with the id it names one process for good.
    package static func startTicks(of processID: Int32) -> UInt64? { fields(file: "/proc/\(processID)/stat").flatMap { UInt64($0[19]) } }

    /// Processor time used so far, in milliseconds.
    package static func cpuMilliseconds(of processID: Int32) -> UInt64? { cpuMilliseconds(file: "/proc/\(processID)/stat") }

    private static func cpuMilliseconds(file: String) -> UInt64? {
        guard let fields = fields(file: file), let user = UInt64(fields[11]), let system = UInt64(fields[12]) else { return nil }
        return (user + system) * 1000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    /// Processor time that each thread of a process has used so far, in milliseconds, by the thread's id.
    package static func threadMilliseconds(of processID: Int32) -> [Int32: UInt64] {
        let folder = "/proc/\(processID)/task"
        var threads: [Int32: UInt64] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard let id = Int32(name), let used = cpuMilliseconds(file: "\(folder)/\(name)/stat") else { continue }
            threads[id] = used
        }
        return threads
    }

    /// Processor time of the whole machine since it was started, in clock ticks of all processors together: used, and all.
    package static func machineTicks() -> (used: UInt64, all: UInt64)? {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8), let line = text.split(separator: "\n").first else { return nil }
        let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
        guard ticks.count == 8 else { return nil }
        let all = ticks.reduce(0, +)
        // The fourth and fifth are idle time, and time idle while a disk is waited for.
        return (all - ticks[3] - ticks[4], all)
    }

    /// Resident memory of its own, in bytes: shared pages count in part (PSS), so that the sum over processes is true.
    package static func residentBytes(of processID: Int32) -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/smaps_rollup", encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            return line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 * 1024 }
        }
        return nil
    }

    /// Fields of /proc/ID/stat after the name, from the state on: field n of proc(5) is at n - 3.
    private static func fields(file: String) -> [Substring]? {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8), let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 20 ? fields : nil
    }
}
