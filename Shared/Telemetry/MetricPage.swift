/// What a histogram has counted so far.
package struct HistogramReading: Sendable {
    /// Upper bounds of its buckets, ascending; one more bucket holds what is above the last.
    package var bounds: [Double]
    /// Values in each bucket alone, `bounds.count + 1` of them.
    package var counts: [UInt64]
    /// Sum of all values.
    package var sum: Double

    package init(bounds: [Double], counts: [UInt64], sum: Double) {
        precondition(counts.count == bounds.count + 1, "a bucket for each bound, and one above")
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }
}

/// One page of metrics in Prometheus' text form 0.0.4, filled by whoever has something to show.
package struct MetricPage {
    /// All series of one name.
    private struct Family {
        var name: String
        var kind: Metric.Kind
        var help: String
        var lines: [UInt8] = []
    }

    private var families: [Family] = []
    private var positions: [String: Int] = [:]
    private var seriesCount = 0
    private var droppedCount: UInt64 = 0
    private let seriesMaximum: Int

    package init(seriesMaximum: Int = TelemetryLimits.series) { self.seriesMaximum = seriesMaximum }

    /// Says that there is a metric, though no series of it may have come up yet.
    package mutating func declare(_ metric: Metric) { _ = position(metric.rawValue, metric.kind, metric.help) }

    /// Shows a number.
    package mutating func add(_ metric: Metric, _ value: Double, _ labels: MetricLabels = .none) {
        add(name: metric.rawValue, metric.kind, metric.help, labels) { MetricPage.number(value) }
    }

    /// Shows a whole number.
    package mutating func add(_ metric: Metric, _ value: UInt64, _ labels: MetricLabels = .none) {
        add(name: metric.rawValue, metric.kind, metric.help, labels) { String(value) }
    }

    /// Shows 1 or 0.
    package mutating func add(_ metric: Metric, isTrue: Bool, _ labels: MetricLabels = .none) { add(metric, isTrue ? 1 : 0 as UInt64, labels) }

    /// Shows a distribution.
    package mutating func add(_ metric: Metric, _ reading: HistogramReading, _ labels: MetricLabels = .none) {
        add(name: metric.rawValue, help: metric.help, reading, labels)
    }

    /// Shows a number of a metric that is not of the catalogue.
    mutating func add(name: String, _ kind: Metric.Kind, _ help: String, _ labels: MetricLabels, _ value: () -> String) {
        guard mayGrow() else { return }
        let position = position(name, kind, help)
        MetricPage.line(name, "", labels.text, value(), &families[position].lines)
    }

    mutating func add(name: String, help: String, _ reading: HistogramReading, _ labels: MetricLabels) {
        guard mayGrow() else { return }
        let position = position(name, .histogram, help)
        var total: UInt64 = 0
        for (index, count) in reading.counts.enumerated() {
            total += count
            let bound = index < reading.bounds.count ? MetricPage.number(reading.bounds[index]) : "+Inf"
            MetricPage.line(name, "_bucket", labels.adding("le", bound).text, String(total), &families[position].lines)
        }
        MetricPage.line(name, "_sum", labels.text, MetricPage.number(reading.sum), &families[position].lines)
        MetricPage.line(name, "_count", labels.text, String(total), &families[position].lines)
    }

    private mutating func mayGrow() -> Bool {
        seriesCount += 1
        if seriesCount > seriesMaximum { droppedCount += 1 }
        return seriesCount <= seriesMaximum
    }

    private mutating func position(_ name: String, _ kind: Metric.Kind, _ help: String) -> Int {
        if let position = positions[name] { return position }
        positions[name] = families.count
        families.append(Family(name: name, kind: kind, help: help))
        return families.count - 1
    }

    /// The whole page.
    ///
    /// - Parameter dropped: series that were left out before they came here.
    package func text(dropped: UInt64 = 0) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(families.reduce(1_024) { $0 + $1.lines.count + $1.help.utf8.count + 2 * $1.name.utf8.count + 32 })
        var families = families
        let metric = Metric.seriesDropped
        var last = Family(name: metric.rawValue, kind: metric.kind, help: metric.help)
        MetricPage.line(metric.rawValue, "", [], String(droppedCount + dropped), &last.lines)
        families.append(last)
        for family in families {
            text += "# HELP \(family.name) \(MetricPage.escaped(family.help))\n# TYPE \(family.name) \(family.kind.rawValue)\n".utf8
            text += family.lines
        }
        return text
    }

    private static func line(_ name: String, _ suffix: String, _ labels: [UInt8], _ value: String, _ text: inout [UInt8]) {
        text += name.utf8
        text += suffix.utf8
        if !labels.isEmpty {
            text.append(UInt8(ascii: "{"))
            text += labels
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: " "))
        text += value.utf8
        text.append(UInt8(ascii: "\n"))
    }

    /// A help text on one line.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// A number as Prometheus reads it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }
}
