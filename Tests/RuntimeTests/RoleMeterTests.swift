import Runtime
import Testing

@Suite("What a role's shell measures")
struct RoleMeterTests {
    @Test("a time falls into the first bucket that holds it, its bound included", arguments: [
        (0, 0), (250_000, 0), (250_001, 1), (1_000_000, 2), (5_000_000_000, 13), (5_000_000_001, 14), (UInt64.max, 14),
    ] as [(UInt64, Int)])
    func buckets(nanoseconds: UInt64, bucket: Int) {
        var histogram = TimeHistogram()
        histogram.add(nanoseconds: nanoseconds)
        #expect(histogram.counts.firstIndex(of: 1) == bucket && histogram.counts.reduce(0, +) == 1)
    }
}
