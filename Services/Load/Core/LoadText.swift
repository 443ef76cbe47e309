/// Numbers as people write them in settings of a load run, and as reports show them.
package enum LoadText {
    private static let spans: [(unit: String, microseconds: Double)] = [
        ("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000),
    ]

    /// A time span with its unit, such as `250us`, `310ms`, `1.5s`, `5m` or `2h`, in microseconds.
    package static func span(_ text: String) throws(LoadFault) -> UInt64 {
        let number = text.prefix { $0.isNumber || $0 == "." }
        guard let value = Double(number), value.isFinite, let unit = spans.first(where: { $0.unit == text.dropFirst(number.count) }) else {
            throw LoadFault("'\(printable(text))' is no time span", "For example 500ms, 1.5s, 30s or 5m.")
        }
        let microseconds = value * unit.microseconds
        guard microseconds <= Double(LoadLimits.durationMicroseconds) else { throw LoadFault("'\(printable(text))' is longer than a day", "Give at most 24h.") }
        return UInt64(microseconds)
    }

    /// Payments a second: `500`, `500/s`, `0.5` or `30/m`.
    package static func rate(_ text: String) throws(LoadFault) -> Double {
        var number = text[...]
        var seconds = 1.0
        if text.hasSuffix("/s") { number = text.dropLast(2) }
        if text.hasSuffix("/m") { (number, seconds) = (text.dropLast(2), 60) }
        guard !number.isEmpty, number.allSatisfy({ $0.isNumber || $0 == "." }), let value = Double(number), value > 0, value / seconds <= LoadLimits.ratePerSecond else {
            throw LoadFault("'\(printable(text))' is no rate", "Give payments a second, such as 200, 0.5 or 30/m.")
        }
        return value / seconds
    }

    /// A number with so many decimals, rounded.
    package static func decimal(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        let whole = UInt64(scaled / scale)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(UInt64(scaled))" }
        let fraction = "\(UInt64(scaled - Double(whole) * scale))"
        return "\(sign)\(whole).\(String(repeating: "0", count: max(0, digits - fraction.count)))\(fraction)"
    }

    /// Microseconds as people read them: `310 us`, `4.2 ms`, `2.31 s`.
    package static func span(microseconds: UInt64) -> String {
        let value = Double(microseconds)
        if value < 1_000 { return "\(microseconds) us" }
        if value < 10_000 { return "\(decimal(value / 1_000, 1)) ms" }
        if value < 1_000_000 { return "\(decimal(value / 1_000, 0)) ms" }
        return "\(decimal(value / 1_000_000, 2)) s"
    }

    /// Other people's text without control characters, and not without end.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.prefix(80).unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
