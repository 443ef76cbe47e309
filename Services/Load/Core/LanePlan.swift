import Determinism

/// What one lane of a run is to send, and when.
package struct LanePlan: Sendable {
    /// The whole run, the same for all lanes.
    package struct Run: Hashable, Sendable, Codable {
        package var arrivals: Arrivals
        package var mix: LoadMix
        /// Of the sending, in microseconds.
        package var durationMicroseconds: UInt64
        package var seed: UInt64
        /// What is later than this is not sent any more, in microseconds.
        package var maximumLagMicroseconds: UInt64
        /// Payments under way at once in the whole run, at most.
        package var maximumUnderWay: Int

        package init(
            arrivals: Arrivals, mix: LoadMix, durationMicroseconds: UInt64, seed: UInt64, maximumLagMicroseconds: UInt64, maximumUnderWay: Int
        ) {
            self.arrivals = arrivals
            self.mix = mix
            self.durationMicroseconds = durationMicroseconds
            self.seed = seed
            self.maximumLagMicroseconds = maximumLagMicroseconds
            self.maximumUnderWay = maximumUnderWay
        }

        /// Whether it can be run: what another process tells is not taken at its word.
        package var isPossible: Bool {
            arrivals.isPossible && (1...LoadLimits.durationMicroseconds).contains(durationMicroseconds) && maximumLagMicroseconds <= LoadLimits.durationMicroseconds
                && (1...LoadLimits.payments).contains(maximumUnderWay)
        }

        /// Lanes that this run takes: a client's connection carries only so much.
        package var wantedLanes: Int {
            let lanes: Double
            switch arrivals {
            case .closed(let count), .backlog(let count): lanes = Double(count) / Double(LoadLimits.laneUnderWay)
            case .poisson, .uniform, .ramp, .replay: lanes = (arrivals.highestPerSecond ?? 1) / LoadLimits.lanePaymentsPerSecond
            }
            return Int(max(1, min(lanes.rounded(.up), 1e6)))
        }
    }

    /// What to do next.
    package enum Step: Hashable, Sendable {
        case send(LoadKind, scheduled: UInt64)
        /// Too late for it.
        case skip(LoadKind, scheduled: UInt64)
        /// Too many are under way.
        case drop(LoadKind, scheduled: UInt64)
        /// Nothing before this time.
        case wait(until: UInt64)
        /// Nothing before another payment has ended.
        case waitForEnd
        case done
    }

    private let run: Run
    private let share: Int
    private let mostUnderWay: Int
    private var schedule: ArrivalSchedule
    private var random: SeededRandom
    private var pending: UInt64?
    private var isExhausted = false

    /// - Parameter lane: from 0, below `laneCount`: its place among the lanes of all workers.
    package init(_ run: Run, lane: Int, of laneCount: Int) {
        self.run = run
        schedule = ArrivalSchedule(run.arrivals, durationMicroseconds: run.durationMicroseconds, lane: lane, of: laneCount, seed: run.seed)
        random = SeededRandom(seed: ~run.seed &- UInt64(lane) &* 0xD1B5_4A32_D192_ED03)
        mostUnderWay = max(1, (run.maximumUnderWay + laneCount - 1) / laneCount)
        switch run.arrivals {
        case .closed(let count), .backlog(let count): share = count / laneCount + (lane < count % laneCount ? 1 : 0)
        case .poisson, .uniform, .ramp, .replay: share = 0
        }
    }

    /// The next step at a time, in microseconds from the start.
    package mutating func step(at now: UInt64, underWay: Int, notFinal: Int) -> Step {
        guard run.arrivals.isOpenLoop else {
            guard now < run.durationMicroseconds, share > 0 else { return .done }
            var held = underWay
            if case .backlog = run.arrivals { held = notFinal }
            guard held < share, underWay < mostUnderWay else { return .waitForEnd }
            return .send(run.mix.draw(&random), scheduled: now)
        }
        if pending == nil, !isExhausted {
            pending = schedule.next()
            isExhausted = pending == nil
        }
        guard let time = pending else { return .done }
        guard time <= now else { return .wait(until: time) }
        pending = nil
        let kind = run.mix.draw(&random)
        if now - time > run.maximumLagMicroseconds { return .skip(kind, scheduled: time) }
        if underWay >= mostUnderWay { return .drop(kind, scheduled: time) }
        return .send(kind, scheduled: time)
    }
}
