import Dispatch
import Synchronization

/// Many seeds over a few threads; each seed runs in one thread and knows nothing of the others.
package struct SeedBatch: Sendable {
    package var seeds: Range<UInt64>
    package var payments: Int
    package var threads: Int
    package var isVerbose: Bool
    /// Whether every network is of the standard size.
    package var isStandard: Bool
    /// Whether the first chain of every network is mined.
    package var isMined: Bool
    /// Whether a chain joins; nil for one seed of four.
    package var joins: Bool?
    /// Whether a chain leaves; nil for one seed of six.
    package var leaves: Bool?
    private let onReport: @Sendable (SeedReport) -> Void

    private final class Progress: Sendable {
        struct State {
            var next: UInt64
            var reports: [SeedReport] = []
        }

        let state: Mutex<State>

        init(next: UInt64) { state = Mutex(State(next: next)) }
    }

    package init(
        seeds: Range<UInt64>, payments: Int = 50, threads: Int = 2, isVerbose: Bool = false, isStandard: Bool = false, isMined: Bool = false,
        joins: Bool? = nil, leaves: Bool? = nil, onReport: @escaping @Sendable (SeedReport) -> Void = { _ in }
    ) {
        self.seeds = seeds
        self.payments = payments
        self.threads = threads
        self.isVerbose = isVerbose
        self.isStandard = isStandard
        self.isMined = isMined
        self.joins = joins
        self.leaves = leaves
        self.onReport = onReport
    }

    /// Runs them all and returns their reports by ascending seed.
    package func run() -> [SeedReport] {
        let progress = Progress(next: seeds.lowerBound)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while let seed = take(from: progress) {
                var run = SeedRun(seed: seed, kinds: .real, payments: payments)
                run.isStandard = isStandard
                run.isMined = isMined
                run.joins = joins
                run.leaves = leaves
                if isVerbose { run.log = { time, line in print("\(time / 1_000).\(time % 1_000 / 100) \(line)") } }
                let report = run.run()
                onReport(report)
                progress.state.withLock { $0.reports.append(report) }
            }
        }
        return progress.state.withLock { $0.reports }.sorted { $0.seed < $1.seed }
    }

    private func take(from progress: Progress) -> UInt64? {
        progress.state.withLock { state in
            guard state.next < seeds.upperBound else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }
}
