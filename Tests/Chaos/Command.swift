import Foundation

/// Starting other programs, without a thread and without a run loop.
enum Command {
    struct Failed: Error, CustomStringConvertible { var description: String }

    /// What a child is started with.
    struct Options {
        var environment: [String: String] = [:]
        /// Standard input; nothing when nil.
        var input: Int32?
        /// Where standard output goes; nowhere when nil.
        var output: String?
        /// Where standard error goes; nowhere when nil.
        var errors: String?
    }

    /// Starts a program in a process group of its own, so that the terminal's Ctrl-C reaches only this one.
    static func spawn(_ arguments: [String], _ options: Options = Options()) throws -> pid_t {
        try start(arguments, options.environment) { actions in
            if let input = options.input {
                posix_spawn_file_actions_adddup2(&actions, input, 0)
            } else {
                posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            }
            for (descriptor, path) in [(Int32(1), options.output), (2, options.errors)] {
                posix_spawn_file_actions_addopen(&actions, descriptor, path ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o644)
            }
        }
    }

    /// Runs a program to its end.
    /// - Parameter input: text for its standard input, at most what a pipe holds.
    @discardableResult
    static func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> (code: Int32, output: String) {
        let toChild = Command.pipe()
        let fromChild = Command.pipe()
        let process = try start(arguments, environment) { actions in
            posix_spawn_file_actions_adddup2(&actions, toChild.fileHandleForReading.fileDescriptor, 0)
            posix_spawn_file_actions_adddup2(&actions, fromChild.fileHandleForWriting.fileDescriptor, 1)
            posix_spawn_file_actions_adddup2(&actions, fromChild.fileHandleForWriting.fileDescriptor, 2)
        }
        try toChild.fileHandleForReading.close()
        try fromChild.fileHandleForWriting.close()
        if !input.isEmpty { try toChild.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try toChild.fileHandleForWriting.close()
        let output = try fromChild.fileHandleForReading.readToEnd() ?? Data()
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return (Ending(status: status).code, String(decoding: output, as: UTF8.self))
    }

    /// A pipe whose ends no child has unless it is given them.
    static func pipe() -> Pipe {
        let pipe = Pipe()
        for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] { _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC) }
        return pipe
    }

    /// Runs a program that must succeed.
    static func require(_ arguments: [String], input: String = "") throws {
        let (code, output) = try run(arguments, input: input)
        guard code == 0 else { throw Failed(description: "\(arguments.joined(separator: " ")) ended with \(code): \(output.prefix(500))") }
    }

    private static func start(
        _ arguments: [String], _ environment: [String: String], _ files: (inout posix_spawn_file_actions_t) -> Void
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        files(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var argumentPointers = arguments.map { strdup($0) } + [nil]
        var variablePointers = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + variablePointers { free(pointer) } }
        var process: pid_t = 0
        let result = posix_spawnp(&process, arguments[0], &actions, &attributes, &argumentPointers, &variablePointers)
        guard result == 0 else { throw Failed(description: "\(arguments[0]) cannot be started: \(String(cString: strerror(result)))") }
        return process
    }
}

/// How a process ended.
struct Ending: Equatable, CustomStringConvertible {
    /// As `waitpid` tells it.
    var status: Int32

    var signal: Int32? { status & 0x7f == 0 ? nil : status & 0x7f }
    /// The exit code, or 128 and the signal's number.
    var code: Int32 { signal.map { 128 + $0 } ?? (status >> 8) & 0xff }
    /// A fault of its own: an illegal instruction, a trap, an abort, a bad address.
    var isCrash: Bool { signal.map { [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE].contains($0) } ?? false }
    var description: String { signal.map { "killed by signal \($0)" } ?? "exit code \(code)" }

    /// The end of a child, if it has ended.
    static func poll(_ process: pid_t) -> Ending? {
        var status: Int32 = 0
        return waitpid(process, &status, WNOHANG) == process ? Ending(status: status) : nil
    }
}

/// Seconds of the monotonic clock.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Whether somebody wants this program to end.
enum Interrupt {
    /// Written by a signal handler, which can do nothing more than this.
    nonisolated(unsafe) private(set) static var isAsked = false

    static func listen() {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number) { _ in Interrupt.isAsked = true } }
    }
}

/// A line for whoever watches, at once.
func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
