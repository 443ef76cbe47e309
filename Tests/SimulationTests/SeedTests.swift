import Dispatch
import Simulation
import Testing

@Suite("Seeds with the cores that ship", .serialized)
struct SeedTests {
    /// Of which every kind of fault has to show: what only miners do would else show in few.
    @Test("220 seeds under faults, 20 of them with a mined chain first, break no invariant")
    func manySeeds() {
        let started = DispatchTime.now().uptimeNanoseconds
        let reports = SeedBatch(seeds: 1..<201).run() + SeedBatch(seeds: 301..<321, isMined: true).run()
        let summary = SeedSummary(reports: reports, seconds: Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9)
        print(summary.text)
        for report in summary.failing { Issue.record("\(SeedSummary.failure(report))") }
        let kinds = FaultKind.allCases.filter { kind in !reports.contains { $0.tally[kind] > 0 } }
        #expect(kinds.isEmpty, "faults that no seed exercised: \(kinds.map(\.code))")
    }

    @Test("a seed run twice does exactly the same", arguments: [UInt64(11), 12])
    func seedIsDeterministic(seed: UInt64) {
        let first = SeedRun(seed: seed, kinds: .real, payments: 10).run()
        let second = SeedRun(seed: seed, kinds: .real, payments: 10).run()
        #expect(first.trace == second.trace)
        #expect(first.steps == second.steps)
        #expect(first.endings == second.endings)
    }
}
