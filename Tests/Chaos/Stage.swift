import Foundation
import GRDB

/// Everything that a run needs: hosts, disks, processes, payments, the nemesis.
final class Stage {
    let layout: Layout
    let hosts: Hosts
    let timeline = Timeline()
    let keeper: Keeper
    let payments: Payments
    let nemesis: Nemesis
    private let program: String

    private static let tickMicroseconds: UInt32 = 20_000
    private static let progressSeconds = 20.0
    /// Blocks that are made while the processes stop, one after the other.
    private static let blocksBehindMaximum: Int64 = 5

    init(layout: Layout, kinds: [FaultKind], seed: UInt64) throws {
        self.layout = layout
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
        program = "\(folder)/concordat"
        let library = "\(folder)/libSkewedClock.so"
        for path in [program, library] where !FileManager.default.fileExists(atPath: path) {
            throw Command.Failed(description: "\(path) is missing: make chaos builds it")
        }
        try Command.require([program, "init", "--data", layout.folder, "--quiet"])
        hosts = try Hosts(layout.hosts)
        try layout.setDoors(hosts.addresses)
        for name in ["logs", "clocks", "saved"] { try FileManager.default.createDirectory(atPath: "\(layout.folder)/\(name)", withIntermediateDirectories: true) }
        for node in layout.groups.flatMap(\.nodes) {
            try Hosts.mountDisk(layout.disk(of: node), bytes: Nemesis.diskBytes)
            try Nemesis.writeClock(layout.clock(of: node), milliseconds: 0)
        }
        keeper = Keeper(layout, program: program, clockLibrary: library, timeline: timeline)
        payments = Payments(layout, program: program)
        nemesis = Nemesis(layout, hosts: hosts, keeper: keeper, timeline: timeline, kinds: kinds, seed: seed)
    }

    /// Starts all processes and waits until a payment across has settled.
    /// - Returns: how many have.
    func start(withinSeconds limit: Double) throws -> Int {
        for name in layout.processes { try keeper.start(name) }
        try payments.keepAgent()
        let deadline = monotonicSeconds() + limit
        while true {
            try keeper.tick()
            if Interrupt.isAsked { throw Chaos.Stopped() }
            if try payments.probe() { return 1 }
            guard monotonicSeconds() < deadline else { throw Command.Failed(description: "no payment settled within \(Int(limit)) s; see \(layout.folder)/logs") }
            usleep(500_000)
        }
    }

    /// Keeps everything going until a time, or until the body says that it is enough.
    func turn(until end: Double, saying: Bool = false, _ body: () throws -> Bool) throws {
        var said = monotonicSeconds()
        while monotonicSeconds() < end {
            if Interrupt.isAsked { throw Chaos.Stopped() }
            try keeper.tick()
            try payments.keepAgent()
            if try body() { return }
            if saying, monotonicSeconds() - said > Stage.progressSeconds {
                said = monotonicSeconds()
                tell("\(Int(timeline.seconds(said))) s: \(timeline.entries.count) faults, \(payments.progress)")
            }
            usleep(Stage.tickMicroseconds)
        }
    }

    func turn(until end: Double, saying: Bool = false, _ body: () throws -> Void) throws {
        try turn(until: end, saying: saying) { () -> Bool in try body(); return false }
    }

    /// After healing every process has to run.
    func checkAllRun() {
        for name in layout.processes {
            switch keeper.children[name]?.state {
            case .running?: break
            case .refused(let said)?: timeline.violations.append("\(name) does not run: \(said)")
            case let state?: timeline.violations.append("\(name) does not run after healing: \(state)")
            case nil: timeline.violations.append("\(name) was never started")
            }
        }
    }

    /// After healing and the last payment nobody may be left behind: every process that follows a chain has stored nearly as
    /// much of it as the furthest one. To be asked when all have been stopped.
    func checkAllCaughtUp() throws {
        var heights: [String: [(process: String, height: Int64)]] = [:]
        for name in layout.processes where name.hasPrefix("consensus.") || name.hasPrefix("validator.") {
            let chain = String(name.split(separator: "@")[0].split(separator: ".")[1])
            var configuration = Configuration()
            configuration.readonly = true
            let height = try DatabaseQueue(path: "\(layout.store(of: name))/store.sqlite", configuration: configuration).read {
                try Int64.fetchOne($0, sql: "SELECT max(key) FROM blocks")
            }
            heights[chain, default: []].append((name, height ?? 0))
        }
        for (chain, list) in heights.sorted(by: { $0.key < $1.key }) {
            let most = list.map(\.height).max() ?? 0
            for (name, height) in list where most - height > Stage.blocksBehindMaximum {
                timeline.violations.append("\(name) is left behind at height \(height) of \(chain), which is at \(most)")
            }
        }
    }

    /// What processes called critical or an error, with how often; a full disk that was made full is not news.
    func alarms() -> [String: Int] {
        var counts: [String: Int] = [:]
        for name in layout.processes {
            let text = (try? String(contentsOfFile: layout.log(of: name), encoding: .utf8)) ?? ""
            for line in text.split(separator: "\n") {
                guard let word = [" CRITICAL ", " ERROR "].first(where: { line.contains($0) }), let place = line.range(of: word) else { continue }
                // Behind the name of the process.
                let said = line[place.upperBound...].split(separator: " ").dropFirst().prefix(6).joined(separator: " ")
                if !line.contains("no space is left") { counts["\(name): \(said)", default: 0] += 1 }
            }
        }
        return counts
    }

    func audit() throws -> AuditFindings {
        let text = "\(layout.folder)/audit.json"
        var options = Command.Options()
        options.output = text
        options.errors = layout.log(of: "audit")
        let process = try Command.spawn([program, "audit", "--data", layout.folder, "--json"], options)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        do {
            return try JSONDecoder().decode(AuditFindings.self, from: Data(contentsOf: URL(fileURLWithPath: text)))
        } catch {
            throw Command.Failed(description: "the audit ended with \(Ending(status: status)) and no verdict: \(layout.log(of: "audit"))")
        }
    }

    /// What payers were told of payments across chains.
    func told(_ results: [Payments.Result], probes: Int) -> AuditFindings.Crosses {
        let crosses = results.filter { payments.isCross($0) }
        func count(_ outcome: String) -> Int { crosses.filter { $0.outcome == outcome }.count }
        return AuditFindings.Crosses(settled: count("settled") + probes, refunded: count("refunded"), rejected: count("rejected"), open: count("open"))
    }
}
