import ArgumentParser
import Foundation
import LoadCore

/// Who sends a run, and whether the rate is raised until the network no longer follows.
struct LoadSpread: ParsableArguments {
    @Flag(help: "Raise the rate step by step from --rate until what becomes final no longer follows, and name the busiest role; --duration is that of a step. (default of --duration: 8s)")
    var saturate = false
    @Option(help: "Send from so many processes: on this machine, or with --listen on others. (default: this process alone)")
    var workers: Int?
    @Option(help: "Where workers of other machines connect to, such as tcp://0.0.0.0:7300.")
    var listen: String?

    func way(_ judgement: LoadJudgement, _ link: LoadLink, deadlineMilliseconds: UInt64, _ common: CommonOptions, _ passphrase: PassphraseOptions) throws -> LoadConductor.Way {
        let workers = try workers.map { try Setting.number($0, "workers", default: 1, in: 1...LoadLimits.workers) } ?? 0
        guard listen == nil || workers > 0 else { throw Failure(.usage, "--listen waits for nobody", "Say how many workers will come, such as --workers 2.") }
        guard listen == nil || !saturate else { throw Failure(.usage, "--saturate sends from this machine", "Leave --listen out; --workers starts processes here.") }
        var arguments = ["--data", try common.folder.path]
        if let file = Setting.text(passphrase.passphraseFile, "passphrase-file") { arguments += ["--passphrase-file", file] }
        return LoadConductor.Way(
            strategy: try judgement.strategy(), waitMicroseconds: try judgement.waitMicroseconds(), hasDevices: !judgement.noDevices, workers: workers, listen: listen,
            token: listen == nil ? WorkerToken.draw() : try WorkerToken.read(link.tokenFile), joinSeconds: Double(try link.joinMicroseconds()) / 1e6,
            workerArguments: arguments + (common.quiet || common.json ? ["--quiet"] : []), deadlineMilliseconds: deadlineMilliseconds)
    }
}

/// How a coordinator and its workers find each other; the same options for both.
struct LoadLink: ParsableArguments {
    @Option(help: "File with the secret that all machines of the run share.")
    var tokenFile: String?
    @Option(help: "How long to wait for all workers, or for the coordinator, such as 60s. (default: 60s)")
    var joinWait: String?

    func joinMicroseconds() throws -> UInt64 { try LoadOptions.read("join-wait", Setting.text(joinWait, "join-wait", default: "60s"), LoadText.span) }
}
