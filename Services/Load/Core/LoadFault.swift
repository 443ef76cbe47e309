/// Why a setting of a load run is none: what is wrong with it, and what to write instead.
package struct LoadFault: Error, Hashable, Sendable {
    /// A clause without a full stop.
    package var problem: String
    /// A sentence.
    package var advice: String

    package init(_ problem: String, _ advice: String) {
        self.problem = problem
        self.advice = advice
    }
}

/// Every bound of a load run, by name.
package enum LoadLimits {
    /// Payments of one process; a longer run is split over workers.
    package static let payments = 2_000_000
    /// Payments a second that anybody may ask for.
    package static let ratePerSecond = 1_000_000.0
    /// Payments of one lane a second: a client connection may send only so many frames, and each payment takes a few.
    package static let lanePaymentsPerSecond = 60.0
    /// Payments that one lane has under way where the number of them is what is held.
    package static let laneUnderWay = 60
    /// Lanes of one process.
    package static let lanes = 64
    /// Worker processes of one run.
    package static let workers = 64
    /// Accounts of the address book that take part.
    package static let accounts = 2_048
    /// Longest run, a day, in microseconds.
    package static let durationMicroseconds: UInt64 = 86_400_000_000
    /// Latencies above an hour count as one, in microseconds.
    package static let latencyMicroseconds: UInt64 = 3_600_000_000
    /// Windows of the plots over time.
    package static let windows = 120
    /// Arrivals of a replay file.
    package static let replayArrivals = 1_000_000
    /// Objectives of one run.
    package static let objectives = 32
    /// Reasons that are counted apart.
    package static let reasons = 64
}
