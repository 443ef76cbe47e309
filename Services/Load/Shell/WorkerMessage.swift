import LoadCore

/// What the coordinator of a run and its workers tell each other, as JSON.
package enum WorkerMessage: Sendable, Codable {
    /// A worker is there, of this network.
    case hello(network: String, version: String)
    /// What a worker is to do.
    case plan(WorkerPlan)
    /// The worker's lanes and devices are there.
    case ready
    /// All workers are ready: begin now.
    case go
    /// Send nothing more; what is under way goes on.
    case stop
    /// How the worker stands.
    case progress(WorkerProgress)
    /// Payments of a worker that is done, some at a time.
    case lines([ResultLine])
    /// All payments have been told.
    case done(cpuMilliseconds: UInt64)
    /// The worker cannot go on.
    case fault(String)
}

/// A worker's share of a run.
package struct WorkerPlan: Sendable, Codable {
    package var run: LanePlan.Run
    package var strategy: String
    package var deadlineMilliseconds: UInt64
    package var waitMicroseconds: UInt64
    package var hasDevices: Bool
    /// Lanes of the worker, and how many there are in all.
    package var firstLane: Int
    package var endLane: Int
    package var laneCount: Int

    package init(
        run: LanePlan.Run, strategy: String, deadlineMilliseconds: UInt64, waitMicroseconds: UInt64, hasDevices: Bool, lanes: Range<Int>, laneCount: Int
    ) {
        self.run = run
        self.strategy = strategy
        self.deadlineMilliseconds = deadlineMilliseconds
        self.waitMicroseconds = waitMicroseconds
        self.hasDevices = hasDevices
        (firstLane, endLane) = (lanes.lowerBound, lanes.upperBound)
        self.laneCount = laneCount
    }

    private static let lanesMaximum = LoadLimits.lanes * LoadLimits.workers

    /// The worker's lanes; nil when they make no sense.
    package var lanes: Range<Int>? {
        guard firstLane >= 0, firstLane < endLane, endLane <= laneCount, laneCount <= WorkerPlan.lanesMaximum, run.isPossible else { return nil }
        return firstLane..<endLane
    }
}

/// How a worker stands, in numbers that can be added up.
package struct WorkerProgress: Sendable, Codable {
    package var scheduled: Int, sent: Int, accepted: Int, final: Int, ended: Int, skipped: Int, dropped: Int, rejected: Int
    /// Values and counts of the latencies until final, and of the lags, in microseconds.
    package var latencies: [UInt64]
    package var lags: [UInt64]

    package init(_ progress: LaneBook.Progress) {
        (scheduled, sent, accepted, final) = (progress.scheduled, progress.sent, progress.accepted, progress.final)
        (ended, skipped, dropped, rejected) = (progress.ended, progress.skipped, progress.dropped, progress.rejected)
        latencies = progress.finalLatency.pairs
        lags = progress.lag.pairs
    }

    /// The same as a lane has it.
    package var progress: LaneBook.Progress {
        var progress = LaneBook.Progress()
        (progress.scheduled, progress.sent, progress.accepted, progress.final) = (scheduled, sent, accepted, final)
        (progress.ended, progress.skipped, progress.dropped, progress.rejected) = (ended, skipped, dropped, rejected)
        progress.finalLatency = LatencyRecord(pairs: latencies)
        progress.lag = LatencyRecord(pairs: lags)
        return progress
    }
}
