import BusShell
import CoreMetrics
import Foundation
import Logging
import RoleKit
import Runtime
import Synchronization
import Telemetry
import Wire

/// Something else that shows itself in a process: a supervisor, a heartbeat.
protocol ExportedPart: Sendable {
    func write(to page: inout MetricPage)
    func readiness() -> [HealthCheck]
}

/// Everything that one process shows of itself, and the server that shows it.
final class Exporter: TelemetrySource {
    private struct Parts {
        var roles: [RoleMetrics] = []
        var buses: [BusMetrics] = []
        var others: [any ExportedPart] = []
        var isDraining = false
    }

    /// Name of the process.
    let name: String
    /// What code measures through swift-metrics.
    let registry = PrometheusRegistry()
    private let parts = Mutex(Parts())
    private let server = Mutex<TelemetryServer?>(nil)

    init(_ name: String) { self.name = name }

    func add(_ address: RoleAddress, _ host: any RoleHosting) { parts.withLock { $0.roles.append(RoleMetrics(address, host)) } }
    func add(bus site: String, _ service: BusService) { parts.withLock { $0.buses.append(BusMetrics(site, service)) } }
    func add(_ part: any ExportedPart) { parts.withLock { $0.others.append(part) } }

    /// Opens the port and leaves word of it in the network's folder.
    ///
    /// - Returns: where it listens.
    @discardableResult
    func serve(_ address: ListenAddress, _ folder: NetworkFolder, _ configuration: NetworkConfiguration, logger: Logger) throws -> String {
        do {
            let opened = try TelemetryServer(host: address.host, port: address.port, source: self, logger: logger)
            server.withLock { $0 = opened }
            logger.info("metrics", metadata: ["address": "\(opened.address)"])
            do {
                try TargetsFile(folder).register(name, address: opened.address, network: configuration.name)
            } catch {
                // Whoever knows the address still gets an answer; the process itself has other work to do.
                logger.warning("its address is not in \(folder.targetsFile): \(Failure(error).problem)")
            }
            return opened.address
        } catch {
            throw Failure(.failed, error.summary, "Name a free port with --metrics, or port 0 for one that is free.")
        }
    }

    /// From now on it is not ready: whoever sends it work looks for another.
    func drain() { parts.withLock { $0.isDraining = true } }

    /// Takes its entry out of the network's folder: it ends because it was asked to.
    func leave(_ folder: NetworkFolder) {
        guard let address = server.withLock({ $0?.address }), FileManager.default.fileExists(atPath: folder.targetsFile) else { return }
        try? TargetsFile(folder).remove(name, address: address)
    }

    /// Closes the port.
    func stop() {
        server.withLock { server in
            server?.stop()
            server = nil
        }
    }

    func write(to page: inout MetricPage) {
        let parts = parts.withLock { $0 }
        let zeroMQ = Version.zeroMQ
        page.add(
            .buildInfo, 1 as UInt64,
            MetricLabels([
                ("version", Version.text), ("wire_version", "\(BusLimits.protocolVersion)"), ("zeromq", "\(zeroMQ.major).\(zeroMQ.minor).\(zeroMQ.patch)"),
            ]))
        for bus in parts.buses { bus.write(to: &page, checks: bus.readiness() + draining(parts, "bus@\(bus.site)")) }
        for role in parts.roles { role.write(to: &page, checks: role.readiness() + draining(parts, role.address.description)) }
        for part in parts.others { part.write(to: &page) }
        registry.write(to: &page)
        ProcessMetrics.write(to: &page)
    }

    func liveness() -> HealthReport {
        let parts = parts.withLock { $0 }
        let now = BusClock.now().monotonicMilliseconds
        return HealthReport(parts.buses.map { $0.liveness(at: now) } + parts.roles.map { $0.liveness(at: now) })
    }

    func readiness() -> HealthReport {
        let parts = parts.withLock { $0 }
        return HealthReport(
            parts.buses.flatMap { $0.readiness() } + parts.roles.flatMap { $0.readiness() } + parts.others.flatMap { $0.readiness() } + draining(parts, name))
    }

    private func draining(_ parts: Parts, _ owner: String) -> [HealthCheck] {
        [HealthCheck(of: owner, "serving", passes: !parts.isDraining, parts.isDraining ? "it was asked to end" : "nobody has asked it to end")]
    }
}
