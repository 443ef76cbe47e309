/// A day, for comparison only.
package struct CalendarDate: Hashable, Sendable, Comparable, CustomStringConvertible {
    let year: Int
    let month: Int
    let day: Int

    /// Reads `2026-11-22`, also with a time or a zone behind it; nil for what is no day.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            bytes[range].reduce(Int?(0)) { sum, byte in (48...57).contains(byte) ? sum.map { $0 * 10 + Int(byte - 48) } : nil }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), (1...12).contains(month) else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...days[month - 1]).contains(day), bytes.count == 10 || "TZ+-".utf8.contains(bytes[10]) else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// Whether a text is a date with a time of day, as XML writes it: `2026-11-22T09:30:00`, with or without a fraction and a zone.
    static func isDateTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard CalendarDate(text) != nil, bytes.count >= 19, bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":") else { return false }
        func number(_ start: Int) -> Int? {
            guard start + 2 <= bytes.count, (48...57).contains(bytes[start]), (48...57).contains(bytes[start + 1]) else { return nil }
            return Int(bytes[start] - 48) * 10 + Int(bytes[start + 1] - 48)
        }
        guard let hour = number(11), let minute = number(14), let second = number(17), hour < 24, minute < 60, second < 60 else { return false }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (48...57).contains($0) }
            guard !digits.isEmpty else { return false }
            rest = rest[digits.endIndex...]
        }
        switch rest.first {
        case nil: return true
        case UInt8(ascii: "Z"): return rest.count == 1
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard rest.count == 6, rest[rest.startIndex + 3] == UInt8(ascii: ":"), let hours = number(rest.startIndex + 1), let minutes = number(rest.startIndex + 4) else { return false }
            return hours * 60 + minutes <= 14 * 60 && minutes < 60
        default: return false
        }
    }

    package var description: String {
        func padded(_ number: Int, _ width: Int) -> String { String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)" }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    package static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}
