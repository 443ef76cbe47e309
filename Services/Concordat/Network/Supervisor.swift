import Dispatch
import Foundation
import Runtime
import Wire

/// Keeps a network's processes running: one that dies is reported and started again with back-off.
final class Supervisor: @unchecked Sendable {
    /// Touched only on the supervisor's queue.
    private final class Child: @unchecked Sendable {
        let name: ProcessName
        var process: Process?
        var restarts = 0
        /// Restarts in quick succession; decides the next wait.
        var streak = 0
        var startedAt = Date()

        init(_ name: ProcessName) { self.name = name }
    }

    private let folder: NetworkFolder
    private let arguments: [String]
    private let restarts: Bool
    private let queue = DispatchQueue(label: "supervisor")
    private let report: @Sendable (String) -> Void
    private var children: [Child] = []
    private var isStopping = false
    private let startedMilliseconds = UInt64(Date().timeIntervalSince1970 * 1000)
    private var readySeconds: Double?
    /// Children read from it: it ends when this process does, and they with it.
    private let lifeline = Pipe()

    private static let firstWait = 0.2
    private static let longestWait = 10.0
    /// A process that has run this long starts its back-off anew.
    private static let healthySeconds = 30.0
    private static let stopSeconds = 10.0

    /// - Parameter arguments: options that every child is started with.
    init(_ folder: NetworkFolder, arguments: [String], restarts: Bool, report: @escaping @Sendable (String) -> Void) {
        self.folder = folder
        self.arguments = arguments
        self.restarts = restarts
        self.report = report
    }

    func start(_ names: [ProcessName]) throws {
        try queue.sync {
            for name in names {
                let child = Child(name)
                children.append(child)
                try launch(child)
            }
            writeState()
        }
    }

    /// Every role has answered.
    func markReady(seconds: Double) {
        queue.sync {
            readySeconds = seconds
            writeState()
        }
    }

    /// The first child that ended while nothing restarts it; nil while all run.
    var firstDead: String? {
        queue.sync { restarts ? nil : children.first { $0.process?.isRunning != true }?.name.description }
    }

    private func launch(_ child: Child) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["run", "--data", folder.path, "--role", child.name.description, "--supervised"] + arguments
        let log = folder.log(of: child.name.description)
        _ = FileManager.default.createFile(atPath: log, contents: nil, attributes: nil)
        let handle = FileHandle(forWritingAtPath: log)
        process.standardInput = lifeline.fileHandleForReading
        process.standardOutput = FileHandle.nullDevice
        process.standardError = handle
        process.terminationHandler = { [self] ended in
            queue.async { self.ended(child, ended) }
        }
        child.startedAt = Date()
        try process.run()
        child.process = process
    }

    private func ended(_ child: Child, _ process: Process) {
        guard !isStopping else { return }
        let how = process.terminationReason == .uncaughtSignal ? "was killed by signal \(process.terminationStatus)" : "ended with exit code \(process.terminationStatus)"
        let last = Supervisor.lastLine(folder.log(of: child.name.description))
        guard restarts else {
            child.process = nil
            writeState()
            return report("\(child.name) \(how)\(last)")
        }
        if Date().timeIntervalSince(child.startedAt) > Supervisor.healthySeconds { child.streak = 0 }
        let wait = min(Supervisor.firstWait * Double(1 << min(child.streak, 10)), Supervisor.longestWait)
        child.streak += 1
        child.restarts += 1
        report("\(child.name) \(how); starting it again in \(wait) s\(last)")
        queue.asyncAfter(deadline: .now() + wait) { [self] in
            guard !isStopping else { return }
            do {
                try launch(child)
            } catch {
                report("\(child.name) cannot be started: \(error)")
            }
            writeState()
        }
    }

    /// What a process said last, for the report of its end.
    private static func lastLine(_ path: String) -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let line = text.split(separator: "\n").last(where: { $0.hasPrefix("Error:") || $0.contains(" CRITICAL ") })
        else { return "" }
        return " — \(line.prefix(300))"
    }

    private func writeState() {
        NetworkState(
            processID: getpid(), startedMilliseconds: startedMilliseconds, readySeconds: readySeconds,
            processes: children.map {
                NetworkState.Entry(
                    name: $0.name.description, processID: $0.process.map { $0.isRunning ? $0.processIdentifier : 0 } ?? 0,
                    restarts: $0.restarts)
            }
        ).write(folder)
    }

    /// Stops everything, roles before buses; kills what has not ended in time.
    func stop() {
        let running = queue.sync {
            isStopping = true
            return children.compactMap { child in child.process.map { (child.name, $0) } }
        }
        func end(_ wanted: (ProcessName) -> Bool) {
            let processes = running.filter { wanted($0.0) && $0.1.isRunning }.map(\.1)
            for process in processes { process.terminate() }
            let deadline = Date().addingTimeInterval(Supervisor.stopSeconds)
            while processes.contains(where: \.isRunning), Date() < deadline { usleep(10_000) }
            for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        end { if case .role = $0 { true } else { false } }
        end { if case .bus = $0 { true } else { false } }
        try? FileManager.default.removeItem(atPath: folder.stateFile)
    }
}
