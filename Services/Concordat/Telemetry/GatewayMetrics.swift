import Gateway
import Runtime
import Telemetry

/// What a gateway shows of itself.
struct GatewayMetrics: ExportedPart {
    let meter: GatewayMeter

    func write(to page: inout MetricPage) {
        let reading = meter.now
        page.declare(.gatewayRequests)
        for (kind, count) in reading.answers.sorted(by: { ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status) }) {
            page.add(.gatewayRequests, count, MetricLabels([("method", kind.method), ("route", kind.route), ("status", "\(kind.status)")]))
        }
        page.add(.gatewayDuration, reading.durations.reading)
        page.add(.gatewayListeners, UInt64(reading.listeners))
    }

    func readiness() -> [HealthCheck] { [] }
}
