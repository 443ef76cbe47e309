import Foundation
import Runtime
import Synchronization
import Telemetry

/// What a heartbeat shows of itself.
final class HeartbeatMetrics: ExportedPart {
    private struct State {
        var sent: UInt64 = 0
        var failed: [String: UInt64] = [:]
        var durations = TimeHistogram()
        var arrivedMilliseconds: UInt64?
        var problem: String?
    }

    private let state = Mutex(State())

    /// Whether the newest beat has arrived; true before the first.
    var isWell: Bool { state.withLock { $0.problem == nil } }

    func count(_ beat: Heartbeat.Beat) {
        state.withLock { state in
            state.sent += 1
            state.problem = beat.arrived ? nil : beat.problem
            guard beat.arrived else { return state.failed[beat.problem, default: 0] += 1 }
            state.arrivedMilliseconds = BusClock.now().wallMilliseconds
            state.durations.add(nanoseconds: (beat.receiverMilliseconds ?? 0) * 1_000_000)
        }
    }

    func write(to page: inout MetricPage) {
        let state = state.withLock { $0 }
        page.add(.heartbeatSent, state.sent)
        // A reason that never occurred shows as nothing; one that stands for all of them shows from the start.
        for (reason, count) in state.failed.merging(["late": 0], uniquingKeysWith: +).sorted(by: { $0.key < $1.key }) {
            page.add(.heartbeatFailed, count, MetricLabels([("reason", reason)]))
        }
        if let arrived = state.arrivedMilliseconds { page.add(.heartbeatTime, Double(arrived) / 1_000) }
        page.add(.heartbeatDuration, state.durations.reading)
    }

    func readiness() -> [HealthCheck] {
        let problem = state.withLock { $0.problem }
        return [HealthCheck(of: "heartbeat", "payment", passes: problem == nil, problem.map { "the newest one did not arrive: \($0)" } ?? "the newest one arrived")]
    }
}

/// Beats again and again, on a thread of its own or in the foreground.
struct HeartbeatLoop {
    let heart: Heartbeat
    let metrics: HeartbeatMetrics
    let everyMilliseconds: UInt64

    /// - Parameter count: beats; nil for no end.
    /// - Parameter tell: told of each beat, and whether the one before was well.
    /// - Parameter isStopping: asked again and again.
    func run(count: Int? = nil, isStopping: () -> Bool, tell: (Heartbeat.Beat, _ wasWell: Bool) -> Void) throws {
        var done = 0
        while !isStopping() {
            let begin = BusClock.now().monotonicMilliseconds
            let beat = try heart.beat(isAborted: isStopping)
            // One that was broken off says nothing about the network.
            if isStopping(), !beat.arrived { return }
            let wasWell = metrics.isWell
            metrics.count(beat)
            tell(beat, wasWell)
            done += 1
            if let count, done >= count { return }
            while !isStopping(), BusClock.now().monotonicMilliseconds < begin + everyMilliseconds { usleep(50_000) }
        }
    }
}
