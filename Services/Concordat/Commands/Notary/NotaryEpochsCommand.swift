import ArgumentParser
import Foundation
import Wire

/// Shows who has been notary when, and that each set was handed over by the one before.
struct NotaryEpochsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "epochs", abstract: "Show the notaries of every epoch, each proven by the signatures of those before, from network.yaml on.",
        discussion: """
            Example:
              concordat notary epochs
            Nothing that a node answers is believed: each hand-over is checked against the notaries that the one before has shown.
            """)

    @OptionGroup var common: CommonOptions

    private struct Row: Encodable {
        var epoch: UInt64
        /// Notary block that settled the set; 0 for the first.
        var settled_at: UInt64
        var notaries: [String]
        var keys: [String]
        /// Chain → height of its first block that they certify.
        var first_heights: [String: UInt64]
    }

    func run() throws {
        let desk = try ElectionDesk(common)
        let terms = try desk.terms()
        let rows = terms.map { term in
            Row(
                epoch: term.epoch, settled_at: term.settledAt, notaries: term.members.map(\.node), keys: term.members.map(\.key.address.text),
                first_heights: Dictionary(uniqueKeysWithValues: term.firstHeights.map { ($0.chain.description, $0.height) }))
        }
        if common.json { return Console.print(JSONText.line(rows)) }
        var lines = [["EPOCH", "SETTLED AT", "NOTARIES", "CERTIFY FROM"]]
        for row in rows {
            let heights = row.first_heights.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            lines.append(["\(row.epoch)", row.epoch == 0 ? "-" : "\(row.settled_at)", row.notaries.joined(separator: " "), heights.isEmpty ? "1" : heights])
        }
        for line in Table.lines(lines) { Console.print(line) }
        Console.print("\(rows.count) sets, each handed over by a quorum of the one before")
    }
}
