/// How long somebody takes to answer, as those who ask have met it: newer answers count for more.
package struct SmoothedLatency: Hashable, Sendable {
    /// Milliseconds times 8; nil before the first answer.
    private var times8: UInt64?

    package init() {}

    /// Ascending from who answers fastest; who has not been asked yet comes first, so that everybody is measured.
    package var rank: UInt64 { times8 ?? 0 }

    /// What an answer takes usually, in milliseconds; 0 before the first.
    package var milliseconds: UInt64 { (times8 ?? 0) / 8 }

    /// An answer came.
    package mutating func answered(afterMilliseconds elapsed: UInt64) {
        let former = times8 ?? elapsed * 8
        times8 = former - former / 8 + elapsed
    }

    /// No answer came in time: it counts for as many milliseconds more as were waited.
    package mutating func failed(afterMilliseconds elapsed: UInt64) { times8 = (times8 ?? 0) + elapsed * 8 }
}
