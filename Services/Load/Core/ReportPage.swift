/// The report as one page that needs nothing else: figures, and plots as inline SVG.
package enum ReportPage {
    private static let style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:24px auto;padding:0 16px;color:#1b1f24;background:#fff}
        h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 4px}p{margin:4px 0}
        table{border-collapse:collapse;margin:8px 0;font-variant-numeric:tabular-nums}
        th,td{text-align:right;padding:3px 12px 3px 0;border-bottom:1px solid #e3e6ea}th:first-child,td:first-child{text-align:left}
        svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#57606a}.grid{stroke:#e3e6ea}
        .good{color:#1a7f37}.bad{color:#cf222e;font-weight:600}.faint,.key,.none{color:#57606a}
        """

    /// The whole page.
    package static func html(_ report: LoadReport, _ tally: RunTally) -> String {
        var body = head(report)
        body += table([["mark", "payments", "p50", "p90", "p99", "p99.9", "max"]] + report.latency_seconds.map(row), title: "Latency from the scheduled send, seconds")
        body += overTime(report) + throughput(report) + percentiles(tally)
        if let saturation = report.saturation { body += ReportPage.saturation(saturation) }
        if let cost = report.cost { body += ReportPage.cost(cost) }
        body += verification(report.verification)
        if !report.reasons.isEmpty { body += table([["reason", "payments"]] + report.reasons.map { [$0.reason, "\($0.count)"] }, title: "Reasons") }
        return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Load run \(escaped(report.run.id))</title>\n<style>\n\(style)\n</style></head><body>\n\(body)</body></html>\n"
    }

    private static func head(_ report: LoadReport) -> String {
        let run = report.run
        let counts = report.counts
        let asked = report.rates.asked_per_second.map { "asked \(LoadText.decimal($0, 1)) " } ?? ""
        var text = "<h1>Load run \(escaped(run.id))</h1>\n<p>\(escaped(run.network)): \(run.chains) chains of \(run.nodes) nodes in all, \(run.notaries) notaries. "
        text += "\(escaped(run.arrivals)), mix \(escaped(run.mix)), seed \(run.seed), \(LoadText.decimal(run.duration_seconds, 1)) s, \(run.workers) workers, \(run.lanes) lanes.</p>\n"
        text += "<p><b>\(asked)sent \(LoadText.decimal(report.rates.sent_per_second, 1)) final \(LoadText.decimal(report.rates.final_per_second, 1)) payments a second.</b></p>\n"
        text += "<p class=\"faint\">scheduled \(counts.scheduled), sent \(counts.sent), skipped \(counts.skipped), dropped \(counts.dropped), settled \(counts.settled), refunded \(counts.refunded), rejected \(counts.rejected), pending \(counts.pending), lost \(counts.lost)</p>\n"
        for objective in report.objectives {
            text += "<p class=\"\(objective.met ? "good" : "bad")\">\(objective.met ? "&#10003;" : "&#10007;") \(escaped(objective.objective)) &nbsp; \(escaped(objective.measured))</p>\n"
        }
        return text
    }

    private static func row(_ latency: LoadReport.Latency) -> [String] {
        func cell(_ seconds: Double?) -> String { seconds.map { LoadText.decimal($0, 3) } ?? "-" }
        return [latency.mark, "\(latency.count)", cell(latency.p50), cell(latency.p90), cell(latency.p99), cell(latency.p99_9), cell(latency.max)]
    }

    private static func overTime(_ report: LoadReport) -> String {
        Plot(
            title: "Latency until final, by when payments were to be sent", axis: .linear(unit: "s"), unit: "s",
            lines: [
                Plot.Line(name: "p50", colour: "#0969da", points: report.windows.compactMap { window in window.p50_seconds.map { (window.second, $0) } }),
                Plot.Line(name: "p99", colour: "#cf222e", points: report.windows.compactMap { window in window.p99_seconds.map { (window.second, $0) } }),
            ]
        ).svg
    }

    private static func throughput(_ report: LoadReport) -> String {
        Plot(
            title: "Throughput", axis: .linear(unit: "s"), unit: "/s",
            lines: [
                Plot.Line(name: "to be sent", colour: "#8c959f", points: report.windows.map { ($0.second, $0.scheduled_per_second) }),
                Plot.Line(name: "sent", colour: "#bf8700", points: report.windows.map { ($0.second, $0.sent_per_second) }),
                Plot.Line(name: "final", colour: "#1a7f37", points: report.windows.map { ($0.second, $0.final_per_second) }),
            ]
        ).svg
    }

    private static let colours = ["#0969da", "#8250df", "#1a7f37", "#bf8700", "#cf222e", "#57606a"]

    private static func percentiles(_ tally: RunTally) -> String {
        let marks = LoadMark.allCases.filter { tally.book[$0].count > 0 }
        return Plot(
            title: "Latency by percentile", axis: .percentiles, unit: "ms",
            lines: marks.map { mark in
                Plot.Line(name: mark.rawValue, colour: colours[mark.position], points: tally.book[mark].curve().map { ($0.above, $0.milliseconds) })
            }
        ).svg
    }

    private static func saturation(_ saturation: LoadReport.Saturation) -> String {
        var rows = [["asked /s", "sent /s", "final /s", "final p99 s", "under way"]]
        for step in saturation.steps {
            rows.append([
                LoadText.decimal(step.asked_per_second, 0), LoadText.decimal(step.sent_per_second, 1), LoadText.decimal(step.final_per_second, 1),
                step.final_p99_seconds.map { LoadText.decimal($0, 2) } ?? "-", "\(step.under_way)",
            ])
        }
        var text = table(rows, title: "Saturation")
        if let bottleneck = saturation.bottleneck { text += "<p>\(escaped(bottleneck.sentence))</p>\n" }
        return text
    }

    private static func cost(_ cost: LoadReport.Cost) -> String {
        var rows = [["role", "processes", "ms a payment", "busiest thread"]]
        for role in cost.roles {
            rows.append([
                role.role, "\(role.processes)", LoadText.decimal(cost.cpu_milliseconds_per_payment_by_role[role.role] ?? 0, 3), "\(LoadText.decimal(role.busiest_thread * 100, 0)) %",
            ])
        }
        rows.append(["all", "", LoadText.decimal(cost.cpu_milliseconds_per_payment, 3), ""])
        return table(rows, title: "Processor time")
            + "<p>\(cost.checks_needed) signature checks of \(LoadText.decimal(cost.check_microseconds, 1)) us are \(LoadText.decimal(cost.floor_ratio * 100, 1)) % of it (floor_ratio \(LoadText.decimal(cost.floor_ratio, 3))).</p>\n"
    }

    private static func verification(_ verification: LoadReport.Verification) -> String {
        "<h2>Verification</h2><p class=\"\(verification.isGood ? "good" : "bad")\">\(escaped(verification.sentence))</p>\n"
    }

    private static func table(_ rows: [[String]], title: String) -> String {
        guard rows.count > 1 else { return "" }
        func line(_ cells: [String], _ tag: String) -> String { "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>\n" }
        return "<h2>\(escaped(title))</h2>\n<table>\n" + line(rows[0], "th") + rows.dropFirst().map { line($0, "td") }.joined() + "</table>\n"
    }

    private static func escaped(_ text: String) -> String {
        String(text.flatMap { character -> [Character] in
            switch character {
            case "<": Array("&lt;")
            case ">": Array("&gt;")
            case "&": Array("&amp;")
            case "\"": Array("&quot;")
            default: [character]
            }
        })
    }
}

extension LoadReport.Verification {
    /// For people.
    package var sentence: String {
        guard way != "none" else { return "nothing was verified" }
        var parts = unread_chains.isEmpty ? [] : ["\(unread_chains.joined(separator: ", ")) could not be read again: nothing is judged"]
        if let ledger {
            parts.append("ledgers reread (\(ledger.blocks) blocks): \(ledger.found) found, \(ledger.missing) missing, \(ledger.duplicates) duplicate, \(ledger.different) different")
        }
        if let missing = ledger?.not_issued, missing > 0 { parts.append("\(missing) locks and redemptions not issued or released yet: their peg's members have to run (concordat bridge status)") }
        if let sampled, let proven { parts.append("receipts of \(sampled) payments asked for, \(proven) show the end") }
        if let supply_conserved { parts.append(supply_conserved ? "supply conserved" : "supply NOT conserved") }
        if let violations, violations > 0 { parts.append("\(violations) violations found by the audit") }
        return parts.joined(separator: ", ")
    }
}

extension Bottleneck {
    /// For people.
    package var sentence: String {
        let gain = "one more replica: \(LoadText.decimal((gain_on_this_machine - 1) * 100, 0)) % more on this machine, \(LoadText.decimal((gain_with_processors_to_spare - 1) * 100, 0)) % where processors are to spare"
        let used = "processors \(LoadText.decimal(processors_used, 1)) of \(processors) used, \(LoadText.decimal(processors_used_by_network, 1)) by the network"
        switch cause {
        case .thread: return "\(role) is saturated: its busiest thread ran \(LoadText.decimal(busiest_thread * 100, 0)) % of the time, \(used); \(gain). \(advice)"
        case .processors: return "the processors are saturated (\(used)); \(role) takes most, its busiest thread \(LoadText.decimal(busiest_thread * 100, 0)) %; \(gain). \(advice)"
        case .waiting: return "no role is saturated: \(role) is the busiest, \(LoadText.decimal(busiest_thread * 100, 0)) % of the time, \(used). \(advice)"
        }
    }
}
