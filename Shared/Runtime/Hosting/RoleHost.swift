import Cryptography
import Determinism
import Dispatch
import Foundation
import Logging
import RoleKit
import Synchronization
import Wire

/// What a role instance is started with.
package struct RoleHostSettings: Sendable {
    package var context: RoleContext
    /// Folder of its store.
    package var folder: String
    /// How it meets its bus; topics and services are filled in by the host.
    package var bus: BusClientConfiguration
    /// How its store writes plain files.
    package var files: StoreFiles
    /// Where a recorder's older blocks go; of no other role.
    package var archive: ArchiveSettings
    /// Of a role that nobody but its own store keeps from signing twice.
    package var mark: SigningMark?

    package init(
        context: RoleContext, folder: String, bus: BusClientConfiguration, files: StoreFiles = .system, archive: ArchiveSettings = ArchiveSettings(),
        mark: SigningMark? = nil
    ) {
        self.context = context
        self.folder = folder
        self.bus = bus
        self.files = files
        self.archive = archive
        self.mark = mark
    }
}

/// Runs one role: a thread of its own waits, hands facts to the core, and carries out its orders.
package protocol RoleHosting: Sendable {
    /// Asks it to end and waits until it has.
    func stop()
    /// Asks it to take nothing new on, and to end by itself when all that it has taken on has ended.
    func drain()
    /// Newest final height, items waiting and counters, as of its last turn.
    var snapshot: RoleSnapshot { get }
}

/// What a role ends by itself with that was asked to drain and has: no fault.
package struct RoleDrained: Error {
    package init() {}
}

/// The shell of every role.
package final class RoleHost<Core: RoleCore>: RoleHosting {
    private let box = Mutex(Box())
    private let ended = DispatchSemaphore(value: 0)
    private let state: Mutex<RoleSnapshot>

    /// The mailbox of the core that runs. Each core has its own: what other threads still find out for an earlier one is nobody's.
    private struct Box {
        var mailbox = RoleMailbox()
        var isStopping = false
    }

    /// Opens the store and starts the thread.
    ///
    /// - Parameter failed: told, on the role's thread, why the role ended by itself.
    /// - Throws: `RoleStoreFault` when the folder must not be used.
    package init(
        _ core: Core.Type, context: ZMQContext, settings: RoleHostSettings, logger: Logger,
        failed: @escaping @Sendable (any Error) -> Void
    ) throws {
        let address = settings.context.address
        state = Mutex(RoleSnapshot(address: address.description))
        let store = try RoleStore(folder: settings.folder, network: settings.context.network.id, address: address, files: settings.files, mark: settings.mark)
        if let problem = store.markProblem { logger.warning("nothing beside the key says that it has begun to sign: \(problem)") }
        nonisolated(unsafe) let owned = store
        let thread = Thread { [self] in
            run(context, settings, owned, logger, failed)
            owned.close()
            ended.signal()
        }
        thread.name = "\(address.role.rawValue).\(address.chain)"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Runs cores one after the other: whenever a chain has joined, the next one begins from the store, as after a crash (A16).
    private func run(
        _ context: ZMQContext, _ settings: RoleHostSettings, _ store: RoleStore, _ logger: Logger, _ failed: (any Error) -> Void
    ) {
        while true {
            let mailbox = box.withLock { $0.mailbox }
            let loop = RoleLoop<Core>(context: context, settings: settings, store: store, mailbox: mailbox, logger: logger) { [self] snapshot in
                state.withLock { $0 = snapshot }
            }
            switch loop.run() {
            case .stopped: return
            case .drained: return failed(RoleDrained())
            case .failed(let problem): return failed(problem)
            case .grown(let entry):
                logger.notice("the chain \(entry.chain.id) has joined: beginning anew with it")
                mailbox.stop()
                let goesOn = box.withLock { box in
                    box.mailbox = RoleMailbox()
                    return !box.isStopping
                }
                guard goesOn else { return }
            }
        }
    }

    package var snapshot: RoleSnapshot { state.withLock { $0 } }

    /// Has the role take nothing new on; `failed` is told `RoleDrained` when all that it has taken on has ended.
    package func drain() { box.withLock { $0.mailbox.drain() } }

    /// Ends the role after the turn under way, and waits for that.
    package func stop() {
        box.withLock { box in
            box.isStopping = true
            box.mailbox.stop()
        }
        ended.wait()
        ended.signal()
    }
}
