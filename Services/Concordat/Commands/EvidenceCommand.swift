import ArgumentParser
import Runtime
import WalletDesk

/// Shows who was found to break a rule.
struct EvidenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "Show the offences that the notary chain has recorded: who, what, where.",
        discussion: """
            Example:
              concordat evidence
            Exit codes: 0 none is recorded, 2 some are, 69 no recorder answers. docs/operations.md says what to do about each.
            """)

    @OptionGroup var common: CommonOptions

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        try Inquiry.requireReachable(configuration, folder)
        let rows = try OffenceDesk.all(Inquiry(configuration))
        if common.json {
            Console.print(JSONText.line(rows))
        } else if rows.isEmpty {
            Console.print("No offence is recorded.")
        } else {
            let head = ["OFFENCE", "CHAIN", "BY", "PLACE", "NOTARY BLOCK"]
            for line in Table.lines([head] + rows.map { [$0.offence, $0.chain, $0.by, $0.place, "\($0.notary_height)"] }) { Console.print(line) }
        }
        if !rows.isEmpty { throw ExitCode(Failure.Code.degraded.rawValue) }
    }
}
