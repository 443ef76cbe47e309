import Foundation
import LoadCore

/// The files of a run, and what people see of it.
enum LoadOutput {
    static let files = "report.json,report.html,hdr.hgrm,results.ndjson"

    static func write(_ report: LoadReport, _ tally: RunTally, _ payments: [LoadPayment], to folder: String) throws {
        try OutputFolder.make(folder)
        try OutputFolder.write(JSONText.pretty(report) + "\n", to: "\(folder)/report.json")
        try OutputFolder.write(ReportPage.html(report, tally), to: "\(folder)/report.html")
        try OutputFolder.write(tally.book[.final].distribution, to: "\(folder)/hdr.hgrm")
        for mark in LoadMark.allCases where mark != .final && tally.book[mark].count > 0 {
            try OutputFolder.write(tally.book[mark].distribution, to: "\(folder)/hdr-\(mark.rawValue).hgrm")
        }
        try OutputFolder.write(payments.map { JSONText.line(ResultLine($0)) + "\n" }.joined(), to: "\(folder)/results.ndjson")
    }

    static func progress(_ second: Double, _ progress: LaneBook.Progress) -> String {
        func span(_ microseconds: UInt64?) -> String { microseconds.map { LoadText.span(microseconds: $0) } ?? "-" }
        let late = progress.skipped + progress.dropped > 0 ? "  skipped \(progress.skipped)  dropped \(progress.dropped)" : ""
        let refused = progress.rejected > 0 ? "  rejected \(progress.rejected)" : ""
        return "\(LoadText.decimal(second, 0))s  sent \(progress.sent)  final \(progress.final)  p50 \(span(progress.finalLatency.percentile(50)))"
            + "  p99 \(span(progress.finalLatency.percentile(99)))  lag \(span(progress.lag.mean.map { UInt64($0) }))\(late)\(refused)"
    }

    /// A step of a saturation.
    static func step(_ number: Int, _ step: SaturationSearch.Step) -> String {
        "step \(number)  asked \(LoadText.decimal(step.asked_per_second, 1))/s  sent \(LoadText.decimal(step.sent_per_second, 1))/s  final \(LoadText.decimal(step.final_per_second, 1))/s"
            + "  p99 \(step.final_p99_seconds.map { LoadText.decimal($0, 2) } ?? "-") s  under way \(step.under_way)  \(step.follows ? "follows" : "no longer follows")"
    }

    /// The result on standard output.
    static func lines(_ report: LoadReport, _ paint: Paint) -> [String] {
        var lines = report.objectives.map { objective in
            "\(objective.met ? paint.good("✓") : paint.bad("✗")) \(objective.objective)   \(objective.measured)"
        }
        if !lines.isEmpty { lines.append("") }
        let (rates, counts) = (report.rates, report.counts)
        let asked = rates.asked_per_second.map { "asked \(LoadText.decimal($0, 1))  " } ?? ""
        lines.append("RATE      \(asked)sent \(LoadText.decimal(rates.sent_per_second, 1))  final \(LoadText.decimal(rates.final_per_second, 1)) payments/s")
        lines.append(
            "COUNTS    scheduled \(counts.scheduled)  sent \(counts.sent)  skipped \(counts.skipped)  dropped \(counts.dropped)  rejected \(counts.rejected)"
                + "  refunded \(counts.refunded)  settled \(counts.settled)  pending \(counts.pending)  lost \(counts.lost)")
        for reason in report.reasons.prefix(8) { lines.append("          \(reason.reason) \(reason.count)") }
        lines.append("LATENCY   from the scheduled send, seconds")
        var table = [["", "p50", "p90", "p99", "p99.9", "max"]]
        for latency in report.latency_seconds {
            table.append([latency.mark] + [latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max].map { $0.map { LoadText.decimal($0, 3) } ?? "-" })
        }
        lines += Table.lines(table)
        if let own = report.final_from_send_seconds.p99 { lines.append("final p99 from the actual send \(LoadText.decimal(own, 3)) (shows what lag adds)") }
        lines.append("LAG       mean \(LoadText.decimal((report.lag_seconds.mean ?? 0) * 1_000, 1)) ms  max \(LoadText.decimal((report.lag_seconds.max ?? 0) * 1_000, 1)) ms")
        if let cost = report.cost { lines += LoadOutput.cost(cost, settled: report.counts.settled) }
        if let saturation = report.saturation { lines += LoadOutput.saturation(saturation, paint) }
        let verified = report.verification
        lines.append("VERIFY    \(Console.printable(verified.sentence))\(verified.way == "none" ? "" : verified.isGood ? " \(paint.good("✓"))" : " \(paint.bad("✗"))")")
        return lines
    }

    private static func cost(_ cost: LoadReport.Cost, settled: Int) -> [String] {
        var lines = [
            "CPU       \(settled == 0 ? "-" : LoadText.decimal(cost.cpu_milliseconds_per_payment, 2)) ms a settled payment; machine \(LoadText.decimal(cost.processors_used, 1)) of \(cost.processors) processors;"
                + " this program \(LoadText.decimal(cost.load_cpu_milliseconds_per_payment, 2)) ms",
            "          \(cost.checks_needed) signature checks of \(LoadText.decimal(cost.check_microseconds, 1)) us: floor_ratio \(LoadText.decimal(cost.floor_ratio, 3))",
        ]
        var table = [["", "role", "processes", "ms/payment", "busiest thread"]]
        for role in cost.roles {
            table.append(["         ", role.role, "\(role.processes)", LoadText.decimal(cost.cpu_milliseconds_per_payment_by_role[role.role] ?? 0, 3), "\(LoadText.decimal(role.busiest_thread * 100, 0)) %"])
        }
        lines += Table.lines(table)
        if let bytes = cost.ledger_bytes { lines.append("SPACE     +\(LoadText.decimal(Double(bytes) / 1_048_576, 1)) MiB of stores") }
        return lines
    }

    private static func saturation(_ saturation: LoadReport.Saturation, _ paint: Paint) -> [String] {
        var table = [["STEP", "asked/s", "sent/s", "final/s", "p99 s", "under way"]]
        for (number, step) in saturation.steps.enumerated() {
            table.append([
                "\(number + 1)", LoadText.decimal(step.asked_per_second, 1), LoadText.decimal(step.sent_per_second, 1), LoadText.decimal(step.final_per_second, 1),
                step.final_p99_seconds.map { LoadText.decimal($0, 2) } ?? "-", "\(step.under_way)",
            ])
        }
        let word = saturation.saturated ? "saturated" : "not saturated"
        return Table.lines(table) + ["SATURATE  \(word) at \(LoadText.decimal(saturation.capacity_per_second, 1)) payments/s final"]
            + (saturation.bottleneck.map { ["          \($0.sentence)"] } ?? [])
    }
}
