import Foundation

extension AuditReport {
    /// The report for people: the verdict first, then what was judged, then each violation with what it means.
    package var text: String {
        var lines = [verdict, ""]
        for chain in chains {
            lines.append(
                "  \(chain.id): \(chain.blocks) blocks to height \(chain.height), \(chain.transactions) transactions, "
                    + "stores of \(chain.nodes.isEmpty ? "no node" : chain.nodes.joined(separator: ", "))")
        }
        lines.append("  \(certificatesChecked) certificates and \(signaturesChecked) signatures checked")
        lines.append(
            "  cross payments: \(crosses.settled) settled, \(crosses.refunded) refunded, \(crosses.rejected) rejected, \(crosses.open) open")
        if pending > 0 { lines.append("  acknowledged and not yet in a block: \(pending)") }
        lines.append("  money conserved on every chain: \(conserved ? "yes" : "no")")
        lines += violationLines
        lines += section("Still open", openDetails)
        lines += section("Please note", warnings)
        return lines.joined(separator: "\n") + "\n"
    }

    private var verdict: String {
        if !violations.isEmpty { return "Audit FAILED: \(violations.count) violation\(violations.count == 1 ? "" : "s")." }
        if isEmpty { return "Audit found nothing to judge: no chain has a block yet." }
        return "Audit passed: \(blocks) blocks on \(chains.count) chains, 0 violations."
    }

    private var violationLines: [String] {
        var lines: [String] = []
        for invariant in Invariant.allCases {
            let found = violations.filter { $0.invariant == invariant }
            guard !found.isEmpty else { continue }
            lines += ["", "Invariant \(invariant.rawValue), \"\(invariant.title)\", is broken:", "  it means: \(invariant.meaning)"]
            lines += found.prefix(AuditReport.listedMaximum).map { "  - \($0.place)\($0.detail)" }
            if found.count > AuditReport.listedMaximum {
                lines.append("  - and \(found.count - AuditReport.listedMaximum) more (--json lists all)")
            }
        }
        return lines
    }

    /// Lines of one list that people are shown.
    private static let listedMaximum = 20

    private func section(_ title: String, _ items: [String]) -> [String] {
        guard !items.isEmpty else { return [] }
        var lines = ["", "\(title):"] + items.prefix(AuditReport.listedMaximum).map { "  - \($0)" }
        if items.count > AuditReport.listedMaximum { lines.append("  - and \(items.count - AuditReport.listedMaximum) more") }
        return lines
    }

    /// The report for programs: one line of JSON with sorted keys.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(AuditDocument(self)) else {
            preconditionFailure("numbers and text can always be written as JSON")
        }
        return String(decoding: data, as: UTF8.self)
    }
}

extension Violation {
    /// `alpha, height 7, node alpha-2: `, as far as it is known.
    fileprivate var place: String {
        var parts: [String] = []
        if !chain.isEmpty { parts.append(chain) }
        if height > 0 { parts.append("height \(height)") }
        if !node.isEmpty { parts.append(node) }
        return parts.isEmpty ? "" : parts.joined(separator: ", ") + ": "
    }
}

/// The report's JSON form; names as reports of other commands use them.
private struct AuditDocument: Encodable {
    struct Chain: Encodable {
        var id: String
        var height: UInt64
        var blocks: Int
        var transactions: Int
        var nodes: [String]
    }

    struct Crosses: Encodable {
        var settled: Int
        var refunded: Int
        var rejected: Int
        var open: Int
    }

    struct Finding: Encodable {
        var invariant: Int
        var title: String
        var chain: String
        var height: UInt64
        var node: String
        var detail: String
    }

    var network: String
    var chains: [Chain]
    var blocks: Int
    var certificates_checked: Int
    var signatures_checked: Int
    var crosses: Crosses
    var pending: Int
    var conserved: Bool
    var violations: [Finding]
    var open: [String]
    var warnings: [String]

    init(_ report: AuditReport) {
        network = report.networkID
        chains = report.chains.map {
            Chain(id: $0.id, height: $0.height, blocks: $0.blocks, transactions: $0.transactions, nodes: $0.nodes)
        }
        blocks = report.blocks
        certificates_checked = report.certificatesChecked
        signatures_checked = report.signaturesChecked
        crosses = Crosses(
            settled: report.crosses.settled, refunded: report.crosses.refunded, rejected: report.crosses.rejected, open: report.crosses.open)
        pending = report.pending
        conserved = report.conserved
        violations = report.violations.map {
            Finding(
                invariant: $0.invariant.rawValue, title: $0.invariant.title, chain: $0.chain, height: $0.height, node: $0.node,
                detail: $0.detail)
        }
        open = report.openDetails
        warnings = report.warnings
    }
}
