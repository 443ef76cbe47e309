import TapCore
import TestSupport
import Testing
import Wire

/// What `concordat top` makes of what roles say of themselves.
@Suite("Stages")
struct StageTests {
    private static let builders = (1...2).map { RoleAddress(role: .builder, chain: ChainID("alpha")!, node: "alpha-\($0)") }
    private static let collector = RoleAddress(role: .collector, chain: ChainID("alpha")!, node: "alpha-1")

    private func beat(_ height: Height = 5, waiting: UInt64 = 0, received: UInt64 = 0, busy: UInt64 = 0, started: UInt64 = 1) -> Beat {
        var beat = Beat(source: "not believed", height: height, waiting: waiting)
        (beat.startedMilliseconds, beat.received, beat.sent, beat.busyMicroseconds, beat.processorMicroseconds) = (started, received, received / 2, busy, busy / 2)
        return beat
    }

    @Test("rates are those between the last two beats of each instance, added up; the busiest instance counts for a stage")
    func rates() {
        var book = StageBook()
        for (address, received, busy) in [(StageTests.builders[0], UInt64(100), UInt64(200_000)), (StageTests.builders[1], 40, 1_800_000)] {
            book.add(beat(), by: address.description, at: 1_000)
            #expect(!book.knowsRates(of: [address]))
            book.add(beat(6, waiting: 3, received: received, busy: busy), by: address.description, at: 3_000)
            #expect(book.knowsRates(of: [address]))
        }
        let stages = book.stages(expected: StageTests.builders + [StageTests.collector], at: 3_500)
        #expect(stages.map(\.key.role) == [.collector, .builder], "in the order of the pipeline")
        let builder = stages[1]
        #expect(builder.alive == 2 && builder.expected == 2 && builder.height == 6 && builder.waiting == 6)
        #expect(builder.receivedPerSecond == 70 && builder.sentPerSecond == 35 && builder.busyShare == 0.9 && builder.cores == 0.5)
        #expect(builder.isBottleneck && !stages[0].isBottleneck)
        #expect(stages[0].alive == 0 && stages[0].silent == ["collector.alpha@alpha-1/1"])
    }

    @Test("who says nothing for three beats is silent, and counts for nothing more")
    func silence() {
        var book = StageBook()
        book.add(beat(), by: StageTests.collector.description, at: 1_000)
        let last = 1_000 + StageBook.silentMilliseconds
        #expect(book.stages(expected: [StageTests.collector], at: last)[0].alive == 1)
        #expect(book.stages(expected: [StageTests.collector], at: last + 1)[0].silent == [StageTests.collector.description])
        #expect(book.stages(expected: [], at: last).count == 1 && book.stages(expected: [], at: last + 1).isEmpty, "one that nobody expects is shown while it speaks")
    }

    @Test("one that was started anew has no rate until its second beat, and an old beat changes nothing")
    func restarts() {
        var book = StageBook()
        let name = StageTests.collector.description
        book.add(beat(received: 1_000), by: name, at: 1_000)
        book.add(beat(received: 10, started: 2), by: name, at: 3_000)
        #expect(book.stages(expected: [StageTests.collector], at: 3_000)[0].receivedPerSecond == 0)
        book.add(beat(received: 500), by: name, at: 2_000)
        book.add(beat(received: 30, started: 2), by: name, at: 5_000)
        #expect(book.stages(expected: [StageTests.collector], at: 5_000)[0].receivedPerSecond == 10)
        book.add(beat(received: 9_000), by: "no role", at: 6_000)
        #expect(book.stages(expected: [], at: 6_000).count == 1)
    }

    @Test("a stage with time left is no bottleneck, however much busier it is than the others")
    func idle() {
        var book = StageBook()
        book.add(beat(), by: StageTests.collector.description, at: 1_000)
        book.add(beat(busy: 590_000), by: StageTests.collector.description, at: 2_000)
        #expect(!book.stages(expected: [], at: 2_000)[0].isBottleneck)
    }

    @Test("a beat is read as it was written")
    func roundTrip() throws {
        let network = TestNetwork().network.id
        var said = beat(7, waiting: 1, received: 2, busy: 3, started: 4)
        (said.faults, said.waitingMilliseconds, said.unsent) = (5, 6, 7)
        #expect(try Message(decoding: Message.beat(said).encoded(), network: network) == .beat(said))
    }
}
