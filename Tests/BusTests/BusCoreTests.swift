import BusCore
import Cryptography
import Determinism
import Foundation
import Schema
import Testing
import Wire

@Suite struct BusCoreTests {
    let collector = BusSteps.member(1)
    let other = BusSteps.member(2)
    let tap = BusSteps.member(3)
    let link = BusSteps.member(4)
    let wallet = BusSteps.client(1)
    let collectorName = "collector.alpha@alpha-1"

    @Test("a member is welcomed under the name of its key, and under a replica's number of it")
    func helloOfMember() {
        var steps = BusSteps()
        let welcome = steps.hello(collector, collectorName)
        #expect(welcome.count == 1 && welcome[0].welcome.site == "alpha" && welcome[0].welcome.attempt == 3)
        #expect(welcome[0].welcome.credit == UInt32(BusLimits.publishCredit))
        let replica = steps.hello(other, "collector.alpha@alpha-1/2")
        #expect(replica.first?.welcome.bootEpoch == 7)
    }

    @Test("a name that is not the key's, an unknown name, another network and another version are refused", arguments: [
        ("consensus.alpha@alpha-1", "collector.alpha@alpha-1", BusSteps.network, BusLimits.protocolVersion, BusReason.wrongName),
        ("stranger", "stranger", BusSteps.network, BusLimits.protocolVersion, .wrongName),
        ("", "collector.alpha@alpha-1", BusSteps.network, BusLimits.protocolVersion, .wrongName),
        ("collector.alpha@alpha-1", "collector.alpha@alpha-1", Digest.zero, BusLimits.protocolVersion, .wrongNetwork),
        ("collector.alpha@alpha-1", "collector.alpha@alpha-1", BusSteps.network, 99, .wrongVersion),
    ])
    func refusedHello(_ name: String, _ user: String, _ network: Digest, _ version: UInt32, _ reason: BusReason) {
        var steps = BusSteps()
        let said = steps.hello(collector, name, user: user, version: version, network: network)
        #expect(said.map(\.rejected.reason) == [reason.rawValue])
        #expect(steps.bus.connectionCount == 0)
    }

    @Test("the version before is spoken with who knows no other; a newer one is refused, and people are told (BUS-27)")
    func versions() {
        var steps = BusSteps()
        let older = steps.hello(collector, collectorName, version: BusLimits.oldestProtocolVersion)
        #expect(older.first?.welcome.site == "alpha" && older.first?.welcome.version == 0)
        #expect(steps.hello(collector, collectorName).first?.welcome.version == BusLimits.protocolVersion)
        var frame = PBToBus()
        frame.hello.name = collectorName
        frame.hello.version = BusLimits.protocolVersion + 1
        frame.hello.network = Data(BusSteps.network.bytes)
        let effects = steps.apply(.received(other, user: collectorName, frame))
        let words = effects.compactMap { if case .warn(let line) = $0 { line } else { nil } }
        #expect(words.count == 1 && words.allSatisfy { $0.contains("upgrade this site") } && BusSteps.counted(effects, .wrongVersion) == 1)
    }

    @Test("over the network nobody is believed without a key, and within the process no key is pretended")
    func doorsAndUsers() {
        var steps = BusSteps()
        var frame = PBToBus()
        frame.hello.name = collectorName
        frame.hello.version = BusLimits.protocolVersion
        frame.hello.network = Data(BusSteps.network.bytes)
        let said = BusSteps.said(steps.apply(.received(collector, user: nil, frame)), to: collector)
        #expect(said.map(\.rejected.reason) == [BusReason.wrongName.rawValue])
        let local = Peer(door: .localMembers, identity: [0, 9])
        #expect(BusSteps.said(steps.apply(.received(local, user: nil, frame)), to: local).first?.welcome.site == "alpha")
    }

    @Test("frames before Hello are refused, and so is an identity that now belongs to another key")
    func helloFirst() {
        var steps = BusSteps()
        let before = steps.publish(collector, user: collectorName, 1, "tx.alpha", [1])
        #expect(BusSteps.said(before, to: collector).map(\.rejected.reason) == [BusReason.helloFirst.rawValue])
        steps.hello(collector, collectorName)
        let stolen = steps.publish(collector, user: "consensus.alpha@alpha-1", 1, "vote.alpha", [1])
        #expect(BusSteps.fannedOut(stolen).isEmpty)
        #expect(BusSteps.said(stolen, to: collector).map(\.rejected.reason) == [BusReason.helloFirst.rawValue])
    }

    @Test("frames are stamped with sequences from 1 and the hash of the frame before")
    func stamps() throws {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        var previous = Digest.zero
        for number in UInt64(1)...3 {
            let body = [UInt8(number), 5]
            let frame = try #require(BusSteps.fannedOut(steps.publish(collector, user: collectorName, number, "tx.alpha", body)).first)
            let stamp = try BusStamp(frame.stamp)
            #expect(stamp.sequence == number && stamp.previous == previous && stamp.publisher == collectorName)
            #expect(stamp.site == "alpha" && stamp.bootEpoch == 7 && stamp.timeMilliseconds == steps.now.wallMilliseconds)
            #expect(frame.body == body && frame.topic == "tx.alpha")
            previous = BusStamp.frameHash(topic: frame.topic, stamp: frame.stamp, body: frame.body)
        }
    }

