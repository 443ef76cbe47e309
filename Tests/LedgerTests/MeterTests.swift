import Determinism
import Testing
import Wire

/// Token buckets in chain time (G-2): whole numbers, rounded against whoever pays, exact however often they are asked.
@Suite("Meters")
struct MeterTests {
    private func cap(_ amount: Amount, _ window: UInt64) -> SideBrakes.Cap { SideBrakes.Cap(amount: amount, windowMilliseconds: window)! }

    @Test("what is used comes back in proportion to time, rounded down, and no more than was used")
    func refill() {
        var meter = Meter()
        let three = cap(3, 10)
        meter.take(3, at: 100, under: three)
        #expect([100, 103, 104, 106, 107, 109, 110, 500].map { meter.refilled(at: $0, under: three).used } == [3, 3, 2, 2, 1, 1, 0, 0])
        #expect(meter.refilled(at: 99, under: three).used == 3 && meter.refilled(at: 110, under: three).remainder == 0)
    }

    @Test("asking often loses nothing: a bucket that is touched every millisecond fills as fast as one left alone")
    func exact() {
        let slow = cap(7, 1_000)
        var touched = Meter()
        touched.take(7, at: 0, under: slow)
        for time in 1...900 as ClosedRange<UInt64> { touched.take(0, at: time, under: slow) }
        var alone = Meter()
        alone.take(7, at: 0, under: slow)
        alone.take(0, at: 900, under: slow)
        #expect(touched == alone && touched.used == 1)
    }

    @Test("a full cap has room again when its units are back, to the millisecond that it names")
    func room() throws {
        let cap = cap(100, 60_000)
        var meter = Meter()
        #expect(meter.hasRoom(for: 100, at: 5, under: cap) && !meter.hasRoom(for: 101, at: 5, under: cap))
        meter.take(90, at: 5, under: cap)
        #expect(meter.hasRoom(for: 10, at: 5, under: cap) && !meter.hasRoom(for: 11, at: 5, under: cap) && meter.isOpen(at: 5, under: cap))
        meter.take(10, at: 5, under: cap)
        #expect(!meter.isOpen(at: 5, under: cap) && !meter.hasRoom(for: 1, at: 604, under: cap) && meter.hasRoom(for: 1, at: 605, under: cap))
        let wait = try #require(meter.milliseconds(until: 60, at: 5, under: cap))
        #expect(wait == 24_000 && meter.hasRoom(for: 40, at: 5 + wait, under: cap) && !meter.hasRoom(for: 40, at: 4 + wait, under: cap))
        #expect(meter.milliseconds(until: 100, at: 5, under: cap) == 0)
    }

    @Test("numbers at the edge of 64 bits neither overflow nor wrap")
    func edges() {
        let most = cap(.max, Limits.capWindowMilliseconds)
        var meter = Meter()
        meter.take(.max, at: 0, under: most)
        meter.take(.max, at: 0, under: most)
        #expect(meter.used == .max && !meter.hasRoom(for: 1, at: 0, under: most))
        #expect(meter.refilled(at: .max, under: most).used == 0 && meter.refilled(at: Limits.capWindowMilliseconds, under: most).used == 0)
        let back = meter.refilled(at: Limits.capWindowMilliseconds / 2, under: most).used
        #expect(back >= .max / 2 && back <= .max / 2 + 1)
        #expect(meter.milliseconds(until: 0, at: 0, under: most) == Limits.capWindowMilliseconds)
        let least = cap(1, Limits.capWindowMilliseconds)
        #expect(meter.milliseconds(until: 0, at: 0, under: least) == nil)
        #expect(meter.refilled(at: Limits.capWindowMilliseconds, under: least).used == UInt64.max - 1)
    }

    @Test("another version's cap goes on where the one before stood: nothing is given away, and nothing taken")
    func versions() {
        var meter = Meter()
        meter.take(80, at: 1_000, under: cap(100, 10_000))
        let tight = cap(10, 10_000)
        #expect(!meter.isOpen(at: 1_000, under: tight) && meter.milliseconds(until: 0, at: 1_000, under: tight) == 80_000)
        let wide = cap(200, 10_000)
        #expect(meter.hasRoom(for: 120, at: 1_000, under: wide) && !meter.hasRoom(for: 121, at: 1_000, under: wide))
        // A part of a unit that came back under a long window is clamped to less than one of a short window.
        meter.take(0, at: 1_001, under: cap(3, 1_000_000))
        #expect(meter.remainder == 3 && meter.refilled(at: 1_001, under: cap(3, 2)).remainder == 1)
    }

    @Test("over any span no more passes than the cap and what comes back in it", arguments: 1...20 as ClosedRange<UInt64>)
    func bound(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let cap = cap(1 + random.below(1_000), 1 + random.below(5_000))
        var meter = Meter()
        var (time, passed): (UInt64, [(time: UInt64, amount: UInt64)]) = (1_000, [])
        for _ in 0..<400 {
            time += random.below(cap.windowMilliseconds / 4 + 2)
            let amount = 1 + random.below(cap.amount)
            guard meter.hasRoom(for: amount, at: time, under: cap) else { continue }
            meter.take(amount, at: time, under: cap)
            passed.append((time, amount))
        }
        #expect(!passed.isEmpty)
        for first in passed.indices {
            var sum: UInt128 = 0
            for item in passed[first...] {
                sum += UInt128(item.amount)
                let back = UInt128(cap.amount) * UInt128(item.time - passed[first].time) / UInt128(cap.windowMilliseconds) + 1
                #expect(sum <= UInt128(cap.amount) + back)
            }
        }
    }
}
