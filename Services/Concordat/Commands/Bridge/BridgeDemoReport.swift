import Auditor
import Runtime

/// The report of a bridge's run; its fields are what harnesses read.
struct BridgeDemoReport: Encodable {
    struct Orders: Encodable { var submitted = 0, appeared = 0, rejected = 0, open = 0 }
    struct Trades: Encodable { var submitted = 0, settled = 0, rejected = 0, open = 0 }
    struct Latency: Encodable { var issued = DemoReport.Quantiles(p50: 0, p99: 0), released = DemoReport.Quantiles(p50: 0, p99: 0) }

    var network: DemoReport.Shape
    var locks = Orders()
    var trades = Trades()
    /// How the deal over two chains ended.
    var deal = ""
    var redemptions = Orders()
    var rejections: [String: Int] = [:]
    var pegs: [BridgeCommand.Status.Row] = []
    var latency_ms = Latency()
    var audit = DemoReport.Judgement(blocks: 0, violations: 0)
    var conserved = false
    /// Whether of every peg custody is what is out, and nothing is on its way.
    var covered = false
    var ready_seconds: Double
    var run_seconds = 0.0

    init(_ configuration: NetworkConfiguration, processes: Int, readySeconds: Double) {
        network = DemoReport.Shape(configuration, processes: processes)
        ready_seconds = (readySeconds * 100).rounded() / 100
    }

    mutating func take(
        locks: [BridgeRun.Result], trades: [PaymentRun.Result], redemptions: [BridgeRun.Result], _ audit: AuditReport, seconds: Double
    ) {
        self.locks = BridgeDemoReport.count(locks)
        self.redemptions = BridgeDemoReport.count(redemptions)
        func count(_ outcome: String) -> Int { trades.count { $0.outcome == outcome } }
        self.trades = Trades(submitted: trades.count, settled: count("settled"), rejected: count("rejected"), open: count("open"))
        for reason in (locks + redemptions).map(\.reason) + trades.map(\.reason) where !reason.isEmpty { rejections[reason, default: 0] += 1 }
        latency_ms = Latency(
            issued: DemoReport.quantiles(locks.compactMap(\.appeared_milliseconds)),
            released: DemoReport.quantiles(redemptions.compactMap(\.appeared_milliseconds)))
        self.audit = DemoReport.Judgement(blocks: audit.blocks, violations: audit.violations.count)
        conserved = audit.conserved
        covered = !pegs.isEmpty && pegs.allSatisfy { $0.custody == $0.outstanding && $0.to_issue == 0 && $0.to_release == 0 }
        run_seconds = (seconds * 100).rounded() / 100
    }

    private static func count(_ results: [BridgeRun.Result]) -> Orders {
        func count(_ outcomes: Set<String>) -> Int { results.count { outcomes.contains($0.outcome) } }
        return Orders(
            submitted: results.count, appeared: count(["issued", "released"]), rejected: count(["rejected"]), open: count(["open", "locked", "redeemed"]))
    }

    /// Whether everything has ended, something of each kind as it should, and all is accounted for.
    var isClean: Bool {
        [locks.open, redemptions.open, trades.open, audit.violations].allSatisfy { $0 == 0 }
            && locks.appeared > 0 && redemptions.appeared > 0 && trades.settled > 0 && deal == "settled" && conserved && covered
    }
}
