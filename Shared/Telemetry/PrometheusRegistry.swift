import CoreMetrics
import Synchronization

/// Keeps what code measures through swift-metrics, and shows it to Prometheus.
///
/// Dots in names become underscores; a counter's name ends in `_total`, a timer's in `_seconds`. An instrument that exists already
/// under the same name and labels is handed out again.
package final class PrometheusRegistry: MetricsFactory {
    private struct Key: Hashable {
        var name: String
        var labels: MetricLabels
    }

    private struct Shelf {
        var instruments: [Key: Instrument] = [:]
        /// In the order in which they were made, so that a page keeps its order.
        var order: [Key] = []
        var helps: [String: String] = [:]
        /// Series that found no room.
        var refusedCount: UInt64 = 0
    }

    private let shelf = Mutex(Shelf())
    private let instrumentsMaximum: Int
    private static let prefix = "concordat_"

    package init(instrumentsMaximum: Int = TelemetryLimits.instruments) { self.instrumentsMaximum = instrumentsMaximum }

    /// Says what a metric means; without it the page shows its name as code gave it.
    ///
    /// - Parameter name: as it stands on the page.
    package func describe(_ name: String, _ help: String) { shelf.withLock { $0.helps[name] = help } }

    /// Series that were asked for beyond the bound.
    package var refusedCount: UInt64 { shelf.withLock { $0.refusedCount } }

    /// Shows everything on a page.
    package func write(to page: inout MetricPage) {
        let (entries, helps) = shelf.withLock { shelf in (shelf.order.compactMap { key in shelf.instruments[key].map { (key, $0) } }, shelf.helps) }
        for (key, instrument) in entries {
            let help = helps[key.name] ?? Metric(rawValue: key.name)?.help ?? "Measured as \(instrument.label)."
            switch instrument.reading {
            case .number(let value): page.add(name: key.name, instrument.kind, help, key.labels) { MetricPage.number(value) }
            case .histogram(let reading): page.add(name: key.name, help: help, reading, key.labels)
            }
        }
    }

    /// The instrument of a name and labels, made when there is none; beyond the bound it leads nowhere.
    private func instrument(_ label: String, _ dimensions: [(String, String)], _ kind: Metric.Kind, suffix: String, divisor: Double = 1) -> Instrument {
        var name = MetricName.metric(label)
        if !name.hasPrefix(PrometheusRegistry.prefix), !name.hasPrefix("process_") { name = PrometheusRegistry.prefix + name }
        if !name.hasSuffix(suffix) { name += suffix }
        let labels = MetricLabels(dimensions.sorted { $0.0 < $1.0 }.map { (name: $0.0, value: $0.1) })
        let key = Key(name: name, labels: labels)
        return shelf.withLock { shelf in
            if let known = shelf.instruments[key], known.kind == kind { return known }
            let fresh = Instrument(label: label, kind: kind, divisor: divisor)
            guard shelf.order.count < instrumentsMaximum, shelf.instruments[key] == nil else {
                shelf.refusedCount += 1
                return fresh
            }
            shelf.instruments[key] = fresh
            shelf.order.append(key)
            return fresh
        }
    }

    private func forget(_ instrument: AnyObject) {
        shelf.withLock { shelf in
            guard let index = shelf.order.firstIndex(where: { shelf.instruments[$0] === instrument }) else { return }
            shelf.instruments[shelf.order.remove(at: index)] = nil
        }
    }

    /// What only rises, in whole steps.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { instrument(label, dimensions, .counter, suffix: "_total") }
    /// What only rises, in any steps.
    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        instrument(label, dimensions, .counter, suffix: "_total")
    }
    /// What rises and falls.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { instrument(label, dimensions, .gauge, suffix: "") }
    /// Single values: their distribution, or the newest one.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        instrument(label, dimensions, aggregate ? .histogram : .gauge, suffix: "")
    }
    /// Times, as a distribution in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        instrument(label, dimensions, .histogram, suffix: "_seconds", divisor: 1e9)
    }

    /// Shows it no more; likewise below.
    package func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    /// As for a counter.
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    /// As for a counter.
    package func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    /// As for a counter.
    package func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    /// As for a counter.
    package func destroyTimer(_ handler: any TimerHandler) { forget(handler) }
}
