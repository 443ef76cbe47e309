import ArgumentParser
import Foundation
import Runtime
import Wire

/// Starts a whole network on this machine.
struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start a whole network on this machine; make it first when the folder is empty.",
        discussion: """
            Example:
              concordat up                              2 sub-chains of 4 nodes, 4 notaries, a process for every role
              concordat up --in-process --nodes 1 --notaries 1 --data /tmp/small
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @OptionGroup var logs: LogOptions
    @OptionGroup var handTo: HandToOption
    @Flag(help: "Every role in this one process.")
    var inProcess = false
    @Flag(help: "Do not start a process again that has died.")
    var noRestart = false
    @Flag(help: "Do not serve /metrics, /healthz and /readyz on a port of this machine for each process.")
    var noMetrics = false
    @Option(help: ArgumentHelp("Serve the network's page and its REST interface there; port 0 for one that is free. (default: not served)", valueName: "address:port"))
    var gateway: String?
    @Option(help: ArgumentHelp("Send a small payment of its own so often, such as 10s, and say when one does not arrive. (default: never)", valueName: "span"))
    var heartbeat: String?
    @OptionGroup var heartbeatAccounts: HeartbeatAccounts
    @OptionGroup var archives: ArchiveOptions
    @Flag(help: "Go to the background once the network is ready.")
    var detach = false
    @Flag(help: .hidden)
    var background = false

    func run() throws {
        let folder = try common.folder
        _ = try logs.logger("up")
        // Before anything is made: a wrong option leaves nothing behind.
        let options = try runnerOptions()
        let heartbeatMilliseconds = try Setting.text(heartbeat, "heartbeat").map { try TimeSpan.read($0, "heartbeat") }
        let place = Setting.text(gateway, "gateway")
        if try Setting.flag(detach, "detach") { return try runDetached(folder) }
        let configuration = try prepared(folder)
        if background { signal(SIGHUP, SIG_IGN) }
        let shutdown = Shutdown()
        let runner = NetworkRunner(folder, configuration, options)
        try runner.preflight()
        common.say("Starting \(runner.processes.count) \(options.inProcess ? "roles and buses in this process" : "processes") …")
        defer { runner.stop() }
        var isStopped = false
        try runner.start(report: { Console.error($0) }) {
            if shutdown.wait(milliseconds: 0) { isStopped = true }
            return isStopped
        }
        let heart = try heartbeatMilliseconds.map { try startHeartbeat(runner, everyMilliseconds: $0) }
        defer { heart?.stop() }
        let served = place.map { GatewayChild(folder, address: $0, options: ["--log-level", options.logLevel, "--log-format", options.logFormat] + (options.hasMetrics ? ["--metrics", "127.0.0.1:0"] : [])) }
        defer { served?.stop() }
        try tell(runner, page: try served?.start())
        while !shutdown.wait(milliseconds: 1_000) {
            try runner.followFiles { Console.error($0) }
            served?.look { Console.error($0) }
        }
        common.say("Stopping …")
        served?.stop()
        heart?.stop()
        runner.stop()
        common.say("Stopped; the state is kept in \(folder.path). Start again with: concordat up --data \(folder.path)")
    }

    private func startHeartbeat(_ runner: NetworkRunner, everyMilliseconds: UInt64) throws -> WorkerThread {
        let heart = try heartbeatAccounts.heart(runner.folder, runner.configuration, passphrase: try passphraseOptions.passphrase())
        let shown = HeartbeatMetrics()
        runner.exporter.add(shown)
        return .heartbeat(HeartbeatLoop(heart: heart, metrics: shown, everyMilliseconds: everyMilliseconds)) { Console.error($0) }
    }

    private func runnerOptions() throws -> NetworkRunner.Options {
        var options = NetworkRunner.Options()
        options.inProcess = try Setting.flag(inProcess, "in-process")
        options.restarts = !(try Setting.flag(noRestart, "no-restart"))
        options.collectors = try network.collectors.map { try Setting.number($0, "collectors", default: 1, in: NetworkFile.collectorsAllowed) }
        options.passphraseFile = Setting.text(passphraseOptions.passphraseFile, "passphrase-file")
        options.logLevel = try Setting.text(logs.logLevel, "log-level", default: "info")
        options.logFormat = try Setting.text(logs.logFormat, "log-format", default: "text")
        options.notaryStrategy = try handTo.strategy()
        options.archive = try archives.settings()
        options.hasMetrics = !(try Setting.flag(noMetrics, "no-metrics"))
        return options
    }

    /// The network of the folder, made when there is none.
    private func prepared(_ folder: NetworkFolder) throws -> NetworkConfiguration {
        if FileManager.default.fileExists(atPath: folder.networkFile) {
            if network.shapesLedgers {
                throw Failure(.usage, "\(folder.networkFile) describes a network already, so its size cannot be chosen any more", "Leave the options out, or name another folder with --data.")
            }
            return try NetworkFile.read(folder.networkFile)
        }
        let (plan, port, passphrase) = (try network.plan(), try network.firstPort(), try passphraseOptions.passphrase())
        common.say("Making a network in \(folder.path) …")
        return try NetworkMaker.make(plan, portBase: port, in: folder, passphrase: passphrase, replacing: false).configuration
    }

    private func tell(_ runner: NetworkRunner, page: String?) throws {
        let configuration = runner.configuration
        let seconds = String(format: "%.1f", runner.readySeconds)
        if common.json {
            struct Report: Encodable { var network: String, processes: Int, ready_seconds: Double, clients: [String: String], page: String? }
            let doors = Dictionary(uniqueKeysWithValues: configuration.sites.map { ($0.id, $0.endpoints.clients) })
            return Console.print(
                JSONText.line(
                    Report(network: configuration.network.id.hex, processes: runner.processes.count, ready_seconds: runner.readySeconds, clients: doors, page: page)))
        }
        let paint = try common.paint
        var rows = [["SITE", "CHAIN", "NODES", "CLIENTS' DOOR", "MEMBERS' DOOR"]]
        for chain in configuration.network.chains + [configuration.network.notary] {
            guard let site = chain.nodes.first.flatMap({ configuration.site($0.site) }) else { continue }
            rows.append([site.id, chain.id.description, "\(chain.nodes.count)", site.endpoints.clients, site.endpoints.members])
        }
        for line in Table.lines(rows) { Console.print(line) }
        Console.print("")
        if let book = try? AddressBook.read(runner.folder.addressBook) {
            for name in ["alice", "bob"] {
                if let entry = book[name] { Console.print("\(name)  \(entry.key.address)  at home on \(entry.chain)") }
            }
            Console.print("\(book.entries.count) accounts in \(runner.folder.addressBook), their keys beside it")
        }
        Console.print("")
        let data = runner.folder.path
        Console.print("Next  concordat send --data \(data) --from alice --to bob --amount 10 --trace")
        Console.print("      concordat status --data \(data)")
        Console.print(page.map { "      \($0)  a page that shows all of it" } ?? "      concordat gateway --data \(data)     a page that shows all of it, http://127.0.0.1:8080")
        if runner.options.hasMetrics { Console.print("      concordat health --data \(data) --ready      metrics of every process: \(runner.folder.targetsFile)") }
        Console.print(paint.good("Ready in \(seconds) s.") + " Ctrl-C stops the network, its state is kept; again forces.")
    }

    /// Starts the same command in a process group of its own, which the terminal's end does not concern, and waits until it is ready.
    private func runDetached(_ folder: NetworkFolder) throws {
        if let holder = FolderLock.holder(folder.lockFile) { throw NetworkRunner.isUp(folder, holder) }
        _ = try prepared(folder)
        try FileManager.default.createDirectory(atPath: "\(folder.path)/run/logs", withIntermediateDirectories: true)
        let log = folder.log(of: "up")
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var arguments = ["up", "--data", folder.path, "--background"]
        if inProcess { arguments.append("--in-process") }
        if noRestart { arguments.append("--no-restart") }
        if noMetrics { arguments.append("--no-metrics") }
        if let gateway { arguments += ["--gateway", gateway] }
        if let heartbeat { arguments += ["--heartbeat", heartbeat] }
        if let name = heartbeatAccounts.from { arguments += ["--heartbeat-from", name] }
        if let name = heartbeatAccounts.to { arguments += ["--heartbeat-to", name] }
        if let span = heartbeatAccounts.patience { arguments += ["--heartbeat-patience", span] }
        if let collectors = network.collectors { arguments += ["--collectors", "\(collectors)"] }
        if let file = passphraseOptions.passphraseFile { arguments += ["--passphrase-file", file] }
        if let level = logs.logLevel { arguments += ["--log-level", level] }
        if let format = logs.logFormat { arguments += ["--log-format", format] }
        if let place = archives.archive { arguments += ["--archive", place] }
        if let blocks = archives.archiveKeep { arguments += ["--archive-keep", "\(blocks)"] }
        if let name = handTo.handTo { arguments += ["--hand-to", name] }
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !["CONCORDAT_DETACH", "CONCORDAT_JSON"].contains($0.key) }
        process.standardInput = FileHandle.nullDevice
        // One handle for both, so that neither writes over the other.
        let output = FileHandle(forWritingAtPath: log)
        process.standardOutput = output
        process.standardError = output
        try process.begin()
        while process.isRunning {
            let page = try? String(contentsOfFile: GatewayChild.pageFile(folder), encoding: .utf8)
            if let state = NetworkState.running(folder), let seconds = state.readySeconds, gateway == nil || page != nil {
                if common.json {
                    struct Report: Encodable { var process: Int32, ready_seconds: Double, log: String, page: String? }
                    return Console.print(JSONText.line(Report(process: state.processID, ready_seconds: seconds, log: log, page: page)))
                }
                if let page { Console.print("\(page)  a page that shows all of it") }
                return Console.print(
                    "Ready in \(String(format: "%.1f", seconds)) s, in the background (process \(state.processID)). Stop it: concordat down --data \(folder.path)")
            }
            usleep(50_000)
        }
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        func last(_ word: String) -> String? { text.split(separator: "\n").last { $0.hasPrefix(word) }.map { String($0.dropFirst(word.count)) } }
        throw Failure(
            Failure.Code(rawValue: process.terminationStatus) ?? .failed, last("Error: ") ?? "the network did not start",
            last("Suggestion: ") ?? "See \(log)")
    }
}
