import Foundation

/// Keeps the processes of the network running, as the supervisor of an operator would: one that dies is started again with
/// back-off, one that says that starting again cannot help is left alone.
final class Keeper {
    enum State: Equatable {
        case running
        /// Is started again at a time, monotonic seconds.
        case waiting(until: Double)
        /// Somebody works on its files.
        case held
        /// Ended with what starting again cannot change; what it said.
        case refused(String)
    }

    struct Child {
        var process: pid_t = 0
        var state = State.held
        var startedAt = 0.0
        /// Restarts in quick succession; decides the next wait.
        var streak = 0
        /// The nemesis ended it.
        var isExpected = false
    }

    /// Bad usage and bad configuration, as `concordat` exits.
    private static let lastingCodes: [Int32] = [64, 78]
    private static let firstWait = 0.2
    private static let longestWait = 10.0
    private static let healthySeconds = 30.0

    let layout: Layout
    private let program: String
    private let clockLibrary: String
    private(set) var children: [String: Child] = [:]
    /// Children read from it: they end when this program does, however it does.
    private let lifeline = Command.pipe()
    private let timeline: Timeline

    init(_ layout: Layout, program: String, clockLibrary: String, timeline: Timeline) {
        self.layout = layout
        self.program = program
        self.clockLibrary = clockLibrary
        self.timeline = timeline
    }

    /// Starts a process, or lets one start that was held.
    func start(_ name: String) throws {
        let host = layout.host(of: name)
        var options = Command.Options()
        options.input = lifeline.fileHandleForReading.fileDescriptor
        options.errors = layout.log(of: name)
        if !name.hasPrefix("bus@") {
            options.environment = ["LD_PRELOAD": clockLibrary, "CONCORDAT_SKEW_FILE": layout.clock(of: host)]
        }
        var child = children[name] ?? Child()
        child.process = try Command.spawn(
            Hosts.command(on: host, [program, "run", "--data", layout.folder, "--role", name, "--supervised"]), options)
        child.state = .running
        child.startedAt = monotonicSeconds()
        child.isExpected = false
        children[name] = child
    }

    func isRunning(_ name: String) -> Bool { children[name]?.state == .running }

    func isHeld(_ name: String) -> Bool { children[name]?.state == .held }

    /// kill -9.
    func kill(_ name: String) {
        guard isRunning(name), let process = children[name]?.process else { return }
        children[name]?.isExpected = true
        _ = Foundation.kill(process, SIGKILL)
    }

    /// kill -9, and does not start it again before `start`.
    func hold(_ name: String) {
        kill(name)
        guard let child = children[name] else { return }
        if child.state == .running {
            var status: Int32 = 0
            while waitpid(child.process, &status, 0) < 0, errno == EINTR {}
        }
        children[name]?.state = .held
    }

    func signal(_ name: String, _ number: Int32) {
        guard isRunning(name), let process = children[name]?.process else { return }
        _ = Foundation.kill(process, number)
    }

    /// Notices the ends of processes and starts them again.
    func tick() throws {
        let now = monotonicSeconds()
        for name in layout.processes {
            guard let child = children[name] else { continue }
            switch child.state {
            case .running:
                if let ending = Ending.poll(child.process) { ended(name, ending, now) }
            case .waiting(let until) where until <= now: try start(name)
            case .waiting, .held, .refused: break
            }
        }
    }

    private func ended(_ name: String, _ ending: Ending, _ now: Double) {
        guard var child = children[name] else { return }
        let word = child.isExpected ? nil : Keeper.lastWord(layout.log(of: name))
        if now - child.startedAt > Keeper.healthySeconds || child.isExpected { child.streak = 0 }
        if ending.signal == nil, Keeper.lastingCodes.contains(ending.code) {
            child.state = .refused(word ?? ending.description)
        } else {
            child.state = .waiting(until: now + min(Keeper.firstWait * Double(1 << min(child.streak, 10)), Keeper.longestWait))
            child.streak += 1
        }
        timeline.restarts.append(
            Timeline.Restart(at: timeline.seconds(now), process: name, how: ending.description, said: word ?? "", expected: child.isExpected))
        if ending.isCrash, !child.isExpected { timeline.violations.append("\(name) crashed: \(ending) \(word ?? "")") }
        children[name] = child
    }

    /// What a process said last of why it ended.
    private static func lastWord(_ path: String) -> String? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > 8_192 ? size - 8_192 : 0)
        let lines = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self).split(separator: "\n")
        let line = lines.last { $0.contains("Error: ") || $0.contains("Fatal error") || $0.contains(" CRITICAL ") } ?? lines.last
        return line.map { String($0.prefix(400)) }
    }

    /// Stops everything, roles before buses.
    /// - Returns: who did not end well.
    func stop(withinSeconds limit: Double) -> [String] {
        var problems: [String] = []
        for wanted in [false, true] {
            let names = layout.processes.filter { $0.hasPrefix("bus@") == wanted && isRunning($0) }
            for name in names { signal(name, SIGTERM) }
            var open = names
            let deadline = monotonicSeconds() + limit
            while !open.isEmpty, monotonicSeconds() < deadline {
                open.removeAll { name in
                    guard let process = children[name]?.process, let ending = Ending.poll(process) else { return false }
                    children[name]?.state = .held
                    if ending.code != 0 { problems.append("\(name) did not stop cleanly: \(ending) \(Keeper.lastWord(layout.log(of: name)) ?? "")") }
                    return true
                }
                usleep(10_000)
            }
            for name in open {
                problems.append("\(name) did not stop within \(Int(limit)) s")
                hold(name)
            }
        }
        return problems
    }
}
