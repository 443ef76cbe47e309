/// A point in time, handed to cores as data; no core ever reads a clock.
package struct Moment: Hashable, Sendable, Comparable, Codable {
    /// Milliseconds since an arbitrary start; never runs backwards. Timers and timeouts use only this.
    package var monotonicMilliseconds: UInt64
    /// Unix milliseconds by the local wall clock; may jump. Only chain time bounds use it.
    package var wallMilliseconds: UInt64

    package init(monotonicMilliseconds: UInt64, wallMilliseconds: UInt64) {
        self.monotonicMilliseconds = monotonicMilliseconds
        self.wallMilliseconds = wallMilliseconds
    }

    /// Orders by the monotonic part alone.
    package static func < (left: Moment, right: Moment) -> Bool {
        left.monotonicMilliseconds < right.monotonicMilliseconds
    }

    /// The monotonic milliseconds gone by since an earlier moment; zero when it is not earlier.
    package func milliseconds(since earlier: Moment) -> UInt64 {
        monotonicMilliseconds > earlier.monotonicMilliseconds ? monotonicMilliseconds - earlier.monotonicMilliseconds : 0
    }
}
