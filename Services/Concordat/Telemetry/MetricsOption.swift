import ArgumentParser
import Foundation
import Telemetry

/// Where a process shows its metrics and its health.
struct MetricsOption: ParsableArguments {
    @Option(help: ArgumentHelp("Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9464; port 0 takes a free one. (default: nowhere)", valueName: "host:port"))
    var metrics: String?
    @Option(help: ArgumentHelp("When asked to end, say so at /readyz for so long first, such as 5s. (default: 0s)", valueName: "span"))
    var drainNotice: String?

    /// Nil where nothing is shown.
    func address() throws -> ListenAddress? {
        guard let text = Setting.text(metrics, "metrics") else { return nil }
        guard let address = ListenAddress(text) else { throw Setting.bad("metrics", text, "For example 127.0.0.1:9464, or 127.0.0.1:0 for a port that is free.") }
        return address
    }

    func noticeMilliseconds() throws -> UInt64 { try TimeSpan.read(try Setting.text(drainNotice, "drain-notice", default: "0s"), "drain-notice") }
}
