import ArgumentParser
import Foundation
import Logging
import Runtime

/// How much is logged, and in which form; logs go to standard error.
struct LogOptions: ParsableArguments {
    @Option(help: "Log level: debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?
    @Option(help: "Log format: text or json. (default: text)")
    var logFormat: String?

    func logger(_ source: String) throws -> Logger {
        let levelText = try Setting.text(logLevel, "log-level", default: "info")
        guard let level = Logger.Level(rawValue: levelText) else {
            throw Setting.bad("log-level", levelText, "Use debug, info, notice, warning, error or critical.")
        }
        let format = try Setting.text(logFormat, "log-format", default: "text")
        guard ["text", "json"].contains(format) else { throw Setting.bad("log-format", format, "Use text or json.") }
        var logger = Logger(label: source) { LineLogHandler(source: $0, isJSON: format == "json") }
        logger.logLevel = level
        return logger
    }
}

/// One line an event on standard error: as text for people, or as JSON.
struct LineLogHandler: LogHandler {
    let source: String
    let isJSON: Bool
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    init(source: String, isJSON: Bool) {
        self.source = source
        self.isJSON = isJSON
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
        let time = LineLogHandler.time()
        if isJSON {
            var fields = [("ts", time), ("level", event.level.rawValue), ("role", source), ("message", "\(event.message)")]
            // A reader takes the first or the last of two fields of one name: there must not be two.
            let taken = Set(fields.map(\.0))
            fields += all.map { (taken.contains($0.0) ? "field_\($0.0)" : $0.0, $0.1) }
            let line = fields.map { "\(JSONText.line($0.0)):\(JSONText.line($0.1))" }.joined(separator: ",")
            Console.error("{\(line)}")
        } else {
            let tail = all.map { " \($0.0)=\($0.1)" }.joined()
            Console.error(Console.printable("\(time) \(event.level.rawValue.uppercased()) \(source) \(event.message)\(tail)"))
        }
    }

    /// UTC with milliseconds.
    private static func time() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func digits(_ number: Int32, _ width: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let day = "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
        let clock = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
        return "\(day)T\(clock).\(digits(Int32(now.tv_nsec / 1_000_000), 3))Z"
    }
}
