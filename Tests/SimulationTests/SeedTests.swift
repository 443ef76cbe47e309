import Simulation
import Testing

@Suite("Seeds with the cores that ship", .serialized)
struct SeedTests {
    @Test("a seed run twice does exactly the same", arguments: [UInt64(11), 12])
    func seedIsDeterministic(seed: UInt64) {
        let first = SeedRun(seed: seed, kinds: .real, payments: 10).run()
        let second = SeedRun(seed: seed, kinds: .real, payments: 10).run()
        #expect(first.trace == second.trace)
        #expect(first.steps == second.steps)
        #expect(first.endings == second.endings)
    }
}
