import Dispatch
import Foundation

/// Waits for SIGTERM or SIGINT: the first asks for a clean stop, a second ends the process at once.
final class Shutdown: @unchecked Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let queue = DispatchQueue(label: "signals")
    private var sources: [any DispatchSourceSignal] = []
    private var count = 0

    init() {
        for number in [SIGTERM, SIGINT] {
            handle(number) { [self] in
                count += 1
                if count > 1 { _exit(1) }
                semaphore.signal()
            }
        }
    }

    /// Does something at every SIGUSR1.
    func onDrain(_ action: @escaping @Sendable () -> Void) { handle(SIGUSR1, action) }

    private func handle(_ number: Int32, _ action: @escaping @Sendable () -> Void) {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler(handler: action)
        source.resume()
        sources.append(source)
    }

    /// Ends the wait as a signal would.
    func ask() { semaphore.signal() }

    func wait() { semaphore.wait() }

    /// - Returns: whether a stop was asked for within the time.
    func wait(milliseconds: Int) -> Bool { semaphore.wait(timeout: .now() + .milliseconds(milliseconds)) == .success }
}

/// Ends this process when the one that started it is gone: a supervisor leaves no orphans behind.
enum ParentWatch {
    static func start() {
        let parent = getppid()
        let thread = Thread {
            // The pipe of the supervisor is this process's standard input: it ends when the supervisor does.
            var byte: UInt8 = 0
            while read(STDIN_FILENO, &byte, 1) > 0 {}
            if getppid() != parent || parent == 1 { _exit(0) }
            kill(getpid(), SIGTERM)
        }
        thread.name = "parent"
        thread.start()
    }
}
