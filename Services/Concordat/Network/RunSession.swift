import BusShell
import Foundation
import Logging
import Runtime
import Synchronization
import Telemetry
import Wire

/// One process of `run`, from its start to its end.
struct RunSession {
    let launcher: Launcher
    let logger: Logger
    /// Where it shows itself; nil shows nothing.
    let address: ListenAddress?
    /// How long it says that it is not ready before it ends.
    let noticeMilliseconds: UInt64
    /// Told what people may want to know.
    let say: (String) -> Void
    let shutdown = Shutdown()

    /// How roles have ended by themselves.
    private struct Ends {
        var problem: (any Error)?
        var drained = 0
    }

    /// Runs the bus of a site until it is asked to end.
    func serve(bus site: String) throws {
        // The handler lives as long as the doors: without it they let nobody in.
        let authenticator = try launcher.authenticator()
        defer { authenticator.stop() }
        let bus = try launcher.startBus(site, authenticator: authenticator, logger: logger)
        logger.info("open", metadata: ["members": "\(bus.doors.members ?? "")"])
        let refresh = BusRefresh(launcher, site, bus, logger: logger)
        let exporter = Exporter(ProcessName.bus(site: site).description)
        defer { exporter.stop() }
        exporter.add(bus: site, bus)
        try show(exporter)
        while !shutdown.wait(milliseconds: 1_000) {
            refresh.look()
            if let failure = bus.failure { throw Failure(.failed, "the bus of \(site) ended: \(failure)", "See its log.") }
        }
        giveNotice(exporter)
        bus.stop()
        exporter.leave(launcher.folder)
    }

    /// Runs roles of a node until they are asked to end, have all drained, or one fails: then the others end with it.
    func serve(_ places: [RunPlan.RolePlace], drain: Bool) throws {
        let ends = Mutex(Ends())
        let (shutdown, count) = (shutdown, places.count)
        var hosts: [(address: RoleAddress, host: any RoleHosting)] = []
        do {
            for place in places {
                hosts.append(
                    try start(place) { error in
                        let isOver = ends.withLock { ends in
                            if error is RoleDrained { ends.drained += 1 } else { ends.problem = ends.problem ?? error }
                            return ends.problem != nil || ends.drained == count
                        }
                        if isOver { shutdown.ask() }
                    })
            }
        } catch {
            for (_, host) in hosts { host.stop() }
            throw error
        }
        let exporter = Exporter(places.count == 1 ? hosts[0].address.description : hosts[0].address.node)
        defer { exporter.stop() }
        let running = hosts.map(\.host)
        shutdown.onDrain { for host in running { host.drain() } }
        if drain { for host in running { host.drain() } }
        for (address, host) in hosts {
            logger.info("started", metadata: places.count > 1 || places[0].takesFreeReplica ? ["as": "\(address)"] : [:])
            exporter.add(address, host)
        }
        try show(exporter)
        shutdown.wait()
        if let problem = ends.withLock({ $0.problem }) {
            for host in running { host.stop() }
            throw problem
        }
        giveNotice(exporter)
        for host in running { host.stop() }
        exporter.leave(launcher.folder)
    }

    private func start(_ place: RunPlan.RolePlace, failed: @escaping @Sendable (any Error) -> Void) throws -> (address: RoleAddress, host: any RoleHosting) {
        guard place.takesFreeReplica else { return (place.address, try launcher.startRole(place.address, logger: logger, failed: failed)) }
        for replica in NetworkFile.collectorsAllowed {
            var address = place.address
            address.replica = replica
            do {
                return (address, try launcher.startRole(address, logger: logger, failed: failed))
            } catch let fault as RoleStoreFault {
                // Another process runs this one: the lock of its folder says so, to all who share the folder.
                guard case .locked = fault.problem else { throw fault }
            }
        }
        throw Failure(
            .failed, "all \(NetworkFile.collectorsAllowed.upperBound) replicas of \(place.address.memberName) run already in \(launcher.folder.path)",
            "A node has no more collectors than that; add them at another node.")
    }

    /// Shows what has been added so far.
    private func show(_ exporter: Exporter) throws {
        guard let address else { return }
        say("Metrics: http://\(try exporter.serve(address, launcher.folder, launcher.configuration, logger: logger))/metrics")
    }

    /// Not ready from now on; the work under way is still done.
    private func giveNotice(_ exporter: Exporter) {
        exporter.drain()
        usleep(UInt32(clamping: noticeMilliseconds * 1_000))
    }
}
