import Histogram

/// Latencies of one mark, in microseconds.
package struct LatencyRecord: Sendable {
    private var histogram: Histogram<UInt64>

    /// - Parameter isCoarse: two digits are enough, and take a tenth of the memory; else three.
    package init(isCoarse: Bool = false) {
        histogram = Histogram(highestTrackableValue: LoadLimits.latencyMicroseconds, numberOfSignificantValueDigits: isCoarse ? .two : .three)
    }

    /// Adds a latency; longer ones than the longest count as that one.
    package mutating func record(_ microseconds: UInt64) {
        histogram.record(min(microseconds, LoadLimits.latencyMicroseconds))
    }

    /// Adds what another has recorded, to as many digits.
    package mutating func add(_ other: LatencyRecord) { histogram.add(other.histogram) }

    package var count: UInt64 { histogram.totalCount }

    /// The latency that so many of a hundred do not exceed; nil when there is none.
    package func percentile(_ percentile: Double) -> UInt64? { count == 0 ? nil : min(histogram.valueAtPercentile(percentile), histogram.maxRecorded) }
    package var mean: Double? { count == 0 ? nil : histogram.mean }
    package var maximum: UInt64? { count == 0 ? nil : histogram.maxRecorded }

    /// Most values that are told with their counts.
    private static let pairsMaximum = 100_000

    /// Values and counts in turn, as `pairs` tells them; what is too much is left out.
    package init(pairs: [UInt64]) {
        self.init()
        for position in stride(from: 0, to: min(pairs.count, LatencyRecord.pairsMaximum) - 1, by: 2) {
            histogram.record(min(pairs[position], LoadLimits.latencyMicroseconds), count: min(pairs[position + 1], UInt64(LoadLimits.payments)))
        }
    }

    /// Every value that was recorded, followed by how often.
    package var pairs: [UInt64] {
        var pairs: [UInt64] = []
        for item in histogram.recordedValues() { pairs += [item.value, item.count] }
        return pairs
    }

    /// What other programs plot: the percentile distribution of HdrHistogram, in milliseconds.
    package var distribution: String {
        var text = ""
        histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1_000)
        return text
    }

    /// Points of the percentile plot: share of payments above, and milliseconds.
    package func curve() -> [(above: Double, milliseconds: Double)] {
        guard count > 0 else { return [] }
        var points: [(above: Double, milliseconds: Double)] = []
        for item in histogram.percentiles(ticksPerHalfDistance: 5) {
            points.append((1 - min(item.percentileLevelIteratedTo, 100) / 100, Double(min(item.value, histogram.maxRecorded)) / 1_000))
        }
        return points
    }
}

/// Latencies of a run by mark.
package struct LatencyBook: Sendable {
    private var records = LoadMark.allCases.map { _ in LatencyRecord() }

    package init() {}

    package subscript(mark: LoadMark) -> LatencyRecord { records[mark.position] }

    /// Adds the latency of a payment that passed a mark.
    package mutating func record(_ mark: LoadMark, _ microseconds: UInt64) { records[mark.position].record(microseconds) }
}
