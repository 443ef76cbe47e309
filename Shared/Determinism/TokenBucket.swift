/// Limits how often something may happen: a burst at once, and a rate in the long run.
package struct TokenBucket: Sendable {
    private let perSecond: UInt64
    private let burst: UInt64
    /// Thousandths of a token.
    private var thousandths: UInt64
    private var filledAt: Moment

    /// A full bucket.
    ///
    /// - Parameter perSecond: tokens that it gains a second, at least 1.
    /// - Parameter burst: tokens that it holds at most, at least 1.
    package init(perSecond: Int, burst: Int, now: Moment) {
        precondition(perSecond > 0 && burst > 0, "a bucket holds and gains something")
        self.perSecond = UInt64(perSecond)
        self.burst = UInt64(burst)
        thousandths = UInt64(burst) * 1000
        filledAt = now
    }

    /// Takes one token.
    /// - Returns: false when there is none.
    package mutating func take(now: Moment) -> Bool {
        // A token a second is a thousandth of it a millisecond. An hour fills every bucket, and cannot overflow.
        thousandths = min(burst * 1000, thousandths + min(now.milliseconds(since: filledAt), 3_600_000) * perSecond)
        filledAt = max(filledAt, now)
        guard thousandths >= 1000 else { return false }
        thousandths -= 1000
        return true
    }
}
