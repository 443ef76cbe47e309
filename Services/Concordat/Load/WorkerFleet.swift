import Foundation
import LoadCore
import LoadShell
import Runtime
import WalletCore
import Wire

/// The workers of a run, in processes of their own here or on other machines: they begin at one moment, and tell what became of their payments.
final class WorkerFleet {
    /// One worker, as the coordinator sees it.
    private struct Worker {
        var isReady = false
        var progress = LaneBook.Progress()
        var isDone = false
        var cpuMilliseconds: UInt64 = 0
    }

    private let hub: WorkerHub
    private let count: Int
    private var workers: [Worker] = []
    private var processes: [Process] = []
    private var payments: [LoadPayment] = []
    private let network: String

    private static let leadMilliseconds: UInt64 = 1_000
    /// Without a word of any worker for so long the run counts as failed.
    private static let silenceSeconds = 30.0

    /// - Parameter listen: the door for workers of other machines; nil starts them here.
    /// - Parameter arguments: options that processes here are started with.
    init(_ count: Int, listen: String?, token: String, network: Network, arguments: [String]) throws {
        self.count = count
        self.network = network.id.hex
        do {
            hub = try WorkerHub(listen ?? "tcp://127.0.0.1:*", token: token)
        } catch {
            throw Failure(.failed, "workers cannot be listened for at \(listen ?? "127.0.0.1"): \(error)", "Give a free port of this machine, such as --listen tcp://0.0.0.0:7300.")
        }
        guard listen == nil else { return }
        for _ in 0..<count {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = ["load", "worker", "--connect", hub.endpoint] + arguments
            process.environment = ProcessInfo.processInfo.environment.merging([WorkerToken.variable: token]) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.begin()
            processes.append(process)
        }
    }

    deinit { for process in processes where process.isRunning { process.terminate() } }

    /// Waits until all are there, hands out their shares, and waits until all are ready.
    func gather(seconds: Double, plan: (Int) -> WorkerPlan) throws {
        let end = Date().addingTimeInterval(seconds)
        while workers.filter(\.isReady).count < count {
            guard Date() < end else {
                throw Failure(.timedOut, "\(workers.count) of \(count) workers came within \(LoadText.decimal(seconds, 0)) s, and \(workers.filter(\.isReady).count) became ready", "Start them: concordat load worker --connect \(hub.endpoint) --token-file FILE")
            }
            try checkProcesses()
            for (worker, message) in try hub.receive(waitMilliseconds: 50) {
                switch message {
                case .hello(let theirs, let version):
                    guard worker == workers.count else { continue }
                    guard worker < count else {
                        try hub.tell(worker, .fault("there are \(count) workers already"))
                        continue
                    }
                    guard theirs == network, version == Version.text else { throw Failure(.configuration, "a worker came with another network, or with version \(Console.printable(version))", "Give all the same network.yaml and the same program.") }
                    workers.append(Worker())
                    try hub.tell(worker, .plan(plan(worker)))
                default: try take(worker, message)
                }
            }
        }
    }

    private func checkProcesses() throws {
        // One that is done ends with 0; what it told last may still be on its way.
        guard let ended = processes.first(where: { !$0.isRunning && $0.terminationStatus != 0 }) else { return }
        throw Failure(.failed, "a worker process ended with \(ended.terminationStatus)", "What it said is above.")
    }

    private func take(_ number: Int, _ message: WorkerMessage) throws {
        guard number < workers.count else { return }
        switch message {
        case .ready: workers[number].isReady = true
        case .progress(let progress): workers[number].progress = progress.progress
        case .lines(let lines):
            guard lines.count <= WorkerLink.linesAtOnce, payments.count < LoadLimits.payments * count else { throw Failure(.failed, "worker \(number + 1) tells too much", "Are all of the same version?") }
            for line in lines {
                guard let payment = line.payment else { throw Failure(.failed, "worker \(number + 1) tells of a payment that is none", "Are all of the same version?") }
                payments.append(payment)
            }
        case .done(let cpu): (workers[number].isDone, workers[number].cpuMilliseconds) = (true, cpu)
        case .fault(let text): throw Failure(.failed, "worker \(number + 1): \(Console.printable(text))", "See its machine.")
        case .hello, .plan, .go, .stop: return
        }
    }

    /// Begins everywhere at once, and waits until all are done.
    ///
    /// - Parameters: as of `LoadSession.run`.
    func run(durationMicroseconds: UInt64, isAborted: () -> Bool, sendingEnded: () -> Void, progress: (Double, LaneBook.Progress) -> Void) throws -> LoadSession.Ended {
        for number in 0..<count { try hub.tell(number, .go) }
        let start = LoadClock.now() + WorkerFleet.leadMilliseconds * 1_000
        let startMilliseconds = BusClock.now().wallMilliseconds + WorkerFleet.leadMilliseconds
        var (next, isSending, lastWord) = (10.0, true, Date())
        while workers.contains(where: { !$0.isDone }) {
            let messages = try hub.receive(waitMilliseconds: 50)
            if !messages.isEmpty { lastWord = Date() }
            for (number, message) in messages { try take(number, message) }
            try checkProcesses()
            guard Date().timeIntervalSince(lastWord) < WorkerFleet.silenceSeconds else {
                throw Failure(.timedOut, "no worker has said anything for \(LoadText.decimal(WorkerFleet.silenceSeconds, 0)) s", "See their machines; what they sent stands in the ledgers.")
            }
            let now = LoadClock.now()
            let elapsed = now > start ? now - start : 0
            let wantsEnd = isSending && isAborted()
            if wantsEnd { for number in 0..<count { try hub.tell(number, .stop) } }
            if isSending, wantsEnd || elapsed >= durationMicroseconds {
                isSending = false
                sendingEnded()
            }
            guard Double(elapsed) / 1e6 >= next else { continue }
            var all = LaneBook.Progress()
            for worker in workers { all.add(worker.progress) }
            progress(Double(elapsed) / 1e6, all)
            next += 10
        }
        return LoadSession.Ended(payments: payments, startMilliseconds: startMilliseconds, wholeSeconds: Double(LoadClock.now() - start) / 1e6)
    }

    /// Processor time of all workers.
    var cpuMilliseconds: UInt64 { workers.reduce(0) { $0 + $1.cpuMilliseconds } }
}

/// The secret that a coordinator and its workers share.
enum WorkerToken {
    static let variable = "CONCORDAT_LOAD_TOKEN"

    /// Reads it: from a file, else from the environment, so that it is in no list of processes.
    static func read(_ file: String?) throws -> String {
        let text: String
        if let file {
            text = try TextFile.read(file, byteCountMax: 4_096, whenMissing: "Write a secret of at least \(WorkerLink.tokenBytes) characters there.")
        } else {
            text = Setting.environment(variable) ?? ""
        }
        let token = String(text.prefix { !$0.isNewline })
        guard token.utf8.count >= WorkerLink.tokenBytes else {
            throw Failure(.usage, "workers on other machines need a secret of at least \(WorkerLink.tokenBytes) characters", "Name its file with --token-file, the same on all machines, or set \(variable).")
        }
        return token
    }

    /// One for a run on this machine alone.
    static func draw() -> String { (0..<4).map { _ in String(UInt64.random(in: 0...UInt64.max), radix: 16) }.joined() }
}
