import Determinism

/// When payments of a run are to be sent.
package enum Arrivals: Hashable, Sendable, Codable {
    /// Open loop: as many payers come who know nothing of each other, so many a second on average.
    case poisson(perSecond: Double)
    /// Open loop: one after the other at equal distances.
    case uniform(perSecond: Double)
    /// Open loop whose rate goes evenly from one to another, with the gaps of independent payers.
    case ramp(from: Double, to: Double)
    /// Closed loop: so many payers, each of whom pays again as soon as the last payment has ended.
    case closed(Int)
    /// As many payments are always under way and not final.
    case backlog(Int)
    /// At these times, ascending, in microseconds from the start.
    case replay([UInt64])

    /// Whether time alone says when the next is sent.
    package var isOpenLoop: Bool {
        switch self {
        case .poisson, .uniform, .ramp, .replay: true
        case .closed, .backlog: false
        }
    }

    /// For people.
    package var text: String {
        switch self {
        case .poisson(let rate): "open loop, poisson, \(LoadText.decimal(rate, 1))/s"
        case .uniform(let rate): "open loop, uniform, \(LoadText.decimal(rate, 1))/s"
        case .ramp(let from, let to): "open loop, ramp from \(LoadText.decimal(from, 1))/s to \(LoadText.decimal(to, 1))/s, poisson"
        case .closed(let count): "closed loop, \(count) payers"
        case .backlog(let count): "backlog of \(count) held"
        case .replay(let times): "replay of \(times.count) arrivals"
        }
    }

    /// Whether a run can be made of it: what another process tells is not taken at its word.
    package var isPossible: Bool {
        func isRate(_ rate: Double) -> Bool { rate > 0 && rate <= LoadLimits.ratePerSecond }
        switch self {
        case .poisson(let rate), .uniform(let rate): return isRate(rate)
        case .ramp(let from, let to): return isRate(from) && isRate(to)
        case .closed(let count), .backlog(let count): return count > 0 && count <= Int(LoadLimits.ratePerSecond)
        case .replay(let times): return !times.isEmpty && times.count <= LoadLimits.replayArrivals && times.allSatisfy { $0 <= LoadLimits.durationMicroseconds }
        }
    }

    /// Payments a second that are asked for on average; nil where the network decides.
    ///
    /// - Parameter durationMicroseconds: of the whole run.
    package func askedPerSecond(durationMicroseconds: UInt64) -> Double? {
        switch self {
        case .poisson(let rate), .uniform(let rate): rate
        case .ramp(let from, let to): (from + to) / 2
        case .closed, .backlog: nil
        case .replay(let times): durationMicroseconds > 0 ? Double(times.count) * 1e6 / Double(durationMicroseconds) : nil
        }
    }

    /// Payments a second at most; nil where the network decides.
    package var highestPerSecond: Double? {
        switch self {
        case .poisson(let rate), .uniform(let rate): rate
        case .ramp(let from, let to): max(from, to)
        case .closed, .backlog: nil
        case .replay(let times):
            times.isEmpty ? 1 : max(1, Double(times.count) * 1e6 / Double(max(1_000_000, times[times.count - 1])))
        }
    }
}

/// The arrivals of one lane of a run; all lanes together have those of the run.
package struct ArrivalSchedule: Sendable {
    private let arrivals: Arrivals
    private let durationMicroseconds: UInt64
    private let lane: Int
    private let laneCount: Int
    private var random: SeededRandom
    private var count = 0
    /// Arrivals that the rate should have brought by the last one, on this lane.
    private var expected = 0.0

    /// - Parameter lane: from 0, below `laneCount`.
    package init(_ arrivals: Arrivals, durationMicroseconds: UInt64, lane: Int, of laneCount: Int, seed: UInt64) {
        precondition(lane >= 0 && lane < laneCount, "lanes are numbered from 0")
        self.arrivals = arrivals
        self.durationMicroseconds = durationMicroseconds
        self.lane = lane
        self.laneCount = laneCount
        random = SeededRandom(seed: seed &+ UInt64(lane) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// When the next payment is to be sent, in microseconds from the start; nil after the last one, and always where the network decides.
    package mutating func next() -> UInt64? {
        let lanes = Double(laneCount)
        let time: Double
        switch arrivals {
        case .poisson(let rate):
            expected += ArrivalSchedule.exponential(&random)
            time = expected * lanes / rate * 1e6
        case .uniform(let rate): time = Double(count * laneCount + lane) / rate * 1e6
        case .ramp(let from, let to):
            expected += ArrivalSchedule.exponential(&random)
            guard let reached = ArrivalSchedule.rampTime(of: expected * lanes, from: from, to: to, seconds: Double(durationMicroseconds) / 1e6) else { return nil }
            time = reached * 1e6
        case .closed, .backlog: return nil
        case .replay(let times):
            let position = count * laneCount + lane
            guard position < times.count else { return nil }
            time = Double(times[position])
        }
        guard time < Double(durationMicroseconds) else { return nil }
        count += 1
        return UInt64(time.rounded())
    }

    /// When a rate that goes evenly from one to another has brought so many arrivals, in seconds; nil when it never does.
    static func rampTime(of arrivals: Double, from: Double, to: Double, seconds: Double) -> Double? {
        let slope = (to - from) / seconds
        guard abs(slope) > 1e-9 else { return arrivals / from }
        let root = from * from + 2 * slope * arrivals
        guard root >= 0 else { return nil }
        return (root.squareRoot() - from) / slope
    }

    /// The distance between two independent events that come once in a unit on average, by comparisons alone (von Neumann 1951).
    static func exponential(_ random: inout SeededRandom) -> Double {
        var whole = 0.0
        while true {
            let first = uniform(&random)
            var last = first
            var falling = 1
            while case let next = uniform(&random), next < last {
                last = next
                falling += 1
            }
            if falling % 2 == 1 { return whole + first }
            whole += 1
        }
    }

    private static func uniform(_ random: inout SeededRandom) -> Double { Double(random.next() >> 11) / 9_007_199_254_740_992 }
}
