import ArgumentParser
import BusShell
import Foundation
import Logging
import RoleKit
import Runtime
import Synchronization
import Wire

/// Runs one role, or one bus, in the foreground.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run one role of a node, or the bus of a site, in the foreground.",
        discussion: """
            Example:
              concordat run --role collector.alpha@alpha-1/2      a second collector of node alpha-1
              concordat run --role bus@alpha                      the bus of site alpha
              concordat run --role bus@alpha --metrics 127.0.0.1:9464    with /metrics, /healthz and /readyz (docs/metrics.md)
              concordat run --role recorder.notary@notary-1 --archive postgresql://concordat@db.example/ledger    older blocks there (docs/operations.md)
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @OptionGroup var logs: LogOptions
    @Option(help: "Which: ROLE.CHAIN@NODE/REPLICA or bus@SITE.")
    var role: String
    @OptionGroup var handTo: HandToOption
    @OptionGroup var metrics: MetricsOption
    @OptionGroup var archives: ArchiveOptions
    @Option(help: ArgumentHelp("Newest wire version to speak, 1 or 2: the one before while others are being upgraded. (default: 2)", valueName: "version"))
    var wireVersion: Int?
    @Flag(help: "Take nothing new on, and end when all that was taken on before has ended. SIGUSR1 asks a running role for the same.")
    var drain = false
    @Flag(help: .hidden)
    var supervised = false

    func run() throws {
        guard let name = ProcessName(role) else {
            throw Failure(.usage, "--role \(role) names no role", "Write ROLE.CHAIN@NODE/REPLICA, for example consensus.alpha@alpha-1/1, or bus@SITE.")
        }
        let strategy = try handTo.strategy()
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let launcher = Launcher(
            folder: folder, configuration: configuration, passphrase: try passphraseOptions.passphrase(), isLocal: false,
            notaryStrategy: strategy,
            wireVersion: UInt32(
                try Setting.number(
                    wireVersion, "wire-version", default: Int(BusLimits.protocolVersion),
                    in: Int(BusLimits.oldestProtocolVersion)...Int(BusLimits.protocolVersion))), archive: try archives.settings())
        let logger = try logs.logger(name.description)
        let address = try metrics.address()
        let noticeMilliseconds = try metrics.noticeMilliseconds()
        let shutdown = Shutdown()
        if supervised { ParentWatch.start() }
        let exporter = Exporter(name.description)
        defer { exporter.stop() }
        /// Shows what has been added so far.
        func show() throws {
            if let address { common.say("Metrics: http://\(try exporter.serve(address, folder, configuration, logger: logger))/metrics") }
        }
        /// Not ready from now on; the work under way is still done.
        func giveNotice() {
            exporter.drain()
            usleep(UInt32(clamping: noticeMilliseconds * 1_000))
        }
        switch name {
        case .bus(let site):
            // The handler lives as long as the doors: without it they let nobody in.
            let authenticator = try launcher.authenticator()
            defer { authenticator.stop() }
            let bus = try launcher.startBus(site, authenticator: authenticator, logger: logger)
            logger.info("open", metadata: ["members": "\(bus.doors.members ?? "")"])
            let refresh = BusRefresh(launcher, site, bus, logger: logger)
            exporter.add(bus: site, bus)
            try show()
            while !shutdown.wait(milliseconds: 1_000) {
                refresh.look()
                if let failure = bus.failure { throw Failure(.failed, "the bus of \(site) ended: \(failure)", "See its log.") }
            }
            giveNotice()
            bus.stop()
        case .role(let address):
            let problem = Mutex<(any Error)?>(nil)
            let host = try launcher.startRole(address, logger: logger) { error in
                problem.withLock { $0 = error }
                shutdown.ask()
            }
            shutdown.onDrain { host.drain() }
            if drain { host.drain() }
            logger.info("started")
            exporter.add(address, host)
            try show()
            shutdown.wait()
            if let problem = problem.withLock({ $0 }), !(problem is RoleDrained) { throw problem }
            giveNotice()
            host.stop()
        }
        exporter.leave(folder)
        logger.info("stopped")
    }
}