    @Test("publishes are acknowledged cumulatively, once for all that came in together")
    func acknowledgement() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        for number in UInt64(1)...5 { _ = steps.publish(collector, user: collectorName, number, "tx.alpha", [1]) }
        let said = BusSteps.said(steps.apply(.drained), to: collector)
        #expect(said.map(\.acknowledged.through) == [5])
        #expect(steps.apply(.drained).isEmpty)
    }

    @Test("a publish number given twice is published once, and a skipped one ends the connection")
    func numbers() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        #expect(BusSteps.fannedOut(steps.publish(collector, user: collectorName, 1, "tx.alpha", [1])).count == 1)
        let again = steps.publish(collector, user: collectorName, 1, "tx.alpha", [1])
        #expect(BusSteps.fannedOut(again).isEmpty && BusSteps.counted(again, .duplicatePublish) == 1)
        let skipped = steps.publish(collector, user: collectorName, 3, "tx.alpha", [1])
        #expect(BusSteps.said(skipped, to: collector).map(\.rejected.reason) == [BusReason.outOfOrder.rawValue])
        #expect(steps.bus.connectionCount == 0)
    }

    @Test("a topic that the member may not publish on, or a client's publish, is dropped, counted and refused")
    func forbiddenTopic() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        let said = steps.publish(collector, user: collectorName, 1, "vote.alpha", [1])
        #expect(BusSteps.fannedOut(said).map(\.topic) == ["alarm"] && BusSteps.counted(said, .forbiddenPublish) == 1, "people are told, once")
        #expect(BusSteps.said(said, to: collector).map(\.rejected.number) == [1])
        #expect(BusSteps.fannedOut(steps.publish(collector, user: collectorName, 2, "tx.alphabet", [1])).isEmpty)
        #expect(BusSteps.fannedOut(steps.publish(collector, user: collectorName, 3, "tx.alpha", [1])).count == 1)
        steps.hello(wallet, "wallet", user: "ab12")
        let client = steps.publish(wallet, user: "ab12", 1, "tx.alpha", [1])
        #expect(BusSteps.fannedOut(client).isEmpty && BusSteps.counted(client, .forbiddenPublish) == 1)
    }

    @Test("a backfill gives the frames of the range again, says what it covers, and splits what is too large")
    func backfill() throws {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        steps.hello(tap, "tap@alpha")
        let body = [UInt8](repeating: 3, count: BusLimits.backfillBytes / 2)
        for number in UInt64(1)...4 { _ = steps.publish(collector, user: collectorName, number, "tx.alpha", body) }
        var frame = PBToBus()
        frame.backfill.topic = "tx.alpha"
        frame.backfill.site = "alpha"
        frame.backfill.bootEpoch = 7
        frame.backfill.from = 2
        frame.backfill.through = 9
        let answer = try #require(BusSteps.said(steps.apply(.received(tap, user: "tap@alpha", frame)), to: tap).first?.backfilled)
        #expect(answer.frames.count == 1 && answer.through == 2)
        frame.backfill.from = 4
        let end = try #require(BusSteps.said(steps.apply(.received(tap, user: "tap@alpha", frame)), to: tap).first?.backfilled)
        #expect(end.frames.count == 1 && end.through == 4)
        frame.backfill.bootEpoch = 6
        let old = try #require(BusSteps.said(steps.apply(.received(tap, user: "tap@alpha", frame)), to: tap).first?.backfilled)
        #expect(old.frames.isEmpty && old.through == 9)
    }

    @Test("the log forgets the oldest frames beyond its bound")
    func logBound() {
        var log = StreamLog(epoch: 1)
        for sequence in UInt64(1)...UInt64(BusLimits.logFrames + 10) {
            log.append(topic: "t", sequence: sequence, stamp: [1], body: [2])
        }
        let (frames, through) = log.read(from: 1, through: 20)
        #expect(frames.map(\.sequence) == Array(11...20) && through == 20)
        let large = [UInt8](repeating: 0, count: BusLimits.logStreamBytes)
        log.append(topic: "t", sequence: 1_000_000, stamp: [1], body: large)
        #expect(log.read(from: 1, through: 1_000_000).frames.isEmpty)
        #expect(log.headSequence == 1_000_000)
    }

    @Test("the head of a stream is told once after it fell quiet, and not while it is busy")
    func quietHead() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        steps.hello(tap, "tap@alpha")
        var told: [UInt64] = []
        for number in UInt64(1)...5 {
            _ = steps.publish(collector, user: collectorName, number, "tx.alpha", [1])
            steps.wait(BusTiming.headMilliseconds)
            told += BusSteps.said(steps.apply(.tick), to: tap).flatMap(\.heads.heads).map(\.sequence)
        }
        #expect(told.isEmpty)
        for _ in 0..<4 {
            steps.wait(BusTiming.headMilliseconds)
            told += BusSteps.said(steps.apply(.tick), to: tap).flatMap(\.heads.heads).map(\.sequence)
        }
        #expect(told == [5])
    }

    @Test("an idle bus wants no tick before its next sign of life")
    func idle() {
        var steps = BusSteps()
        steps.hello(collector, collectorName)
        #expect(steps.bus.nextTickMilliseconds >= steps.now.monotonicMilliseconds + BusTiming.probeMilliseconds)
    }
}
