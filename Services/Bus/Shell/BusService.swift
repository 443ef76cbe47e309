import BusCore
import CZeroMQ
import Foundation
import Logging
import Runtime
import Synchronization
import Wire

/// A bus on real sockets: one thread owns them all and does what the core says. Safe to use from any thread.
package final class BusService: Sendable {
    /// Where it listens, with the ports that were chosen where the configuration named none.
    package let doors: BusDoors
    private let thread: BusThread

    /// Starts a bus; its doors are open when this returns.
    /// - Parameter authenticator: the ZAP handler of the context; a bus with a key needs it, so that it stands before the doors.
    /// - Throws: `ZMQError` when a door cannot be opened.
    /// - Precondition: addresses of the network come with a key, and a key with an authenticator.
    package init(
        context: ZMQContext, authenticator: ZMQAuthenticator?, configuration: BusConfiguration, logger: Logger
    ) throws(ZMQError) {
        let needsKey = configuration.doors.members != nil || configuration.doors.fanOut != nil || configuration.doors.clients != nil
        precondition(!needsKey || configuration.key != nil, "a door that the network can reach is guarded by a key")
        precondition(configuration.key == nil || authenticator != nil, "a guarded door needs a ZAP handler that stands already")
        let site = configuration.rules.site
        authenticator?.allow(domain: BusThread.clientsDomain(site), .anyKey)
        thread = BusThread(context: context, authenticator: authenticator, configuration: configuration, logger: logger)
        thread.keepOut([])
        let runner = Thread { [thread] in thread.run() }
        runner.name = "bus \(site)"
        runner.start()
        thread.started.wait()
        if let error = thread.failure.withLock({ $0 }) { throw error }
        doors = thread.boundDoors.withLock { $0 }
    }

    deinit { stop() }

    /// How often each thing has happened so far.
    package var counts: [BusCount: UInt64] { thread.counts.withLock { $0 } }

    /// How it stands.
    package var snapshot: BusSnapshot {
        var snapshot = thread.snapshot.withLock { $0 }
        snapshot.counts = counts
        return snapshot
    }

    /// What ended the bus, if it ended by a fault of the world.
    package var failure: ZMQError? { thread.failure.withLock { $0 } }

    /// Takes over who may do what from a configuration that has changed: keys that were added come in, those that were taken away go at once (BUS-29).
    /// - Precondition: site and network are the same.
    package func change(to configuration: BusConfiguration) { thread.change(to: configuration.rules, keys: configuration.memberKeys) }

    /// Closes the doors and waits for the thread; a second time does nothing.
    package func stop() {
        thread.stopSignal.raise()
        thread.ended.wait()
        thread.ended.signal()
    }
}
