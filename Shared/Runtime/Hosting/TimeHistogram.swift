/// How long things took: counts by bucket, cheap enough for every turn of a role.
package struct TimeHistogram: Sendable, Hashable {
    /// Upper bounds of the buckets, in seconds; one more bucket holds what took longer.
    package static let boundsSeconds: [Double] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
    private static let boundsNanoseconds = boundsSeconds.map { UInt64($0 * 1e9) }

    /// Values in each bucket alone.
    package private(set) var counts = [UInt64](repeating: 0, count: boundsSeconds.count + 1)
    /// Sum of all values.
    package private(set) var nanoseconds: UInt64 = 0

    package init() {}

    /// Counts one more.
    package mutating func add(nanoseconds value: UInt64) {
        var bucket = 0
        while bucket < TimeHistogram.boundsNanoseconds.count, value > TimeHistogram.boundsNanoseconds[bucket] { bucket += 1 }
        counts[bucket] += 1
        nanoseconds &+= value
    }
}
