/// The report of a run, as `report.json` has it; names carry their units.
package struct LoadReport: Sendable, Encodable {
    /// What was run, and on what.
    package struct Run: Sendable, Encodable {
        package var id: String
        package var network: String
        package var network_id: String
        package var chains: Int, nodes: Int, notaries: Int
        package var arrivals: String
        package var mix: String
        package var seed: UInt64
        package var duration_seconds: Double
        /// From the start until nothing was under way any more, or nobody waited any longer.
        package var whole_seconds: Double
        package var workers: Int
        package var lanes: Int
        package var started_milliseconds: UInt64
        package var version: String

        package init(
            id: String, network: String, networkID: String, chains: Int, nodes: Int, notaries: Int, arrivals: String, mix: String, seed: UInt64,
            durationSeconds: Double, wholeSeconds: Double, workers: Int, lanes: Int, startedMilliseconds: UInt64, version: String
        ) {
            (self.id, self.network, network_id) = (id, network, networkID)
            (self.chains, self.nodes, self.notaries) = (chains, nodes, notaries)
            (self.arrivals, self.mix, self.seed) = (arrivals, mix, seed)
            (duration_seconds, whole_seconds) = (durationSeconds, wholeSeconds)
            (self.workers, self.lanes, started_milliseconds, self.version) = (workers, lanes, startedMilliseconds, version)
        }
    }

    /// Payments a second over the whole run.
    package struct Rates: Sendable, Encodable {
        /// Nil where the network decides.
        package var asked_per_second: Double?
        package var sent_per_second: Double
        package var final_per_second: Double
        package var settled_per_second: Double
    }

    /// Payments by what became of them.
    package struct Counts: Sendable, Encodable {
        package var scheduled: Int, sent: Int, skipped: Int, dropped: Int, accepted: Int, final: Int
        package var settled: Int, refunded: Int, rejected: Int, pending: Int, lost: Int
    }

    /// Seconds from when payments were to be sent; nil where nothing passed the mark.
    package struct Latency: Sendable, Encodable {
        package var mark: String
        package var count: UInt64
        package var p50: Double?, p90: Double?, p99: Double?, p99_9: Double?, max: Double?, mean: Double?

        init(_ mark: String, _ record: LatencyRecord) {
            func seconds(_ microseconds: UInt64?) -> Double? { microseconds.map { Double($0) / 1e6 } }
            self.mark = mark
            count = record.count
            p50 = seconds(record.percentile(50))
            p90 = seconds(record.percentile(90))
            p99 = seconds(record.percentile(99))
            p99_9 = seconds(record.percentile(99.9))
            max = seconds(record.maximum)
            mean = record.mean.map { $0 / 1e6 }
        }
    }

    /// What happened in a window of the run, by when payments were to be sent, were sent or passed a mark.
    package struct Window: Sendable, Encodable {
        package var second: Double
        package var scheduled_per_second: Double, sent_per_second: Double, accepted_per_second: Double, final_per_second: Double
        package var p50_seconds: Double?, p99_seconds: Double?
    }

    /// What the run cost the network's processes on this machine.
    package struct Cost: Sendable, Encodable {
        package var roles: [RoleBusyness]
        /// Processor time of all of them for one settled payment.
        package var cpu_milliseconds_per_payment: Double
        /// The same, role by role.
        package var cpu_milliseconds_per_payment_by_role: [String: Double]
        package var load_cpu_milliseconds_per_payment: Double
        /// Signature checks that the settled payments need, and what one took, measured in this run.
        package var checks_needed: Int
        package var check_microseconds: Double
        /// Share of the network's processor time that those checks take.
        package var floor_ratio: Double
        /// Processors used by everything on the machine during the sending.
        package var processors_used: Double
        package var processors: Int
        package var ledger_bytes: UInt64?

        package init(
            roles: [RoleBusyness], settled: Int, loadCPUMilliseconds: UInt64, checksNeeded: Int, checkMicroseconds: Double, processorsUsed: Double,
            processors: Int, ledgerBytes: UInt64?
        ) {
            let payments = Double(max(1, settled))
            let total = roles.reduce(0) { $0 + $1.cpu_milliseconds }
            self.roles = roles
            cpu_milliseconds_per_payment = Double(total) / payments
            cpu_milliseconds_per_payment_by_role = [:]
            for role in roles { cpu_milliseconds_per_payment_by_role[role.role] = Double(role.cpu_milliseconds) / payments }
            load_cpu_milliseconds_per_payment = Double(loadCPUMilliseconds) / payments
            checks_needed = checksNeeded
            check_microseconds = checkMicroseconds
            floor_ratio = total == 0 ? 0 : Double(checksNeeded) * checkMicroseconds / 1_000 / Double(total)
            processors_used = processorsUsed
            self.processors = processors
            ledger_bytes = ledgerBytes
        }
    }

    /// What looking payments up again came to.
    package struct Verification: Sendable, Encodable {
        /// `ledger`, `sample` or `none`.
        package var way: String
        package var ledger: LedgerVerdict?
        /// By the auditor's own replay of everything; nil where the stores are not on this machine.
        package var supply_conserved: Bool?
        package var violations: Int?
        /// Payments of which a recorder was asked for a receipt, and those whose receipt shows the end.
        package var sampled: Int?
        package var proven: Int?
        /// Chains that could not be read again, so that nothing is known of them.
        package var unread_chains: [String] = []

        package init(way: String) { self.way = way }

        /// Whether nothing that was looked at is wrong.
        package var isGood: Bool { unread_chains.isEmpty && ledger?.isGood ?? true && supply_conserved ?? true && violations ?? 0 == 0 && sampled == proven }
    }

    /// What raising the rate came to.
    package struct Saturation: Sendable, Encodable {
        package var steps: [SaturationSearch.Step]
        package var saturated: Bool
        package var capacity_per_second: Double
        package var bottleneck: Bottleneck?

        package init(_ search: SaturationSearch, bottleneck: Bottleneck?) {
            steps = search.steps
            saturated = search.isSaturated
            capacity_per_second = search.capacity
            self.bottleneck = bottleneck
        }
    }

    package var run: Run
    package var objectives: [ServiceObjective.Verdict]
    package var rates: Rates
    package var counts: Counts
    package var reasons: [RunTally.Reason]
    package var latency_seconds: [Latency]
    package var final_from_send_seconds: Latency
    package var lag_seconds: Latency
    package var windows: [Window]
    package var cost: Cost?
    package var verification: Verification
    package var saturation: Saturation?
    /// Whether every payment was sent, ended, and stands as it was told, and every objective was met.
    package var passed: Bool

    package init(run: Run, tally: RunTally, asked: Double?, objectives: [ServiceObjective], cost: Cost?, verification: Verification, saturation: Saturation? = nil) {
        self.run = run
        self.objectives = objectives.map { $0.judge(tally) }
        rates = Rates(
            asked_per_second: asked, sent_per_second: tally.sentRate ?? 0, final_per_second: tally.rate(of: .final) ?? 0,
            settled_per_second: Double(tally.settled) / max(0.001, run.whole_seconds))
        counts = Counts(
            scheduled: tally.scheduled, sent: tally.sent, skipped: tally.skipped, dropped: tally.dropped, accepted: Int(tally.book[.accepted].count),
            final: Int(tally.book[.final].count), settled: tally.settled, refunded: tally.refunded, rejected: tally.rejected, pending: tally.pending,
            lost: tally.lost)
        reasons = tally.reasons
        latency_seconds = LoadMark.allCases.map { Latency($0.rawValue, tally.book[$0]) }.filter { $0.count > 0 }
        final_from_send_seconds = Latency("final", tally.finalFromSend)
        lag_seconds = Latency("lag", tally.lag)
        let span = Double(tally.windowMicroseconds) / 1e6
        windows = tally.windows.enumerated().map { index, window in
            Window(
                second: Double(index) * span, scheduled_per_second: Double(window.scheduled) / span, sent_per_second: Double(window.sent) / span,
                accepted_per_second: Double(window.accepted) / span, final_per_second: Double(window.final) / span,
                p50_seconds: window.latency.percentile(50).map { Double($0) / 1e6 }, p99_seconds: window.latency.percentile(99).map { Double($0) / 1e6 })
        }
        self.cost = cost
        self.verification = verification
        self.saturation = saturation
        passed = tally.pending == 0 && tally.lost == 0 && verification.isGood && self.objectives.allSatisfy(\.met)
    }
}
