import Cryptography
import Foundation
import Hummingbird
import Logging
import Runtime

/// A way into a network for who speaks HTTP: a client like any wallet, with no key of an account and no say.
package final class Gateway: Sendable {
    /// Where it listens, and what it may know.
    package struct Settings: Sendable {
        /// Address to listen at, and port; 0 for one that is free.
        package var host: String
        package var port: Int
        /// Names under which it is known besides those of this machine.
        package var names: [String]
        /// Name and key of a tap; nil when there are none, and nothing is heard live.
        package var tap: (name: String, key: TransportKeyPair)?
        /// Counts what is answered.
        package let meter = GatewayMeter()

        package init(host: String, port: Int, names: [String], tap: (name: String, key: TransportKeyPair)?) {
            self.host = host
            self.port = port
            self.names = names
            self.tap = tap
        }
    }

    package let configuration: NetworkConfiguration
    let desks: DeskPool
    let live: LiveBoard
    /// Names that requests may give, lower case.
    let hosts: Set<String>
    var meter: GatewayMeter { settings.meter }
    private let settings: Settings
    private let logger: Logger

    /// Starts to ask and to listen to the network; `run` opens the door.
    package init(_ configuration: NetworkConfiguration, _ settings: Settings, logger: Logger) {
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
        desks = DeskPool(configuration)
        live = LiveBoard(configuration)
        hosts = Set((settings.names + ["localhost", "127.0.0.1", "::1", settings.host]).map { $0.lowercased() })
    }

    /// Answers requests until the task is cancelled.
    ///
    /// - Parameter ready: told the port, once requests are taken.
    package func run(ready: @escaping @Sendable (Int) -> Void) async throws {
        var threads: [any Stoppable] = [BoardTicker(configuration, live, logger)]
        if let tap = TapListener(configuration, settings.tap, live, logger) { threads.append(tap) }
        defer {
            live.hub.close()
            for thread in threads { thread.stop() }
            desks.stop()
        }
        let serverLogger = Logger(label: "gateway") { [logger] _ in ServerLog(logger) }
        let application = Application(
            responder: GatewayResponder(gateway: self),
            server: .http1(
                configuration: .init(
                    idleTimeout: .milliseconds(GatewayLimits.idleMilliseconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: GatewayLimits.headerBytes, maxHeaderListSize: GatewayLimits.headersBytes,
                        maxHeaderFieldCount: GatewayLimits.headerCount))),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "concordat", backlog: GatewayLimits.connectionBacklog,
                availableConnectionsDelegate: .maximum(Gateway.connections(), logger: logger)),
            onServerRunning: { channel in ready(channel.localAddress?.port ?? 0) }, logger: serverLogger)
        try await application.run()
    }

    /// As many connections as the bound and the system's own allow.
    private static func connections() -> Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return max(16, min(GatewayLimits.connections, Int(clamping: limit.rlim_cur) - GatewayLimits.descriptorsKept))
    }
}

/// A thread that ends when it is asked to.
protocol Stoppable: Sendable {
    func stop()
}
