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
        /// It was asked to end, and begins anew at once.
        var isRenewed = false
        /// It is to end by itself when it has done what it took on, for good.
        var isRetired = false
        /// Why it is not started again: nothing would change.
        var fault: Failure?

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
    /// Exit codes after which starting again cannot help: usage, and bad configuration.
    private static let lastingCodes = [Failure.Code.usage.rawValue, Failure.Code.configuration.rawValue]
    private static let logTailBytes: UInt64 = 16 * 1024
    private static let lineLength = 500

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

    /// Ends processes, and starts them anew at once: what they are started with has changed.
    func renew(_ isMeant: (ProcessName) -> Bool) {
        queue.sync {
            for child in children where isMeant(child.name) && child.process?.isRunning ?? false {
                child.isRenewed = true
                child.process?.terminate()
            }
        }
    }

    /// Lets roles end that are not wanted any more: each takes nothing new on, and ends when all that it took on has ended.
    func retire(_ names: [ProcessName]) {
        queue.sync {
            for child in children where names.contains(child.name) && !child.isRetired {
                child.isRetired = true
                if let process = child.process, process.isRunning { kill(process.processIdentifier, SIGUSR1) }
            }
        }
    }

    /// Every role has answered.
    func markReady(seconds: Double) {
        queue.sync {
            readySeconds = seconds
            writeState()
        }
    }

    /// Why the first child that ended for good did so; nil while all run or are started again.
    var firstFault: Failure? { queue.sync { children.lazy.compactMap(\.fault).first } }

    private func launch(_ child: Child) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["run", "--data", folder.path, "--role", child.name.description, "--supervised"] + (child.isRetired ? ["--drain"] : []) + arguments
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
        // The child has its own by then. A Process may be kept for good, with all that it was given: each start would leave a file open.
        defer { try? handle?.close() }
        try process.begin()
        child.process = process
    }

    private func ended(_ child: Child, _ process: Process) {
        guard !isStopping else { return }
        if child.isRetired, process.terminationReason == .exit, process.terminationStatus == 0 {
            children.removeAll { $0 === child }
            report("\(child.name) has drained and ended")
            return writeState()
        }
        if child.isRenewed {
            child.isRenewed = false
            return relaunch(child)
        }
        let how = process.terminationReason == .uncaughtSignal ? "was killed by signal \(process.terminationStatus)" : "ended with exit code \(process.terminationStatus)"
        let log = folder.log(of: child.name.description)
        let last = Supervisor.lastLine(log, "Error: ") ?? Supervisor.lastLine(log, " CRITICAL ")
        let isLasting = process.terminationReason == .exit && Supervisor.lastingCodes.contains(process.terminationStatus)
        guard restarts, !isLasting else {
            child.process = nil
            let code = process.terminationReason == .exit ? Failure.Code(rawValue: process.terminationStatus) : nil
            child.fault = Failure(code ?? .failed, "\(child.name) \(how)\(last.map { ": \($0)" } ?? "")", Supervisor.lastLine(log, "Suggestion: ") ?? "See \(log)")
            writeState()
            return report("\(child.name) \(how)\(last.map { ": \($0)" } ?? ""); it is not started again")
        }
        if Date().timeIntervalSince(child.startedAt) > Supervisor.healthySeconds { child.streak = 0 }
        let wait = min(Supervisor.firstWait * Double(1 << min(child.streak, 10)), Supervisor.longestWait)
        child.streak += 1
        child.restarts += 1
        report("\(child.name) \(how); starting it again in \(wait) s\(last.map { ": \($0)" } ?? "")")
        queue.asyncAfter(deadline: .now() + wait) { [self] in relaunch(child) }
    }

    /// Starts a process again; where the system does not let it, once more after a while.
    private func relaunch(_ child: Child) {
        guard !isStopping else { return }
        do {
            try launch(child)
        } catch {
            report("\(child.name) cannot be started, and is tried again in \(Supervisor.longestWait) s: \(Failure(error).problem)")
            queue.asyncAfter(deadline: .now() + Supervisor.longestWait) { [self] in relaunch(child) }
        }
        writeState()
    }

    /// What a process said last behind a word, for the report of its end.
    private static func lastLine(_ path: String, _ word: String) -> String? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        // The end says why; a log may have grown large.
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > logTailBytes ? size - logTailBytes : 0)
        let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
        guard let line = text.split(separator: "\n").last(where: { $0.contains(word) }), let range = line.range(of: word) else { return nil }
        return String(line[range.upperBound...].prefix(lineLength))
    }

    /// Every process, whether it runs, and how often it was started again.
    var standing: [(name: ProcessName, isRunning: Bool, restarts: Int)] {
        queue.sync { children.map { ($0.name, $0.process?.isRunning ?? false, $0.restarts) } }
    }

    private func writeState() {
        NetworkState(
            processID: getpid(), startedMilliseconds: startedMilliseconds, readySeconds: readySeconds,
            processes: children.map {
                NetworkState.Entry(
                    name: $0.name.description, processID: $0.process.map { $0.isRunning ? $0.processIdentifier : 0 } ?? 0,
                    restarts: $0.restarts)
            }, restarts: restarts
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
