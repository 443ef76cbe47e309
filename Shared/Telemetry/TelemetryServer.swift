import Dispatch
import Hummingbird
import HummingbirdCore
import Logging
import Synchronization

/// What a process shows of itself over HTTP.
package protocol TelemetrySource: Sendable {
    /// Fills the page of `/metrics`.
    func write(to page: inout MetricPage)
    /// Whether to let it run on: `/healthz`.
    func liveness() -> HealthReport
    /// Whether to send it work: `/readyz`.
    func readiness() -> HealthReport
}

/// Why a server could not be started.
package struct TelemetryFault: Error, Sendable {
    /// A clause without a full stop.
    package var summary: String
}

/// Serves `/metrics`, `/healthz` and `/readyz`. Whoever can reach the port can read it: it holds no secret, and nothing can be changed through it.
package final class TelemetryServer: Sendable {
    /// Where it listens, with the port that was chosen.
    package let address: String

    private let task: Task<Void, Never>
    private let ended: DispatchSemaphore

    /// How the start stands, between the server's task and the thread that waits for it.
    private final class Start: Sendable {
        private let state = Mutex<(port: Int?, problem: String?)>((nil, nil))

        var port: Int? { state.withLock { $0.port } }
        var problem: String? { state.withLock { $0.problem } }
        func opened(_ port: Int?) { state.withLock { $0.port = port } }
        func failed(_ problem: String) { state.withLock { $0.problem = problem } }
    }

    /// Opens the port; 0 takes one that is free. It waits for that, so it must not be called on a thread of Swift's own pool.
    package init(host: String, port: Int, source: any TelemetrySource, logger: Logger) throws(TelemetryFault) {
        let start = Start()
        let opened = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        var quiet = logger
        // A connection that ends with the server is no error to tell anybody.
        quiet.logLevel = .critical
        let application = Application(
            router: TelemetryServer.router(source),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(TelemetryLimits.idleSeconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: TelemetryLimits.headerFieldBytes, maxHeaderListSize: TelemetryLimits.headerBytes,
                        maxHeaderFieldCount: TelemetryLimits.headerFields))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), availableConnectionsDelegate: MaximumAvailableConnections(TelemetryLimits.connections)),
            onServerRunning: { channel in
                start.opened(channel.localAddress?.port)
                opened.signal()
            },
            logger: quiet)
        task = Task.detached {
            do {
                try await application.run()
            } catch {
                start.failed("\(error)")
            }
            opened.signal()
            ended.signal()
        }
        self.ended = ended
        let isInTime = opened.wait(timeout: .now() + TelemetryLimits.startSeconds) == .success
        guard isInTime, let bound = start.port else {
            task.cancel()
            throw TelemetryFault(summary: "no server can be opened at \(host):\(port): \(start.problem ?? "it did not start in time")")
        }
        address = host.contains(":") ? "[\(host)]:\(bound)" : "\(host):\(bound)"
    }

    /// Closes it; a second time does nothing.
    package func stop() {
        task.cancel()
        if ended.wait(timeout: .now() + TelemetryLimits.stopSeconds) == .success { ended.signal() }
    }

    private static func router(_ source: any TelemetrySource) -> Router<BasicRequestContext> {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.get("/metrics") { _, _ in
            var page = MetricPage()
            source.write(to: &page)
            return answer(.ok, "text/plain; version=0.0.4; charset=utf-8", ByteBuffer(bytes: page.text()))
        }
        router.get("/healthz") { _, _ in answer(source.liveness()) }
        router.get("/readyz") { _, _ in answer(source.readiness()) }
        router.get("/") { _, _ in answer(.ok, "text/plain; charset=utf-8", ByteBuffer(string: "/metrics\n/healthz\n/readyz\n")) }
        return router
    }

    private static func answer(_ report: HealthReport) -> Response {
        answer(report.isWell ? .ok : .serviceUnavailable, "application/json; charset=utf-8", ByteBuffer(string: report.text))
    }

    private static func answer(_ status: HTTPResponse.Status, _ type: String, _ body: ByteBuffer) -> Response {
        Response(status: status, headers: [.contentType: type, .cacheControl: "no-store"], body: ResponseBody(byteBuffer: body))
    }
}
