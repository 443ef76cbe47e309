import BusCore
import BusShell
import Runtime
import Telemetry

/// What one bus shows of itself.
struct BusMetrics: Sendable {
    let site: String
    let bus: BusService
    private let labels: MetricLabels

    /// A bus whose thread has not looked up for so long hangs.
    private static let hangMilliseconds: UInt64 = 60_000

    init(_ site: String, _ bus: BusService) {
        self.site = site
        self.bus = bus
        labels = MetricLabels([("role", "bus"), ("site", site)])
    }

    func write(to page: inout MetricPage, checks: [HealthCheck]) {
        let snapshot = bus.snapshot
        page.add(.ready, isTrue: checks.allSatisfy(\.passes), labels)
        for check in checks { page.add(.checkPassed, isTrue: check.passes, labels.adding("check", check.name)) }
        page.add(.busMembers, UInt64(snapshot.memberCount), labels)
        page.add(.busClients, UInt64(snapshot.clientCount), labels)
        page.add(.busStreams, UInt64(snapshot.streamCount), labels)
        page.add(.busCallsInProgress, UInt64(snapshot.callCount), labels)
        page.add(.busReceived, snapshot.receivedFrames, labels)
        page.add(.busSent, snapshot.sentFrames, labels)
        page.add(.busFannedOut, snapshot.fannedOutFrames, labels)
        page.add(.busFannedOutBytes, snapshot.fannedOutBytes, labels)
        page.add(.busUndeliverable, snapshot.undeliverableFrames, labels)
        for count in BusCount.allCases {
            let number = snapshot.counts[count] ?? 0
            switch count.sense {
            case .handled: page.add(.busHandled, number, labels.adding("kind", count.metricName))
            case .refused: page.add(.busRefused, number, labels.adding("reason", count.metricName))
            case .dropped: page.add(.busDropped, number, labels.adding("reason", count.metricName))
            }
        }
        for link in snapshot.links { page.add(.busLinkConnected, isTrue: link.isConnected, labels.adding("to", link.site)) }
    }

    func liveness(at now: UInt64) -> HealthCheck {
        let alive = bus.snapshot.aliveMilliseconds ?? now
        let silent = now > alive ? now - alive : 0
        return HealthCheck(of: "bus@\(site)", "thread", passes: silent < BusMetrics.hangMilliseconds, "its thread last looked up \(silent / 1_000) s ago")
    }

    /// Links are not looked at: a bus is of use to its own site while another site is away.
    func readiness() -> [HealthCheck] {
        let problem = bus.failure
        return [HealthCheck(of: "bus@\(site)", "doors", passes: problem == nil, problem.map { "they are closed: \($0)" } ?? "open")]
    }
}
