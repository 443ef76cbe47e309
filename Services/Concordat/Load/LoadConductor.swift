import Foundation
import LoadCore
import LoadShell
import Runtime
import WalletCore
import WalletDesk
import Wire

/// Sends what a plan says, by lanes of this process or by workers, once or at one rate after the other.
final class LoadConductor {
    /// How every run is sent.
    struct Way {
        var strategy: CollectorStrategy
        var waitMicroseconds: UInt64
        var hasDevices: Bool
        var workers: Int
        /// The door for workers of other machines; nil starts them here.
        var listen: String?
        var token: String
        var joinSeconds: Double
        /// Options that worker processes here are started with.
        var workerArguments: [String]
        var deadlineMilliseconds: UInt64
    }

    private let cast: LoadCast
    private let way: Way
    /// Processor time of workers.
    private(set) var workerMilliseconds: UInt64 = 0

    init(_ cast: LoadCast, _ way: Way) {
        self.cast = cast
        self.way = way
    }

    /// Lanes of all processes together.
    func laneCount(_ plan: LanePlan.Run) throws -> Int { try cast.laneCount(plan, workers: max(1, way.workers)) }

    /// One run, from the first payment to the last.
    func run(_ plan: LanePlan.Run, isAborted: () -> Bool, sendingEnded: () -> Void, progress: (Double, LaneBook.Progress) -> Void) throws -> LoadSession.Ended {
        let lanes = try laneCount(plan)
        guard way.workers > 0 else {
            let session = try LoadSession(
                cast, .init(run: plan, strategy: way.strategy, waitMicroseconds: way.waitMicroseconds, hasDevices: way.hasDevices, range: 0..<lanes, laneCount: lanes))
            return try session.run(isAborted: isAborted, sendingEnded: sendingEnded, progress: progress)
        }
        // What cannot be paid is said here, before anybody is waited for.
        _ = try cast.lanes(0..<1, of: lanes, plan, strategy: way.strategy)
        let fleet = try WorkerFleet(way.workers, listen: way.listen, token: way.token, network: cast.configuration.network, arguments: way.workerArguments)
        try fleet.gather(seconds: way.joinSeconds) { number in
            let (count, all) = (way.workers, lanes)
            return WorkerPlan(
                run: plan, strategy: way.strategy.rawValue, deadlineMilliseconds: way.deadlineMilliseconds, waitMicroseconds: way.waitMicroseconds,
                hasDevices: way.hasDevices, lanes: number * all / count..<(number + 1) * all / count, laneCount: all)
        }
        let ended = try fleet.run(durationMicroseconds: plan.durationMicroseconds, isAborted: isAborted, sendingEnded: sendingEnded, progress: progress)
        workerMilliseconds += fleet.cpuMilliseconds
        return ended
    }

    /// Raises the rate until what becomes final no longer follows, and looks which role was busiest then.
    ///
    /// - Returns: all payments, their times from the start of the first step.
    func saturate(
        _ plan: LanePlan.Run, first: Double, folder: NetworkFolder, isAborted: () -> Bool, say: (String) -> Void
    ) throws -> (ended: LoadSession.Ended, saturation: LoadReport.Saturation) {
        var search = SaturationSearch(first: first)
        var all = LoadSession.Ended(payments: [], startMilliseconds: 0, wholeSeconds: 0)
        var bottleneck: Bottleneck?
        while let rate = search.next {
            var step = plan
            step.arrivals = .poisson(perSecond: rate)
            step.seed = plan.seed &+ UInt64(search.steps.count)
            var meters = LoadMeters(folder)
            let ended = try run(step, isAborted: isAborted, sendingEnded: { meters?.markSendingEnd() }) { _, _ in }
            bottleneck = meters?.bottleneck() ?? bottleneck
            let shown = SaturationSearch.Step(RunTally(ended.payments, durationMicroseconds: step.durationMicroseconds), asked: rate)
            search.take(shown)
            say(LoadOutput.step(search.steps.count, shown))
            if all.startMilliseconds == 0 { all.startMilliseconds = ended.startMilliseconds }
            let shift = (ended.startMilliseconds - all.startMilliseconds) * 1_000
            all.payments += ended.payments.map { $0.later(by: shift) }
            all.wholeSeconds = Double(shift) / 1e6 + ended.wholeSeconds
            if isAborted() { break }
        }
        return (all, LoadReport.Saturation(search, bottleneck: bottleneck))
    }
}
