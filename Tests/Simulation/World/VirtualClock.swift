import Determinism

/// One machine's clocks over virtual time: offset and drift of the wall clock, an arbitrary start of the monotonic one.
package struct VirtualClock: Sendable {
    /// Unix milliseconds of virtual time zero.
    package static let epochMilliseconds: UInt64 = 1_800_000_000_000

    /// Added to the wall clock.
    package var offsetMilliseconds: Int64
    /// Parts per million the clocks run fast (or slow, when negative).
    package var driftPerMillion: Int64
    /// What the monotonic clock showed at virtual time zero.
    package var monotonicStartMilliseconds: UInt64

    package init(offsetMilliseconds: Int64 = 0, driftPerMillion: Int64 = 0, monotonicStartMilliseconds: UInt64 = 0) {
        self.offsetMilliseconds = offsetMilliseconds
        self.driftPerMillion = driftPerMillion
        self.monotonicStartMilliseconds = monotonicStartMilliseconds
    }

    /// What the clocks show at a virtual time in microseconds.
    package func moment(at microseconds: UInt64) -> Moment {
        let elapsed = Int64(microseconds / 1_000)
        let passed = elapsed + elapsed * driftPerMillion / 1_000_000
        return Moment(
            monotonicMilliseconds: monotonicStartMilliseconds + UInt64(max(0, passed)),
            wallMilliseconds: UInt64(Int64(VirtualClock.epochMilliseconds) + passed + offsetMilliseconds))
    }
}
