import Determinism
import Glibc

/// The clock of the messaging shells.
package enum BusClock {
    /// Now, by the monotonic and the wall clock.
    package static func now() -> Moment {
        Moment(monotonicMilliseconds: read(CLOCK_MONOTONIC), wallMilliseconds: read(CLOCK_REALTIME))
    }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        let result = clock_gettime(clock, &time)
        precondition(result == 0, "these clocks exist on every Linux")
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
