import CoreMetrics
import Synchronization

/// One series that code counts into, by any of the ways of swift-metrics.
final class Instrument: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    enum Reading {
        case number(Double)
        case histogram(HistogramReading)
    }

    private struct State {
        var number = 0.0
        var counts = [UInt64](repeating: 0, count: Instrument.bounds.count + 1)
    }

    /// Upper bounds of buckets, in seconds where it is a time.
    static let bounds: [Double] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// As code named it.
    let label: String
    let kind: Metric.Kind
    /// What a timer's nanoseconds are divided by.
    private let divisor: Double
    private let state = Mutex(State())

    init(label: String, kind: Metric.Kind, divisor: Double) {
        self.label = label
        self.kind = kind
        self.divisor = divisor
    }

    var reading: Reading {
        state.withLock { state in
            kind == .histogram ? .histogram(HistogramReading(bounds: Instrument.bounds, counts: state.counts, sum: state.number)) : .number(state.number)
        }
    }

    /// A counter never falls.
    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { if kind != .counter || amount > 0 { state.withLock { $0.number += amount } } }
    func decrement(by amount: Double) { if kind != .counter { state.withLock { $0.number -= amount } } }
    func reset() { state.withLock { $0 = State() } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0.number = value } }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard kind == .histogram else { return set(value) }
        let bucket = Instrument.bounds.firstIndex { value <= $0 } ?? Instrument.bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.number += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / divisor) }
}
