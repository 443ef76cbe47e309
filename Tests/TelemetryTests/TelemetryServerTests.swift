import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite("A server of metrics and health")
struct TelemetryServerTests {
    /// Something that is well or not, as told, and shows many series.
    private final class Source: TelemetrySource {
        let isReady = Mutex(true)
        let seriesCount: Int

        init(seriesCount: Int = 1) { self.seriesCount = seriesCount }

        func write(to page: inout MetricPage) {
            for number in 0..<seriesCount { page.add(.stageRequests, UInt64(number), MetricLabels([("role", "builder"), ("node", "alpha-\(number)")])) }
        }
        func liveness() -> HealthReport { HealthReport([HealthCheck(of: "builder", "thread", passes: true, "well")]) }
        func readiness() -> HealthReport {
            let isReady = isReady.withLock { $0 }
            return HealthReport([HealthCheck(of: "builder", "started", passes: true, "well"), HealthCheck(of: "builder", "bus", passes: isReady, "the bus")])
        }
    }

    private func start(_ source: Source) throws -> (server: TelemetryServer, address: ListenAddress) {
        let server = try TelemetryServer(host: "127.0.0.1", port: 0, source: source, logger: Logger(label: "test"))
        return (server, try #require(ListenAddress(server.address)))
    }

    /// Runs what waits on a thread of its own, so that the server's tasks find the pool's threads free.
    private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread { continuation.resume(with: Result(catching: body)) }.start()
        }
    }

    @Test("answers on the port that it was given, and not any more when it has stopped")
    func endpoints() async throws {
        try await onThread {
            let source = Source()
            let (server, address) = try start(source)
            let metrics = try PlainHTTP.get(address, "/metrics", seconds: 5)
            #expect(metrics.status == 200 && metrics.body.contains("concordat_stage_requests_total{role=\"builder\",node=\"alpha-0\"} 0\n"))
            #expect(try PlainHTTP.get(address, "/healthz", seconds: 5).status == 200)
            #expect(try PlainHTTP.get(address, "/readyz", seconds: 5).status == 200)
            #expect(try PlainHTTP.get(address, "/etc/passwd", seconds: 5).status == 404)
            server.stop()
            #expect(throws: PlainHTTP.Silence.self) { try PlainHTTP.get(address, "/healthz", seconds: 5) }
        }
    }

    @Test("readiness says which check fails, with 503, and recovers")
    func readiness() async throws {
        try await onThread {
            let source = Source()
            let (server, address) = try start(source)
            defer { server.stop() }
            source.isReady.withLock { $0 = false }
            let answer = try PlainHTTP.get(address, "/readyz", seconds: 5)
            let report = try JSONDecoder().decode(HealthReport.self, from: Data(answer.body.utf8))
            #expect(answer.status == 503 && !report.isWell && report.failed.map(\.name) == ["bus"])
            source.isReady.withLock { $0 = true }
            #expect(try PlainHTTP.get(address, "/readyz", seconds: 5).status == 200)
        }
    }

    @Test("a port that is taken is said so")
    func takenPort() async throws {
        try await onThread {
            let (server, address) = try start(Source())
            defer { server.stop() }
            #expect(throws: TelemetryFault.self) { try TelemetryServer(host: "127.0.0.1", port: address.port, source: Source(), logger: Logger(label: "test")) }
        }
    }

    @Test("a request with endless headers gets no page, and others still do")
    func headers() async throws {
        try await onThread {
            let (server, address) = try start(Source())
            defer { server.stop() }
            let long = "/metrics HTTP/1.1\r\nX: " + String(repeating: "x", count: 2 * TelemetryLimits.headerFieldBytes)
            let answer = try? PlainHTTP.get(address, long, seconds: 5)
            #expect(answer?.status != 200)
            #expect(try PlainHTTP.get(address, "/metrics", seconds: 5).status == 200)
        }
    }

    @Test("a page of two thousand series takes less than 10 ms")
    func speed() async throws {
        try await onThread {
            let (server, address) = try start(Source(seriesCount: 2_000))
            defer { server.stop() }
            _ = try PlainHTTP.get(address, "/metrics", seconds: 5)
            // The fastest of some: other tests run on the same cores.
            let times = try (0..<20).map { _ in
                let begin = DispatchTime.now().uptimeNanoseconds
                _ = try PlainHTTP.get(address, "/metrics", seconds: 5)
                return Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e6
            }
            #expect((times.min() ?? .infinity) < 10, "\(times)")
        }
    }

    @Test("addresses are read as they are written", arguments: [
        ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:9464", "::1", 9464), ("localhost:80", "localhost", 80),
    ])
    func addresses(text: String, host: String, port: Int) { #expect(ListenAddress(text) == ListenAddress(host: host, port: port)) }

    @Test("what is no address is none", arguments: ["", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:9464", "host:-1"])
    func noAddresses(text: String) { #expect(ListenAddress(text) == nil) }
}
