import Gateway
import Runtime
import TestSupport
import Testing
import Wire

@Suite("Roles on the gateway's board")
struct RoleTests {
    private let book = RoleBook(NetworkConfiguration(name: "test", network: TestNetwork(nodes: 2, notaries: 1).network, sites: [], members: []))

    private func beat(_ waiting: UInt64, busyMicroseconds: UInt64 = 0) -> Beat {
        var beat = Beat(source: "somebody", height: 8, waiting: waiting)
        (beat.startedMilliseconds, beat.faults, beat.busyMicroseconds) = (1_000, 3, busyMicroseconds)
        return beat
    }

    @Test("every role of the network is listed, whether or not it has given a sign of life, and under the name that its bus knows")
    func lines() throws {
        var book = book
        #expect(book.lines.count == 16 && book.lines.allSatisfy { $0.beat_milliseconds == 0 })
        book.hear(beat(5), by: "builder.alpha@alpha-1/1", at: 100_000)
        book.hear(beat(5), by: "no role", at: 100_000)
        let line = try #require(book.lines.first { $0.source == "builder.alpha@alpha-1/1" })
        #expect(book.lines.count == 16 && line.waiting == 5 && line.height == 8 && line.faults == 3 && line.node == "alpha-1" && line.beat_milliseconds == 100_000)
    }

    @Test("stages stand chain by chain in the order of the flow, with who is silent, what waits, and which is at its end")
    func stages() throws {
        var book = book
        for (time, busy) in [(UInt64(100_000), UInt64(0)), (102_000, 1_800_000)] {
            book.hear(beat(30, busyMicroseconds: busy), by: "builder.alpha@alpha-1/1", at: time)
            book.hear(beat(5), by: "builder.alpha@alpha-2/1", at: time)
        }
        let stages = book.stages(at: 103_000)
        #expect(stages.prefix(4).map(\.role) == ["collector", "builder", "validator", "consensus"] && stages.prefix(4).allSatisfy { $0.chain == "alpha" })
        let builders = stages[1]
        #expect(builders.alive == 2 && builders.expected == 2 && builders.waiting == 35 && builders.busy_share == 0.9 && builders.bottleneck && builders.silent.isEmpty)
        #expect(stages[0].alive == 0 && stages[0].silent.count == 2)
        #expect(book.stages(at: 120_000)[1].alive == 0)
    }
}
