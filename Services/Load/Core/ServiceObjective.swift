/// What a run is to achieve, such as `final.p99<2s`, `lost<1`, `rejected<1%` or `final.rate>100`.
package struct ServiceObjective: Hashable, Sendable {
    /// What is measured.
    package enum Measure: Hashable, Sendable {
        /// In microseconds; percentiles from 0 to 100.
        case percentile(LoadMark, Double)
        case mean(LoadMark)
        case maximum(LoadMark)
        /// Payments a second that passed a mark.
        case rate(LoadMark)
        case count(Count)
    }

    /// Payments of one sort.
    package enum Count: String, CaseIterable, Hashable, Sendable {
        /// Accepted, and at the end in no ledger.
        case lost
        /// Refused, at the door or in a block.
        case rejected
        case refunded
        /// Not ended when the run gave up waiting.
        case pending
        /// Never sent, because it was too late for it.
        case skipped
        /// Never sent, because too many were under way.
        case dropped
    }

    /// How what is measured has to stand to the bound.
    package enum Comparison: String, Hashable, Sendable, CaseIterable {
        case atMost = "<=", atLeast = ">=", below = "<", above = ">"

        func holds(_ value: Double, _ bound: Double) -> Bool {
            switch self {
            case .atMost: value <= bound
            case .atLeast: value >= bound
            case .below: value < bound
            case .above: value > bound
            }
        }
    }

    package let text: String
    package let measure: Measure
    package let comparison: Comparison
    /// Microseconds, payments, payments a second, or hundredths of the payments that were to be sent.
    package let bound: Double
    package let isShare: Bool

    /// Reads an objective.
    package init(_ text: String) throws(LoadFault) {
        let text = String(text.filter { $0 != " " })
        guard let comparison = Comparison.allCases.first(where: { text.contains($0.rawValue) }), let (name, value) = ServiceObjective.split(text, at: comparison.rawValue) else {
            throw LoadFault("'\(LoadText.printable(text))' compares nothing", "Write for example final.p99<2s, lost<1, rejected<1% or final.rate>100.")
        }
        let measure = try ServiceObjective.measure(name)
        var isShare = false
        var bound: Double?
        switch measure {
        case .percentile, .mean, .maximum: bound = Double(try LoadText.span(value))
        case .rate: bound = try LoadText.rate(value)
        case .count:
            isShare = value.hasSuffix("%")
            let number = isShare ? String(value.dropLast()) : value
            bound = number.allSatisfy { $0.isNumber || $0 == "." } ? Double(number) : nil
        }
        guard let bound else { throw LoadFault("'\(LoadText.printable(value))' in '\(LoadText.printable(text))' is no number", "Give payments, such as 1, or a share of them, such as 1%.") }
        (self.text, self.measure, self.comparison, self.bound, self.isShare) = ("\(name) \(comparison.rawValue) \(value)", measure, comparison, bound, isShare)
    }

    private static func split(_ text: String, at sign: String) -> (String, String)? {
        let words = text.split(separator: sign, maxSplits: 1, omittingEmptySubsequences: false)
        guard words.count == 2, !words[0].isEmpty, !words[1].isEmpty else { return nil }
        return (String(words[0]), String(words[1]))
    }

    private static func measure(_ name: String) throws(LoadFault) -> Measure {
        if let count = Count(rawValue: name) { return .count(count) }
        let words = name.split(separator: ".", maxSplits: 1).map(String.init)
        let marks = LoadMark.allCases.map(\.rawValue).joined(separator: ", ")
        guard words.count == 2, let mark = LoadMark(rawValue: words[0]) else {
            let counts = Count.allCases.map(\.rawValue).joined(separator: ", ")
            throw LoadFault("nothing is measured as '\(LoadText.printable(name))'", "Name a count (\(counts)), or a mark (\(marks)) with .p99, .max, .mean or .rate.")
        }
        switch words[1] {
        case "mean": return .mean(mark)
        case "max": return .maximum(mark)
        case "rate": return .rate(mark)
        default:
            guard words[1].hasPrefix("p"), let percentile = Double(words[1].dropFirst()), percentile > 0, percentile <= 100 else {
                throw LoadFault("'\(LoadText.printable(words[1]))' is nothing that is known of \(mark.rawValue)", "Use p50, p99, p99.9 or any other percentile, max, mean or rate.")
            }
            return .percentile(mark, percentile)
        }
    }

    /// Whether it was met, and what was measured.
    package struct Verdict: Hashable, Sendable, Encodable {
        package var objective: String
        package var met: Bool
        package var measured: String
    }

    /// Judges a run; what was measured of no payment at all meets nothing.
    package func judge(_ tally: RunTally) -> Verdict {
        let value: Double?
        switch measure {
        case .percentile(let mark, let percentile): value = tally.book[mark].percentile(percentile).map { Double($0) }
        case .mean(let mark): value = tally.book[mark].mean
        case .maximum(let mark): value = tally.book[mark].maximum.map { Double($0) }
        case .rate(let mark): value = tally.rate(of: mark)
        case .count(let count):
            let payments = Double(tally.count(count))
            value = isShare ? (tally.scheduled == 0 ? nil : payments * 100 / Double(tally.scheduled)) : payments
        }
        guard let value else { return Verdict(objective: text, met: false, measured: "nothing measured") }
        let measured: String =
            switch measure {
            case .percentile, .mean, .maximum: LoadText.span(microseconds: UInt64(value))
            case .rate: "\(LoadText.decimal(value, 1))/s"
            case .count: isShare ? "\(LoadText.decimal(value, 2))%" : LoadText.decimal(value, 0)
            }
        return Verdict(objective: text, met: comparison.holds(value, bound), measured: measured)
    }
}
