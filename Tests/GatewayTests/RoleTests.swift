import Gateway
import Runtime
import TestSupport
import Testing
import Wire

@Suite("Roles on the gateway's board")
struct RoleTests {
    private let book = RoleBook(NetworkConfiguration(name: "test", network: TestNetwork(nodes: 2, notaries: 1).network, sites: [], members: []))

    @Test("every role of the network is listed, whether or not it has given a sign of life; what nobody expects is not")
    func lines() {
        var book = book
        book.hear("builder.alpha@alpha-9/1", at: 1_000)
        let lines = book.lines(at: 1_000)
        #expect(lines.count == 16 && !lines.contains { $0.source.contains("alpha-9") } && book.stages(at: 1_000).isEmpty)
    }

    @Test("a stage counts who gave a sign of life lately, what waits, and what came out; where most waits is the bottleneck")
    func stages() {
        var book = book
        for node in ["alpha-1", "alpha-2"] { book.answered(.collector, TestNetwork.alpha, node, height: 7, at: 100_000) }
        book.hear("builder.alpha@alpha-1/1", at: 100_000, height: 8, waiting: 30, items: 50)
        book.hear("builder.alpha@alpha-2/1", at: 101_000, waiting: 5, items: 50)
        let stages = book.stages(at: 102_000, final: 3)
        #expect(stages.map(\.stage) == ["collector", "builder"])
        #expect(stages[0].instances == 4 && stages[0].alive == 2 && stages[1].waiting == 35 && stages[1].out_per_second == 10)
        #expect(book.bottleneck(at: 102_000) == "builder")
        // Who is asked and silent is missed sooner than who speaks only when there is a block.
        #expect(book.stages(at: 120_000).map(\.alive) == [0, 2] && book.stages(at: 120_000)[1].out_per_second == 0 && book.stages(at: 170_000).map(\.alive) == [0, 0])
        book.hear("builder.alpha@alpha-1/1", at: 103_000, waiting: 0)
        book.hear("builder.alpha@alpha-2/1", at: 103_000, waiting: 0)
        #expect(book.bottleneck(at: 103_000) == nil)
        book.hear("builder.alpha@alpha-1/1", at: 103_000, waiting: 19)
        #expect(book.bottleneck(at: 103_000) == nil)
    }
}
