import Foundation

/// What this process costs, as Prometheus' own client libraries name it.
package enum ProcessMetrics {
    /// Fields of /proc/self/stat after the name: field n of proc(5) is at n - 3.
    private enum Field { static let user = 11, system = 12, start = 19, residentPages = 21 }

    /// Shows it on a page; where /proc says nothing, nothing is shown.
    package static func write(to page: inout MetricPage) {
        let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        if let fields = fields("/proc/self/stat") {
            func number(_ index: Int) -> Double { index < fields.count ? Double(fields[index]) ?? 0 : 0 }
            page.add(.processCPU, (number(Field.user) + number(Field.system)) / ticks)
            page.add(.processMemory, number(Field.residentPages) * Double(sysconf(Int32(_SC_PAGESIZE))))
            if let boot = bootSeconds { page.add(.processStart, boot + number(Field.start) / ticks) }
        }
        if let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") { page.add(.processOpenFiles, UInt64(entries.count)) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { page.add(.processMaxFiles, Double(limit.rlim_cur)) }
    }

    private static func fields(_ path: String) -> [Substring]? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    /// When the machine was started, Unix seconds.
    private static let bootSeconds: Double? = {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }()
}
