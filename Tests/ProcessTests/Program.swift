import Foundation
import Synchronization
import Testing

/// The real binary as a child process, with everything it prints.
final class Program: Sendable {
    private struct Heard {
        var output = ""
        var errors = ""
        var isOutputEnded = false
        var isErrorsEnded = false
    }

    private let process: LockedProcess
    private let heard = Mutex(Heard())
    let arguments: [String]

    /// `Process` is not Sendable; every use of it goes through this lock.
    private final class LockedProcess: @unchecked Sendable {
        private let lock = NSLock()
        private let process = Process()

        func with<Result>(_ body: (Process) throws -> Result) rethrows -> Result { try lock.withLock { try body(process) } }
    }

    /// Beside the tests' own bundle.
    static let path: String = {
        let tests = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("concordat").path
    }()

    /// With 1,365 open files Foundation's Process reads beyond its list of them (swift-corelibs-foundation, pull 5472).
    private static let openFiles = 1_000

    /// Starts `concordat` with arguments.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        try #require(open < Program.openFiles, "the tests before have left \(open) files open")
        self.arguments = arguments
        process = LockedProcess()
        let output = Pipe()
        let errors = Pipe()
        try process.with { process in
            process.executableURL = URL(fileURLWithPath: Program.path)
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = errors
            try process.run()
        }
        listen(output) { $0.output += $1 } end: { $0.isOutputEnded = true }
        listen(errors) { $0.errors += $1 } end: { $0.isErrorsEnded = true }
    }

    private func listen(_ pipe: Pipe, _ take: @escaping @Sendable (inout Heard, String) -> Void, end: @escaping @Sendable (inout Heard) -> Void) {
        let thread = Thread { [self] in
            while true {
                // Whatever is there, as soon as it is there; empty at the end.
                let data = pipe.fileHandleForReading.availableData
                if data.isEmpty { break }
                heard.withLock { take(&$0, String(decoding: data, as: UTF8.self)) }
            }
            // A Thread may keep what it was given for good.
            try? pipe.fileHandleForReading.close()
            heard.withLock { end(&$0) }
        }
        thread.start()
    }

    var processID: Int32 { process.with { $0.processIdentifier } }
    var isRunning: Bool { process.with { $0.isRunning } }
    var output: String { heard.withLock { $0.output } }
    var errors: String { heard.withLock { $0.errors } }

    func signal(_ number: Int32) { kill(processID, number) }

    /// Waits until a condition holds or the time is over.
    @discardableResult
    static func wait(seconds: Double, until condition: () throws -> Bool) rethrows -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            if try condition() { return true }
            usleep(20_000)
        }
        return try condition()
    }

    /// Waits for the end; a process that does not end in time is killed.
    ///
    /// - Returns: the exit code; 128 and the signal's number when a signal ended it, nil when it had to be killed here.
    func end(withinSeconds seconds: Double) -> Int32? {
        guard Program.wait(seconds: seconds, until: { !isRunning && heard.withLock { $0.isOutputEnded && $0.isErrorsEnded } }) else {
            signal(SIGKILL)
            Program.wait(seconds: 5) { !isRunning }
            return nil
        }
        return process.with { $0.terminationReason == .exit ? $0.terminationStatus : 128 + $0.terminationStatus }
    }

    /// Runs a command to its end.
    static func run(_ arguments: [String], withinSeconds seconds: Double = 60) throws -> (code: Int32?, output: String, errors: String) {
        let program = try Program(arguments)
        let code = program.end(withinSeconds: seconds)
        return (code, program.output, program.errors)
    }
}
