import ArgumentParser
import Foundation
import Ledger
import Runtime
import Wire

/// Shows who may be elected, and who would be.
struct NotaryListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show every notary node: its seat, whether it wants one, and how much of the vote approves of it.",
        discussion: """
            Example:
              concordat notary list --json
            """)

    @OptionGroup var common: CommonOptions

    private struct Row: Encodable {
        var node: String
        var key: String
        var seated: Bool
        var stands: Bool
        var approval_percent: Double
        var elected_next: Bool
    }

    private struct Report: Encodable {
        var height: UInt64
        var slot: UInt64
        var epoch: UInt64
        var seats: Int
        var ballots: Int
        var voters: Int
        var notaries: [Row]
    }

    func run() throws {
        let desk = try ElectionDesk(common)
        let view = try desk.view()
        let network = desk.network
        let sitting = try desk.sitting(at: view)
        let left = try ChainInquiry(common).states().filter(\.left).map(\.chain)
        let voting = network.chains.filter { !left.contains($0.id) }
        let next = Tally.elect(view.candidacies, view.ballots, sitting: sitting, rule: desk.rule, network: network, chains: voting)
        let rows = network.notary.listed.map { node in
            let entry = view.candidacies.first { $0.node == node.id }
            let isFirst = network.notary.nodes.contains { $0.id == node.id }
            return Row(
                node: node.id, key: (entry?.key ?? node.key).address.text, seated: sitting.contains { $0.node == node.id },
                stands: entry.map { !$0.isWithdrawn } ?? isFirst, approval_percent: desk.approval(of: node.id, view),
                elected_next: next.contains { $0.node == node.id })
        }
        let voters = voting.reduce(0) { $0 + $1.nodes.count }
        let report = Report(
            height: view.height, slot: view.slot, epoch: network.notary.epoch(of: view.slot), seats: desk.rule.seats,
            ballots: view.ballots.count, voters: voters, notaries: rows)
        if common.json { return Console.print(JSONText.line(report)) }
        Console.print(
            "notary block \(report.height), slot \(report.slot), epoch \(report.epoch): \(report.seats) seats, \(report.ballots) of \(voters) nodes have voted")
        let head = ["NODE", "SEAT", "STANDS", "APPROVAL", "NEXT", "KEY"]
        let lines = rows.map {
            [
                $0.node, $0.seated ? "yes" : "-", $0.stands ? "yes" : "no", String(format: "%.1f %%", $0.approval_percent),
                $0.elected_next ? "yes" : "-", $0.key,
            ]
        }
        for line in Table.lines([head] + lines) { Console.print(line) }
    }
}
