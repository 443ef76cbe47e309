import BusCore
import CZeroMQ
import Foundation
import Logging
import Runtime
import Synchronization
import Wire

/// What the bus's thread shares with others, and its start and end.
final class BusThread: Sendable {
    let started = DispatchSemaphore(value: 0)
    let ended = DispatchSemaphore(value: 0)
    let stopSignal = WakeSignal()
    let failure = Mutex<ZMQError?>(nil)
    let boundDoors = Mutex(BusDoors())
    let counts = Mutex<[BusCount: UInt64]>([:])

    private let context: Mutex<ZMQContext?>
    private let configuration: BusConfiguration
    private let logger: Logger

    static func membersDomain(_ site: String) -> String { "members.\(site)" }
    static func clientsDomain(_ site: String) -> String { "clients.\(site)" }

    init(context: ZMQContext, configuration: BusConfiguration, logger: Logger) {
        self.context = Mutex(context)
        self.configuration = configuration
        self.logger = logger
    }

    /// A line that people have to read.
    func warn(_ line: String) { logger.critical("\(line)", metadata: ["site": "\(configuration.rules.site)"]) }

    /// Runs the bus until it is stopped.
    func run() {
        do {
            // The context is let go with the thread's sockets, so that it can end.
            guard let context = context.withLock({ let taken = $0; $0 = nil; return taken }) else { return }
            var sockets = BusSockets()
            let bound = try sockets.open(context, configuration)
            defer { sockets.close() }
            boundDoors.withLock { $0 = bound }
            let loop = try BusLoop(context: context, configuration: configuration, sockets: sockets, shared: self)
            logger.info("bus open", metadata: ["site": "\(configuration.rules.site)", "epoch": "\(loop.core.bootEpoch)"])
            started.signal()
            try loop.run()
        } catch {
            logger.error("bus ended", metadata: ["site": "\(configuration.rules.site)", "error": "\(error)"])
            failure.withLock { $0 = error }
        }
        started.signal()
        ended.signal()
    }
}
