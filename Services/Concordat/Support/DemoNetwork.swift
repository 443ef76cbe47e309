import Foundation
import Runtime
import Synchronization

/// The network of a demo: made anew in the demo's folder and started; it stops with the demo.
final class DemoNetwork {
    let folder: NetworkFolder
    let configuration: NetworkConfiguration
    let runner: NetworkRunner
    private let shutdown = Shutdown()
    private let wasAborted = Mutex(false)

    /// - Parameter target: the demo's folder; what an earlier demo left there is replaced.
    convenience init(_ options: NetworkOptions, in target: String, _ common: CommonOptions) throws {
        try self.init(try options.plan(), portBase: try options.firstPort(), in: target, common)
    }

    /// - Parameter portBase: the first port; 0 for ports that are free now.
    init(_ plan: NetworkPlan, portBase: Int, in target: String, _ common: CommonOptions) throws {
        try DemoFolder.prepare(target)
        folder = NetworkFolder("\(target)/network")
        configuration = try NetworkMaker.make(plan, portBase: portBase, in: folder, passphrase: nil, replacing: false).configuration
        runner = NetworkRunner(folder, configuration, NetworkRunner.Options())
        do {
            try runner.preflight()
            try runner.start(report: { Console.error($0) }, isAborted: isAborted)
        } catch {
            runner.stop()
            throw error
        }
        common.say("   \(runner.processes.count) processes, ready in \(String(format: "%.1f", runner.readySeconds)) s")
    }

    deinit { runner.stop() }

    /// Names, addresses and keys of those who have an account.
    func accounts() throws -> Accounts { try Accounts(folder, configuration, passphrase: nil) }

    /// Whether somebody wants the demo to end; once true it stays so.
    func isAborted() -> Bool {
        if shutdown.wait(milliseconds: 0) { wasAborted.withLock { $0 = true } }
        return wasAborted.withLock { $0 }
    }
}
