import Foundation

/// What `concordat audit --json` says, as far as it decides here.
struct AuditFindings: Codable {
    struct Crosses: Codable { var settled: Int, refunded: Int, rejected: Int, open: Int }
    struct Finding: Codable { var invariant: Int, title: String, chain: String, height: UInt64, node: String, detail: String }
    struct Chain: Codable { var id: String, height: UInt64, blocks: Int, transactions: Int, nodes: [String] }
    var chains: [Chain]
    var crosses: Crosses
    var pending: Int
    var conserved: Bool
    var violations: [Finding]
    var open: [String]
    var warnings: [String]
}

/// `report.json`.
struct Report: Encodable {
    struct PaymentCounts: Encodable {
        var sent = 0, settled = 0, refunded = 0, rejected = 0, open = 0
        var reasons: [String: Int] = [:]
        /// From the start to the payer's certainty, of those that settled: middle, 99 of 100, longest.
        var settled_milliseconds: [UInt64] = []
    }
    struct Progress: Encodable {
        /// Longest time without a settled payment, when it began, and how long after healing the last payment ended.
        var longest_seconds_without_settled = 0.0
        var longest_began_at = 0.0
        var last_end_seconds_after_healing = 0.0
    }

    var seed: UInt64
    var minutes: Double
    var payments = PaymentCounts()
    var faults: [String: Int] = [:]
    var injected = 0
    var kinds = 0
    var restarts_by_faults = 0
    var restarts_otherwise = 0
    var violations = 0
    var open = 0
    var progress = Progress()
    var violation_details: [String] = []
    var open_details: [String] = []
    var warnings: [String] = []
    /// What processes called critical or an error.
    var alarms: [String: Int] = [:]
    var audit: AuditFindings?

    init(seed: UInt64, minutes: Double) { (self.seed, self.minutes) = (seed, minutes) }

    mutating func take(_ timeline: Timeline) {
        faults = timeline.counts
        injected = faults.values.reduce(0, +)
        kinds = faults.count
        restarts_by_faults = timeline.restarts.filter(\.expected).count
        restarts_otherwise = timeline.restarts.count - restarts_by_faults
        violation_details += timeline.violations
    }

    mutating func take(_ results: [Payments.Result], _ rate: PaymentRate, _ timeline: Timeline) {
        payments.sent = results.count
        for result in results {
            switch result.outcome {
            case "settled": payments.settled += 1
            case "refunded": payments.refunded += 1
            case "rejected": payments.rejected += 1
            default:
                payments.open += 1
                open_details.append("payment \(result.id) is open")
            }
            if !result.reason.isEmpty { payments.reasons["\(result.outcome): \(result.reason)", default: 0] += 1 }
        }
        let times = results.filter { $0.outcome == "settled" }.compactMap(\.payer_milliseconds).sorted()
        if !times.isEmpty { payments.settled_milliseconds = [times[times.count / 2], times[times.count * 99 / 100], times[times.count - 1]] }
        progress.longest_seconds_without_settled = rate.longest.seconds
        progress.longest_began_at = rate.longest.at
        progress.last_end_seconds_after_healing = max(0, Double(rate.seconds.count) - timeline.healedAt)
    }

    /// - Parameter crosses: what the payers were told of payments across chains.
    mutating func take(_ audit: AuditFindings, crosses: AuditFindings.Crosses) {
        self.audit = audit
        violation_details += audit.violations.map { "audit, invariant \($0.invariant) (\($0.title)) \($0.chain) \($0.height) \($0.node): \($0.detail)" }
        if !audit.conserved { violation_details.append("audit: value is not conserved") }
        open_details += audit.open
        open += audit.crosses.open + audit.pending
        warnings += audit.warnings
        for (what, told, found) in [("settled", crosses.settled, audit.crosses.settled), ("refunded", crosses.refunded, audit.crosses.refunded)] where told != found {
            violation_details.append("payers were told that \(told) payments across chains were \(what), the chains say \(found)")
        }
    }

    /// Counts what was gathered.
    mutating func close() {
        open += payments.open
        violations = violation_details.count
    }

    /// Faults and kinds that a run of this length must have injected; 200 and 6 in 20 minutes.
    var demandedFaults: Int { Int(minutes * 10) }
    static let demandedKinds = 6

    var isGood: Bool { violations == 0 && open == 0 && injected >= demandedFaults && kinds >= Report.demandedKinds && payments.settled > 0 }
}
