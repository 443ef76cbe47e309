import Foundation

/// What /proc says about processes.
package enum ProcessTable {
    /// Short name of a process; nil when there is none of this id.
    package static func name(of processID: Int32) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/comm", encoding: .utf8) else { return nil }
        return String(text.prefix { $0 != "\n" })
    }

    /// When a process was started, in clock ticks since boot: with the id it names one process for good.
    package static func startTicks(of processID: Int32) -> UInt64? { fields(of: processID).flatMap { UInt64($0[19]) } }

    /// Processor time used so far, in milliseconds.
    package static func cpuMilliseconds(of processID: Int32) -> UInt64? {
        guard let fields = fields(of: processID), let user = UInt64(fields[11]), let system = UInt64(fields[12]) else { return nil }
        return (user + system) * 1000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
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
    private static func fields(of processID: Int32) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8), let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 20 ? fields : nil
    }
}
