import Cryptography
import Dispatch
import Foundation
import IssuerShell
import Runtime
import Synchronization
import WalletCore
import WalletShell
import Wire

/// A device or a member of a peg at work inside a demo, on a thread of its own.
final class WorkerThread: Sendable {
    private let isStopping = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter body: works until it is told to stop; what it throws is shown.
    private init(_ name: String, _ body: @escaping @Sendable (_ isStopping: () -> Bool) throws -> Void) {
        let thread = Thread { [self] in
            do {
                try body { isStopping.withLock { $0 } }
            } catch {
                Console.error("\(name) ended: \(error)")
            }
            ended.signal()
        }
        thread.name = name
        thread.start()
    }

    /// Ends it; a second time does nothing.
    func stop() {
        isStopping.withLock { $0 = true }
        ended.wait()
        ended.signal()
    }

    /// The receivers' devices.
    static func agent(_ configuration: NetworkConfiguration, accounts: [Signer], rules: [AgentRule]) -> WorkerThread {
        WorkerThread("the receivers' devices") { isStopping in
            let driver = AgentDriver(configuration, accounts: accounts, rules: rules)
            try driver.start { _, _, _ in }
            while !isStopping() { try driver.turn { _, _, _ in } }
        }
    }

    /// A member of pegs.
    static func member(_ configuration: NetworkConfiguration, pegs: [Contract], signer: Signer, name: String) -> WorkerThread {
        WorkerThread("member \(name)") { isStopping in
            let driver = IssuerDriver(configuration, pegs: pegs, signer: signer)
            try driver.start { _ in }
            while !isStopping() { try driver.turn { _ in } }
        }
    }

    /// A heartbeat: `report` hears when payments stop arriving, and when they arrive again.
    static func heartbeat(_ loop: sending HeartbeatLoop, report: @escaping @Sendable (String) -> Void) -> WorkerThread {
        nonisolated(unsafe) let owned = loop
        return WorkerThread("the heartbeat") { isStopping in
            try owned.run(isStopping: isStopping) { beat, wasWell in
                if !beat.arrived {
                    report("a heartbeat payment from \(beat.from) to \(beat.to) did not arrive: \(beat.problem)\(beat.id.isEmpty ? "" : "; see concordat trace \(beat.id)")")
                } else if !wasWell {
                    report("heartbeat payments arrive again")
                }
            }
        }
    }
}
