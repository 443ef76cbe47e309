import BusShell
import Dispatch
import Foundation
import Logging
import RoleKit
import Runtime
import Wire

/// A whole network on this machine, as separate processes or in this one; what `up` and `demo` start.
final class NetworkRunner {
    struct Options {
        var inProcess = false
        var restarts = true
        var collectors: Int?
        var passphraseFile: String?
        var logLevel = "info"
        var logFormat = "text"
        var notaryStrategy = NotaryStrategy.all
        var archive = ArchiveSettings()
        /// Whether each process shows its metrics on a port of this machine.
        var hasMetrics = false
    }

    let folder: NetworkFolder
    private(set) var configuration: NetworkConfiguration
    let options: Options
    private(set) var processes: [ProcessName]
    private(set) var readySeconds = 0.0
    private var lock: FolderLock?
    private var supervisor: Supervisor?
    private var hosts: [any RoleHosting] = []
    private var buses: [BusService] = []
    private var refreshes: [BusRefresh] = []
    private var authenticator: ZMQAuthenticator?
    private var launcher: Launcher?
    /// What this process itself shows: its children, or everything when there are none.
    let exporter = Exporter("up")

    /// How long a network may take to answer before starting it counts as failed.
    static let readyTimeoutSeconds = 60.0

    init(_ folder: NetworkFolder, _ configuration: NetworkConfiguration, _ options: Options) {
        self.folder = folder
        self.configuration = configuration
        self.options = options
        collectors = options.collectors ?? configuration.collectorsPerNode
        processes = Launcher.processes(of: configuration, collectors: collectors)
    }

    /// Collectors a node.
    private(set) var collectors: Int

    /// Checks that nothing is in the way.
    func preflight() throws {
        try OutputFolder.make("\(folder.path)/run/logs")
        do {
            lock = try FolderLock(folder.lockFile)
        } catch {
            switch error {
            case .held(let processID):
                throw NetworkRunner.isUp(folder, processID)
            case .system(let reason): throw Failure(.failed, "\(folder.lockFile) cannot be taken: \(reason)", "Check the owner and mode of the folder.")
            }
        }
        try checkSpace()
        for site in configuration.sites {
            for endpoint in site.endpoints.all {
                guard case .tcp(_, let port)? = Endpoint(endpoint), !Ports.isFree(port) else { continue }
                let holder = Ports.holder(of: port).map { "\($0.name) (process \($0.processID))" } ?? "another process"
                throw Failure(.failed, "port \(port) of site \(site.id) is in use by \(holder)", "Stop it, or make a network on free ports: concordat init --port-base 0 --data OTHER")
            }
        }
    }

    static func isUp(_ folder: NetworkFolder, _ processID: Int32) -> Failure {
        Failure(
            .failed, "the network in \(folder.path) is up already (process \(processID))",
            "concordat status --data \(folder.path), or concordat down --data \(folder.path)")
    }

    /// A network that starts on a full disk could only refuse everything.
    private func checkSpace() throws {
        guard let free = OutputFolder.freeBytes(folder.path) else { return }
        let needed = UInt64(processes.count) * NetworkRunner.freeBytesPerProcess
        guard free < needed else { return }
        throw Failure(
            .failed, "\(folder.path): only \(free / 1024) KiB are free on its disk, and \(processes.count) processes need \(needed / 1024) KiB to start",
            "Free some space, then run the same command again; what is stored is kept.")
    }

    /// A store, its log and its index files while they are small.
    private static let freeBytesPerProcess: UInt64 = 256 * 1024

    /// Starts everything and waits until every role answers.
    ///
    /// - Parameter report: told when a process dies.
    /// - Parameter isAborted: asked again and again; ends the wait.
    func start(report: @escaping @Sendable (String) -> Void, isAborted: () -> Bool = { false }) throws {
        let begin = Date()
        let targets = TargetsFile(folder)
        if FileManager.default.fileExists(atPath: targets.path) { try targets.clear() }
        if options.inProcess { try startHere(report) } else { try startProcesses(report) }
        if options.hasMetrics { try exporter.serve(.anywhere, folder, configuration, logger: logger("up")) }
        let observer = Observer(configuration)
        var silent = ["everything"]
        while !silent.isEmpty {
            if isAborted() { throw Failure(.failed, "stopped before the network was ready", "") }
            if let fault = supervisor?.firstFault { throw fault }
            guard Date().timeIntervalSince(begin) < NetworkRunner.readyTimeoutSeconds else {
                throw Failure(.timedOut, "\(silent.joined(separator: ", ")) did not answer within \(Int(NetworkRunner.readyTimeoutSeconds)) s", "See the logs in \(folder.path)/run/logs")
            }
            silent = try observer.silent(collectors: collectors, timeoutMilliseconds: 1_000)
            if !silent.isEmpty { usleep(50_000) }
        }
        readySeconds = Date().timeIntervalSince(begin)
        supervisor?.markReady(seconds: readySeconds)
        if options.inProcess { writeOwnState() }
    }

