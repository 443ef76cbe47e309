import LoadCore
import Testing

@Suite("Arrivals")
struct ArrivalTests {
    private static let minute: UInt64 = 60_000_000

    private func times(_ arrivals: Arrivals, lane: Int = 0, of lanes: Int = 1, seed: UInt64 = 42) -> [UInt64] {
        var schedule = ArrivalSchedule(arrivals, durationMicroseconds: ArrivalTests.minute, lane: lane, of: lanes, seed: seed)
        var times: [UInt64] = []
        while let time = schedule.next() { times.append(time) }
        return times
    }

    @Test("independent payers come at the asked rate, and their gaps are as irregular as such gaps are")
    func poisson() {
        let times = times(.poisson(perSecond: 500))
        #expect((29_200...30_800).contains(times.count) && times == times.sorted(), "\(times.count)")
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(gaps.count)
        // An exponential gap spreads as far as it is long on average, and one in e is longer than that.
        #expect((0.95...1.05).contains(variance.squareRoot() / mean), "\(variance.squareRoot() / mean)")
        #expect((0.35...0.385).contains(Double(gaps.filter { $0 > mean }.count) / Double(gaps.count)))
    }

    @Test("the same seed gives the same arrivals, another one others, and lanes differ")
    func seeds() {
        #expect(times(.poisson(perSecond: 50)) == times(.poisson(perSecond: 50)))
        #expect(times(.poisson(perSecond: 50)) != times(.poisson(perSecond: 50), seed: 43))
        #expect(times(.poisson(perSecond: 50), lane: 0, of: 2) != times(.poisson(perSecond: 50), lane: 1, of: 2))
    }

    @Test("lanes together bring what the run asks for", arguments: [1, 3, 8])
    func lanes(_ count: Int) {
        let uniform = (0..<count).flatMap { times(.uniform(perSecond: 100), lane: $0, of: count) }.sorted()
        #expect(uniform == (0..<6_000).map { UInt64($0) * 10_000 })
        let poisson = (0..<count).flatMap { times(.poisson(perSecond: 200), lane: $0, of: count) }
        #expect((11_500...12_500).contains(poisson.count), "\(poisson.count)")
        let moments: [UInt64] = (0..<100).map { $0 * 1_000 }
        #expect((0..<count).flatMap { times(.replay(moments), lane: $0, of: count) }.sorted() == moments)
    }

    @Test("a ramp goes evenly from one rate to the other", arguments: [(0.001, 200.0), (200, 10), (50, 50)] as [(Double, Double)])
    func ramp(_ row: (Double, Double)) {
        let times = times(.ramp(from: row.0, to: row.1))
        for sixth in 0..<6 {
            let middle = row.0 + (row.1 - row.0) * (Double(sixth) + 0.5) / 6
            let count = Double(times.filter { $0 / 10_000_000 == UInt64(sixth) }.count) / 10
            #expect(abs(count - middle) < 8, "\(count)/s where \(middle)/s were asked for")
        }
    }

    private func run(_ arrivals: Arrivals, underWay: Int = 100) throws -> LanePlan.Run {
        LanePlan.Run(
            arrivals: arrivals, mix: try LoadMix("transfer"), durationMicroseconds: 1_000_000, seed: 1, maximumLagMicroseconds: 100_000, maximumUnderWay: underWay)
    }

    @Test("an open loop sends what is due, leaves out what is too late, and what is too much")
    func open() throws {
        var plan = LanePlan(try run(.uniform(perSecond: 10), underWay: 2), lane: 0, of: 1)
        #expect(plan.step(at: 0, underWay: 0, notFinal: 0) == .send(.transfer, scheduled: 0))
        #expect(plan.step(at: 0, underWay: 1, notFinal: 1) == .wait(until: 100_000))
        #expect(plan.step(at: 100_500, underWay: 1, notFinal: 1) == .send(.transfer, scheduled: 100_000))
        #expect(plan.step(at: 200_000, underWay: 2, notFinal: 2) == .drop(.transfer, scheduled: 200_000))
        #expect(plan.step(at: 450_000, underWay: 0, notFinal: 0) == .skip(.transfer, scheduled: 300_000))
        #expect(plan.step(at: 450_000, underWay: 0, notFinal: 0) == .send(.transfer, scheduled: 400_000))
        for expected: UInt64 in [500_000, 600_000, 700_000, 800_000, 900_000] {
            #expect(plan.step(at: expected, underWay: 0, notFinal: 0) == .send(.transfer, scheduled: expected))
        }
        #expect(plan.step(at: 1_000_000, underWay: 0, notFinal: 0) == .done)
    }

    @Test("a closed loop waits for ends, a held backlog only for finality, and both share the payers among lanes")
    func closed() throws {
        var loop = LanePlan(try run(.closed(5)), lane: 1, of: 2)
        #expect(loop.step(at: 7, underWay: 1, notFinal: 0) == .send(.transfer, scheduled: 7))
        #expect(loop.step(at: 8, underWay: 2, notFinal: 0) == .waitForEnd)
        #expect(loop.step(at: 1_000_000, underWay: 0, notFinal: 0) == .done)
        var backlog = LanePlan(try run(.backlog(5)), lane: 0, of: 2)
        #expect(backlog.step(at: 9, underWay: 9, notFinal: 2) == .send(.transfer, scheduled: 9))
        #expect(backlog.step(at: 9, underWay: 9, notFinal: 3) == .waitForEnd)
        #expect(backlog.step(at: 9, underWay: 50, notFinal: 0) == .waitForEnd)
    }
}
