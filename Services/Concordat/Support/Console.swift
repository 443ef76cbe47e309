import Foundation

/// What people see: results on standard output, everything else on standard error.
enum Console {
    static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }
    static func error(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Other people's text without control characters.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control || $0.properties.generalCategory == .format ? "?" : $0 }))
    }

    /// Whether standard output shows to a person.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes all of it at once, so that lines of several processes do not mix.
    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// Colours, where they are wanted and seen.
struct Paint {
    let isOn: Bool

    /// - Parameter choice: auto, always or never; auto means on a terminal, unless NO_COLOR is set.
    init(_ choice: ColorChoice) {
        switch choice {
        case .always: isOn = true
        case .never: isOn = false
        case .auto: isOn = Console.isTerminal && (Setting.environment("NO_COLOR") ?? "").isEmpty && Setting.environment("TERM") != "dumb"
        }
    }

    func good(_ text: String) -> String { wrap(text, "32") }
    func bad(_ text: String) -> String { wrap(text, "31") }
    func faint(_ text: String) -> String { wrap(text, "2") }
    func strong(_ text: String) -> String { wrap(text, "1") }

    private func wrap(_ text: String, _ code: String) -> String { isOn ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }
}

/// Values as JSON text.
enum JSONText {
    /// One line, keys in order.
    static func line(_ value: some Encodable) -> String { text(value, []) }
    static func pretty(_ value: some Encodable) -> String { text(value, [.prettyPrinted]) }

    private static func text(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
        guard let data = try? encoder.encode(value) else { preconditionFailure("reports hold plain values only") }
        return String(decoding: data, as: UTF8.self)
    }
}

/// Times for people.
enum ClockText {
    /// Unix milliseconds as UTC: `2026-11-21 20:05:59.120`.
    static func of(_ milliseconds: UInt64) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d-%02d-%02d %02d:%02d:%02d.%03d", parts.tm_year + 1_900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
            parts.tm_sec, Int32(milliseconds % 1_000))
    }
}

/// Columns for people: the first row is the heading.
enum Table {
    static func lines(_ rows: [[String]]) -> [String] {
        guard let heading = rows.first else { return [] }
        let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column + 1 < row.count { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            return line
        }
    }
}
