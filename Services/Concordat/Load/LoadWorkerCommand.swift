import ArgumentParser
import Foundation
import LoadCore
import LoadShell
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Sends a share of a run that another process coordinates.
struct LoadWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Send a share of a load run that concordat load coordinates on another machine.",
        discussion: """
            Example:
              concordat load --listen tcp://0.0.0.0:7300 --workers 2 --token-file secret --rate 1000     on one machine
              concordat load worker --connect tcp://10.0.0.5:7300 --token-file secret                    on two others
            Each machine needs the network's folder with the keys of its accounts. The connection is encrypted, and open only to those who have the secret.
            Exit codes: 0, 1 it could not send, 27 no coordinator answered, 64 usage, 69 no network, 78 bad configuration.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @Option(help: "Where the coordinator listens, such as tcp://10.0.0.5:7300.")
    var connect: String
    @OptionGroup var link: LoadLink

    func run() throws {
        let token = try WorkerToken.read(link.tokenFile)
        let wait = try link.joinMicroseconds()
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        try Inquiry.requireReachable(configuration, folder)
        var accounts = try Accounts(folder, configuration, passphrase: try passphraseOptions.passphrase())
        accounts.learnContracts(Inquiry(configuration))
        let pipe: WorkerPipe
        do {
            pipe = try WorkerPipe(connect, token: token)
        } catch {
            throw Failure(.usage, "--connect '\(Console.printable(connect))' is no address", "Give one such as tcp://10.0.0.5:7300.")
        }
        let shutdown = Shutdown()
        let end = Date().addingTimeInterval(Double(wait) / 1e6)
        _ = try pipe.tell(.hello(network: configuration.network.id.hex, version: Version.text))
        guard case .plan(let plan)? = try LoadWorkerCommand.next(pipe, until: end, shutdown) else { throw LoadWorkerCommand.silence(connect) }
        guard let lanes = plan.lanes, let strategy = CollectorStrategy(rawValue: plan.strategy) else {
            throw Failure(.failed, "the coordinator's plan makes no sense", "Are all of the same version?")
        }
        let session: LoadSession
        do {
            session = try LoadSession(
                try LoadCast(accounts, deadlineMilliseconds: plan.deadlineMilliseconds),
                .init(run: plan.run, strategy: strategy, waitMicroseconds: plan.waitMicroseconds, hasDevices: plan.hasDevices, range: lanes, laneCount: plan.laneCount))
        } catch {
            _ = try pipe.tell(.fault(Failure(error).problem))
            throw error
        }
        _ = try pipe.tell(.ready)
        guard case .go? = try LoadWorkerCommand.next(pipe, until: end, shutdown) else { throw LoadWorkerCommand.silence(connect) }
        try send(session, pipe, shutdown)
    }

    /// Sends, tells how it stands once a second, and hands over every payment.
    private func send(_ session: LoadSession, _ pipe: WorkerPipe, _ shutdown: Shutdown) throws {
        let begin = LoadClock.ownProcessorTime()
        var isStopped = false
        func isAborted() -> Bool {
            if case .stop? = try? pipe.receive(waitMilliseconds: 0) { isStopped = true }
            if shutdown.wait(milliseconds: 0) { isStopped = true }
            return isStopped
        }
        let ended = try session.run(isAborted: isAborted, sendingEnded: {}, progressSeconds: 1) { _, progress in _ = try? pipe.tell(.progress(WorkerProgress(progress))) }
        var lines = ended.payments.map { ResultLine($0) }[...]
        while !lines.isEmpty {
            guard try pipe.tell(.lines(Array(lines.prefix(WorkerLink.linesAtOnce)))) else { throw LoadWorkerCommand.silence(connect) }
            lines = lines.dropFirst(WorkerLink.linesAtOnce)
        }
        guard try pipe.tell(.done(cpuMilliseconds: (LoadClock.ownProcessorTime() - begin) / 1_000)) else { throw LoadWorkerCommand.silence(connect) }
        // What was told last is still on its way.
        usleep(LoadWorkerCommand.farewellMicroseconds)
        common.say("told the coordinator of \(ended.payments.count) payments")
    }

    private static let farewellMicroseconds: UInt32 = 500_000

    private static func next(_ pipe: WorkerPipe, until end: Date, _ shutdown: Shutdown) throws -> WorkerMessage? {
        while Date() < end, !shutdown.wait(milliseconds: 0) {
            guard let message = try pipe.receive(waitMilliseconds: 100) else { continue }
            if case .fault(let text) = message { throw Failure(.failed, "the coordinator says: \(Console.printable(text))", "") }
            return message
        }
        return nil
    }

    private static func silence(_ endpoint: String) -> Failure {
        Failure(.timedOut, "no coordinator of a run answers at \(Console.printable(endpoint))", "Start concordat load --listen there, with the same secret, and name as many workers as there are.")
    }
}
