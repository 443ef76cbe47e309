import BusCore
import CZeroMQ
import Cryptography
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
    let changeSignal = WakeSignal()
    /// What the configuration says anew, until the thread takes it.
    private let changed = Mutex<(rules: BusRules, lost: [String])?>(nil)
    /// Transport keys of the members.
    private let keys: Mutex<[TransportKey: String]>
    private let authenticator: ZMQAuthenticator?
    let failure = Mutex<ZMQError?>(nil)
    let boundDoors = Mutex(BusDoors())
    let counts = Mutex<[BusCount: UInt64]>([:])
    let snapshot = Mutex(BusSnapshot())

    private let context: Mutex<ZMQContext?>
    private let configuration: BusConfiguration
    private let logger: Logger

    static func membersDomain(_ site: String) -> String { "members.\(site)" }
    static func clientsDomain(_ site: String) -> String { "clients.\(site)" }

    init(context: ZMQContext, authenticator: ZMQAuthenticator?, configuration: BusConfiguration, logger: Logger) {
        self.context = Mutex(context)
        self.authenticator = authenticator
        keys = Mutex(configuration.memberKeys)
        self.configuration = configuration
        self.logger = logger
    }

    /// A line that people have to read.
    func warn(_ line: String) { logger.critical("\(line)", metadata: ["site": "\(configuration.rules.site)"]) }

    /// From now on these keys come in, and these rules hold.
    func change(to rules: BusRules, keys: [TransportKey: String]) {
        let lost = self.keys.withLock { known in
            defer { known = keys }
            return known.filter { keys[$0.key] != $0.value }.map { $0.value }
        }
        // The core says at once who stays out.
        keepOut([])
        changed.withLock { $0 = (rules, (($0?.lost ?? []) + lost).sorted()) }
        changeSignal.raise()
    }

    func takeChange() -> (rules: BusRules, lost: [String])? {
        changeSignal.clear()
        return changed.withLock { let taken = $0; $0 = nil; return taken }
    }

    /// Lets in all members but these.
    func keepOut(_ members: [String]) {
        let allowed = keys.withLock { $0.filter { !members.contains($0.value) } }
        authenticator?.allow(domain: BusThread.membersDomain(configuration.rules.site), .listed(allowed))
    }

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
