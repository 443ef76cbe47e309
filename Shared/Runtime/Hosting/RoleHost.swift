import Crypto
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

    package init(context: RoleContext, folder: String, bus: BusClientConfiguration, files: StoreFiles = .system) {
        self.context = context
        self.folder = folder
        self.bus = bus
        self.files = files
    }
}

/// Runs one role: a thread of its own waits, hands facts to the core, and carries out its orders.
package protocol RoleHosting: Sendable {
    /// Asks it to end and waits until it has.
    func stop()
    /// Newest final height, items waiting and counters, as of its last turn.
    var snapshot: RoleSnapshot { get }
}

/// How a role stands.
package struct RoleSnapshot: Sendable {
    package var address: String
    package var height: Height = 0
    package var waiting = 0
    package var isConnected = false
    package var counters: [Counter: UInt64] = [:]
}

/// The shell of every role.
package final class RoleHost<Core: RoleCore>: RoleHosting {
    private let mailbox = RoleMailbox()
    private let ended = DispatchSemaphore(value: 0)
    private let state: Mutex<RoleSnapshot>

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
        let store = try RoleStore(folder: settings.folder, network: settings.context.network.id, address: address, files: settings.files)
        nonisolated(unsafe) let owned = store
        let thread = Thread { [self] in
            let loop = RoleLoop<Core>(context: context, settings: settings, store: owned, mailbox: mailbox, logger: logger) { [self] snapshot in
                state.withLock { $0 = snapshot }
            }
            if let problem = loop.run() { failed(problem) }
            owned.close()
            ended.signal()
        }
        thread.name = "\(address.role.rawValue).\(address.chain)"
        thread.stackSize = 8 << 20
        thread.start()
    }

    package var snapshot: RoleSnapshot { state.withLock { $0 } }

    /// Ends the role after the turn under way, and waits for that.
    package func stop() {
        mailbox.stop()
        ended.wait()
        ended.signal()
    }
}