    private func startProcesses(_ report: @escaping @Sendable (String) -> Void) throws {
        var arguments = ["--log-level", options.logLevel, "--log-format", options.logFormat, "--hand-to", options.notaryStrategy.text]
        if let file = options.passphraseFile { arguments += ["--passphrase-file", file] }
        if let location = options.archive.location { arguments += ["--archive", location.description] }
        arguments += ["--archive-keep", "\(options.archive.keepBlocks)"]
        if options.hasMetrics { arguments += ["--metrics", "127.0.0.1:0"] }
        let supervisor = Supervisor(folder, arguments: arguments, restarts: options.restarts, report: report)
        self.supervisor = supervisor
        exporter.add(SupervisorMetrics(supervisor: supervisor))
        try supervisor.start(processes)
    }

    /// Looks whether the network's files have changed: a chain has joined, or a key is another one.
    func followFiles(report: @escaping @Sendable (String) -> Void) throws {
        for refresh in refreshes { refresh.look() }
        guard let supervisor, let found = try? NetworkFile.read(folder.networkFile) else { return }
        renewRekeyed(found, supervisor, report)
        try resize(found, supervisor, report)
    }

    /// A role whose transport key was changed is started anew with the one that is there now.
    private func renewRekeyed(_ found: NetworkConfiguration, _ supervisor: Supervisor, _ report: (String) -> Void) {
        let changed = Set(found.members.filter { member in configuration.member(member.name).map { $0.key != member.key } ?? false }.map(\.name))
        guard !changed.isEmpty else { return }
        report("\(changed.sorted().joined(separator: ", ")) has another key: starting it anew")
        supervisor.renew { name in
            if case .role(let address) = name { changed.contains(address.memberName) } else { false }
        }
    }

    /// Starts what is wanted and not there, and lets collectors end that are not wanted any more. Where a chain has joined, every bus begins anew, which lets
    /// its nodes in (A16).
    private func resize(_ found: NetworkConfiguration, _ supervisor: Supervisor, _ report: (String) -> Void) throws {
        // The newest word counts: the file's, once it has changed.
        if found.collectorsPerNode != configuration.collectorsPerNode { collectors = found.collectorsPerNode }
        let joined = found.network.joined.dropFirst(configuration.network.joined.count).map(\.chain.id.description)
        configuration = found
        let wanted = Launcher.processes(of: found, collectors: collectors)
        guard wanted != processes else { return }
        let fresh = wanted.filter { !processes.contains($0) }
        let gone = processes.filter { !wanted.contains($0) }
        processes = wanted
        if !joined.isEmpty {
            report("\(joined.joined(separator: ", ")) joined: starting \(fresh.count) processes, and the buses anew")
            supervisor.renew { if case .bus = $0 { true } else { false } }
        } else {
            report("\(collectors) collectors a node: starting \(fresh.count), letting \(gone.count) drain")
        }
        supervisor.retire(gone)
        try supervisor.start(fresh)
    }

    private func startHere(_ report: @escaping @Sendable (String) -> Void) throws {
        let passphrase = try options.passphraseFile.map { try PassphraseOptions.read($0) }
        let launcher = Launcher(
            folder: folder, configuration: configuration, passphrase: passphrase, isLocal: true, notaryStrategy: options.notaryStrategy, archive: options.archive)
        self.launcher = launcher
        let authenticator = try launcher.authenticator()
        self.authenticator = authenticator
        for process in processes {
            let logger = logger(process.description)
            switch process {
            case .bus(let site):
                let bus = try launcher.startBus(site, authenticator: authenticator, logger: logger)
                buses.append(bus)
                refreshes.append(BusRefresh(launcher, site, bus, logger: logger))
                exporter.add(bus: site, bus)
            case .role(let address):
                let host = try launcher.startRole(address, logger: logger) { report("\(address) ended: \($0)") }
                hosts.append(host)
                exporter.add(address, host)
            }
        }
    }

    /// Of something in this process, whose standard error people read: only what they must know.
    private func logger(_ source: String) -> Logger {
        let isJSON = options.logFormat == "json"
        var logger = Logger(label: source) { LineLogHandler(source: $0, isJSON: isJSON) }
        logger.logLevel = max(Logger.Level(rawValue: options.logLevel) ?? .info, .warning)
        return logger
    }

    private func writeOwnState() {
        NetworkState(
            processID: getpid(), startedMilliseconds: UInt64(Date().timeIntervalSince1970 * 1000), readySeconds: readySeconds,
            processes: processes.map { .init(name: $0.description, processID: getpid(), restarts: 0) }
        ).write(folder)
    }

    /// Stops everything; a second time does nothing.
    func stop() {
        exporter.drain()
        supervisor?.stop()
        supervisor = nil
        for host in hosts { host.stop() }
        hosts = []
        refreshes = []
        for bus in buses { bus.stop() }
        buses = []
        authenticator?.stop()
        authenticator = nil
        exporter.stop()
        try? FileManager.default.removeItem(atPath: folder.stateFile)
        try? FileManager.default.removeItem(atPath: folder.targetsFile)
        lock = nil
    }
}
