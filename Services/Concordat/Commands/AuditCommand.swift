import ArgumentParser
import Auditor
import Runtime

/// Judges a network by its folder alone.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Replay every chain from genesis and check every certificate, trusting nothing that was stored.",
        discussion: """
            Example:
              concordat audit --data .concordat
            The network may be stopped, running, or a copy; nothing in the folder is changed.
            Exit codes: 0 nothing is wrong, 1 violations were found, 2 there was nothing to judge, 78 no network here.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Where recorders' older blocks are. (default: where their stores say)", valueName: "place"))
    var archive: String?

    func run() throws {
        let place = try ArchiveOptions.location(archive)
        let report: AuditReport
        do {
            report = try Audit.run(folder: try common.folder.path, archive: place?.description) { common.say("audit: \($0)") }
        } catch let fault as AuditFault {
            throw Failure(.configuration, "\(fault.file): \(fault.problem)", fault.advice)
        }
        if common.json {
            Console.print(report.json)
        } else {
            for line in report.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() { Console.print(String(line)) }
        }
        if !report.violations.isEmpty { throw ExitCode(Failure.Code.failed.rawValue) }
        if report.isEmpty { throw ExitCode(Failure.Code.degraded.rawValue) }
    }
}
