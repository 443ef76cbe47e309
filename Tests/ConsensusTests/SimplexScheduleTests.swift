import ConsensusCore
import Cryptography
import Determinism
import Testing
import Wire

/// Random schedules: agreement always, progress after healing. A failing seed replays exactly.
@Suite struct SimplexScheduleTests {
    /// Seeds of one test case.
    static let batch: UInt64 = 200

    @Test(
        "four members, one of them byzantine, agree under loss, doubling, reorder and crashes, and go on after healing",
        arguments: 0..<UInt64(9))
    func fourMembers(batch: UInt64) {
        for seed in batch * SimplexScheduleTests.batch..<(batch + 1) * SimplexScheduleTests.batch { check(seed: seed, members: 4) }
    }

    @Test("seven members, one of them byzantine, agree and go on after healing")
    func sevenMembers() {
        for seed in UInt64(0)..<SimplexScheduleTests.batch { check(seed: 1_000_000 + seed, members: 7) }
    }

    private func check(seed: UInt64, members: Int) {
        var schedule = SimplexSchedule(seed: seed, members: members)
        schedule.run()
        #expect(schedule.failures == [], "seed \(seed), \(members) members")
    }

    @Test("the schedules do contain what they are meant to: finals, skips, restarts and contradictions")
    func schedulesAreEventful() {
        var finals = 0
        var gaps = 0
        for seed in UInt64(0)..<20 {
            var schedule = SimplexSchedule(seed: seed, members: 4)
            schedule.run()
            finals += schedule.finals.count
            gaps += Int(schedule.finals.keys.max() ?? 0) - schedule.finals.count
        }
        #expect(finals > 60)
        #expect(gaps > 20)
    }
}
