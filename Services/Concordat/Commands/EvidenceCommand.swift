import ArgumentParser
import Cryptography
import Foundation
import Runtime
import WalletDesk
import WalletShell
import Wire

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
        let offences = try EvidenceCommand.all(Inquiry(configuration), of: configuration.network)
        let rows = offences.map { EvidenceCommand.row($0, configuration.network) }
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

    private struct Row: Encodable {
        var offence: String
        var chain: String
        var by: String
        var place: String
        var notary_height: UInt64
    }

    private static func row(_ offence: RecordedOffence, _ network: Network) -> Row {
        let entry = offence.entry
        let nodes = (network.chain(entry.chain)?.nodes ?? []) + network.notary.nodes
        let by = entry.offender.map { key in nodes.first { $0.key == key }?.id ?? key.hex } ?? "more than a third of its nodes"
        let place = entry.kind == .twoFinals ? "height \(entry.place)" : "slot \(entry.place)"
        return Row(offence: entry.kind.rawValue, chain: entry.chain.description, by: by, place: place, notary_height: offence.height)
    }

    /// Asks every notary's recorder: the one that knows most is believed, for what is recorded stays recorded.
    private static func all(_ inquiry: Inquiry, of network: Network) throws -> [RecordedOffence] {
        var longest: [RecordedOffence]?
        for node in network.notary.listed {
            let service = Service.name(.recorder, chain: .notary, node: node.id)
            var offences: [RecordedOffence] = []
            while case .offences(let more, let count)?? = try inquiry.ask([
                (service, .offences(from: UInt64(offences.count), limit: Limits.offencesPerAnswer))
            ]).first {
                offences += more
                if longest.map({ $0.count < offences.count }) ?? true { longest = offences }
                if more.isEmpty || UInt64(offences.count) >= count { break }
            }
        }
        guard let longest else {
            throw Failure(.unreachable, "no recorder answers", "See how the network is: concordat status. Start it: concordat up")
        }
        return longest
    }
}
