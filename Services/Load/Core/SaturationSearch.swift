/// Raises the rate step by step until what becomes final no longer follows.
package struct SaturationSearch: Sendable {
    /// What one step showed.
    package struct Step: Hashable, Sendable, Encodable {
        package var asked_per_second: Double
        /// To be sent, sent and final in its second half, when it had settled.
        package var scheduled_per_second: Double
        package var sent_per_second: Double
        package var final_per_second: Double
        /// Nil when nothing became final.
        package var final_p99_seconds: Double?
        /// Under way when the sending of the step ended.
        package var under_way: Int

        package init(asked: Double, scheduled: Double, sent: Double, final: Double, p99Seconds: Double?, underWay: Int) {
            asked_per_second = asked
            scheduled_per_second = scheduled
            sent_per_second = sent
            final_per_second = final
            final_p99_seconds = p99Seconds
            under_way = underWay
        }

        /// - Parameter tally: of the step alone.
        package init(_ tally: RunTally, asked: Double) {
            self.init(
                asked: asked, scheduled: tally.steady.scheduled, sent: tally.sentRate ?? 0, final: tally.steady.final,
                p99Seconds: tally.book[.final].percentile(99).map { Double($0) / 1e6 }, underWay: tally.underWayAtEnd)
        }

        /// Whether the network kept up: nearly all that was to be sent became final at the same pace.
        package var follows: Bool { final_per_second >= scheduled_per_second * SaturationSearch.following }
    }

    static let following = 0.85
    private static let growth = 1.5
    package static let stepsMaximum = 24

    package private(set) var steps: [Step] = []
    private let first: Double

    /// - Parameter first: payments a second of the first step.
    package init(first: Double) { self.first = first }

    /// The rate of the next step; nil when the last one showed saturation, or nothing more can be asked for.
    package var next: Double? {
        guard let last = steps.last else { return first }
        guard last.follows, steps.count < SaturationSearch.stepsMaximum else { return nil }
        let rate = last.asked_per_second * SaturationSearch.growth
        return rate > LoadLimits.ratePerSecond ? nil : rate
    }

    /// Takes in what a step showed.
    package mutating func take(_ step: Step) { steps.append(step) }

    /// Whether the network no longer followed.
    package var isSaturated: Bool { steps.last.map { !$0.follows } ?? false }

    /// The most that became final in any step, a second.
    package var capacity: Double { steps.reduce(0) { max($0, $1.final_per_second) } }
}
