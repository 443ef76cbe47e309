import RoleKit
import Runtime
import Telemetry
import Wire

/// What one role shows of itself.
struct RoleMetrics: Sendable {
    let address: RoleAddress
    let host: any RoleHosting
    private let labels: MetricLabels

    /// A role whose thread has not looked up for so long hangs.
    private static let hangMilliseconds: UInt64 = 60_000
    /// A role that is further behind its chain than so many blocks has to catch up before it is of use.
    static let blocksBehind: Height = 8

    init(_ address: RoleAddress, _ host: any RoleHosting) {
        self.address = address
        self.host = host
        labels = MetricLabels([
            ("role", address.role.rawValue), ("chain", address.chain.description), ("node", address.node), ("replica", "\(address.replica)"),
        ])
    }

    func write(to page: inout MetricPage, checks: [HealthCheck]) {
        let snapshot = host.snapshot
        let meter = snapshot.meter
        page.add(.ready, isTrue: checks.allSatisfy(\.passes), labels)
        for check in checks { page.add(.checkPassed, isTrue: check.passes, labels.adding("check", check.name)) }
        for (topic, count) in meter.received.sorted(by: { $0.key < $1.key }) { page.add(.stageReceived, count, labels.adding("topic", topic)) }
        for (topic, count) in meter.sent.sorted(by: { $0.key < $1.key }) { page.add(.stageSent, count, labels.adding("topic", topic)) }
        page.add(.stageRequests, meter.requestsCount, labels)
        page.add(.stageCalls, meter.callsCount, labels)
        page.add(.stageCallsUnanswered, meter.unansweredCount, labels)
        for counter in Counter.allCases { write(counter, meter.counters[counter] ?? 0, to: &page) }
        page.add(.stageInProgress, UInt64(snapshot.waiting), labels)
        if address.role == .collector { page.declare(.stageOldestItem) }
        if let oldest = snapshot.oldestWaitingMilliseconds { page.add(.stageOldestItem, Double(oldest) / 1_000, labels) }
        page.add(.stageInputsWaiting, UInt64(snapshot.inputsCount), labels)
        page.add(.stageBacklog, UInt64(snapshot.backlogCount), labels)
        page.add(.stageUnacknowledged, UInt64(snapshot.unacknowledgedCount), labels)
        if let processed = snapshot.processedMilliseconds { page.add(.stageLastProcessed, Double(processed) / 1_000, labels) }
        page.add(.stageDuration, meter.turns.reading, labels)
        page.add(.stageCommitDuration, meter.commits.reading, labels)
        page.add(.stageConnected, isTrue: snapshot.isConnected, labels)
        page.add(.stageDisconnects, meter.disconnectsCount, labels)
        page.add(.stageLost, meter.lostStreamsCount, labels)
        page.declare(.alarms)
        for (code, count) in meter.alarms.sorted(by: { $0.key < $1.key }) { page.add(.alarms, count, labels.adding("code", code)) }
        write(snapshot.archive, to: &page)
        page.add(.ledgerHeight, max(snapshot.heardHeight, snapshot.height), labels)
        page.add(.ledgerFinalizedHeight, snapshot.height, labels)
    }

    private func write(_ archive: ArchiveStanding?, to page: inout MetricPage) {
        for metric in [Metric.archiveReached, .archiveWaiting, .archiveLost, .archiveCopied, .archiveTrimmed, .archiveReads] { page.declare(metric) }
        guard let archive else { return }
        page.add(.archiveReached, isTrue: archive.isReached, labels)
        page.add(.archiveWaiting, archive.waitingBlocks, labels)
        page.add(.archiveLost, archive.lostBlocks, labels)
        page.add(.archiveCopied, archive.copiedBlocks, labels)
        page.add(.archiveTrimmed, archive.trimmedBlocks, labels)
        page.add(.archiveReads, archive.answeredReads, labels.adding("result", "answered"))
        page.add(.archiveReads, archive.unansweredReads, labels.adding("result", "unanswered"))
    }

    private func write(_ counter: Counter, _ count: UInt64, to page: inout MetricPage) {
        switch counter {
        case .received: page.add(.stageTaken, count, labels)
        case .sent: if address.role == .validator { page.add(.stageVerdicts, count, labels) }
        case .caughtUp: page.add(.stageCaughtUp, count, labels)
        case .peerFault, .badSignature, .duplicate, .refused, .overloaded, .rejected:
            page.add(.stageFailed, count, labels.adding("reason", counter.rawValue))
        }
    }

    func liveness(at now: UInt64) -> HealthCheck {
        let alive = host.snapshot.aliveMilliseconds ?? now
        let silent = now > alive ? now - alive : 0
        return HealthCheck(
            of: address.description, "thread", passes: silent < RoleMetrics.hangMilliseconds, "its thread last looked up \(silent / 1_000) s ago")
    }

    /// Whether it is of use to others now.
    func readiness() -> [HealthCheck] {
        let snapshot = host.snapshot
        let behind = snapshot.heardHeight > snapshot.height ? snapshot.heardHeight - snapshot.height : 0
        func check(_ name: String, _ passes: Bool, _ detail: String) -> HealthCheck { HealthCheck(of: address.description, name, passes: passes, detail) }
        return [
            check("started", snapshot.isStarted, snapshot.isStarted ? "the store is read" : "it reads its store, or its bus has not let it in yet"),
            check("bus", snapshot.isConnected, snapshot.isConnected ? "connected" : "there is no connection to its bus"),
            check("caught_up", behind <= RoleMetrics.blocksBehind, "final height \(snapshot.height), \(behind) behind its chain"),
            check("disk", !snapshot.isDiskFull, snapshot.isDiskFull ? "no space is left for its store" : "the store takes what is written"),
            check("accepting", !snapshot.isDraining, snapshot.isDraining ? "it drains: it takes nothing new on" : "it takes on what comes"),
        ] + signs(snapshot) + archive(snapshot.archive)
    }

    /// Of a node that votes: whether it may, with the key that it has.
    private func signs(_ snapshot: RoleSnapshot) -> [HealthCheck] {
        guard address.role == .consensus else { return [] }
        return [HealthCheck(of: address.description, "signs", passes: snapshot.signsNothingBecause == nil, snapshot.signsNothingBecause ?? "nothing forbids it to vote")]
    }

    /// Of a recorder whose older blocks go elsewhere. It goes on without its archive, and cannot show older blocks meanwhile.
    private func archive(_ standing: ArchiveStanding?) -> [HealthCheck] {
        guard let standing else { return [] }
        let detail = standing.lostBlocks > 0
            ? "the archive has lost \(standing.lostBlocks) blocks" : standing.problem ?? (standing.isReached ? "the archive answers, \(standing.waitingBlocks) blocks to copy" : "the archive has not answered yet")
        return [HealthCheck(of: address.description, "archive", passes: standing.isReached && standing.lostBlocks == 0, detail)]
    }
}

extension TimeHistogram {
    var reading: HistogramReading { HistogramReading(bounds: TimeHistogram.boundsSeconds, counts: counts, sum: Double(nanoseconds) / 1e9) }
}
