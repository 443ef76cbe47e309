import BusCore
import BusShell
import CZeroMQ
import Foundation
import Runtime
import Schema
import Testing
import Wire

/// The bus on real sockets.
@Suite(.serialized) struct BusSocketTests {
    static let rights: [String: MemberRights] = [
        "speaker": MemberRights(publishes: ["news", "sport"], answers: ["echo"], calls: ["*"]),
        "hearer": MemberRights(calls: ["*"]),
        "echo": MemberRights(answers: ["echo"]),
    ]

    private func rig() throws -> BusRig {
        let rig = try BusRig(members: Self.rights)
        try rig.start()
        return rig
    }

    @Test("what a member publishes reaches subscribers of exactly that topic, stamped and in order, and is acknowledged")
    func publish() throws {
        let rig = try rig()
        let hearer = try rig.joined("hearer", hears: ["news"])
        let speaker = try rig.joined("speaker")
        var last: UInt64 = 0
        for number in UInt8(0)..<200 {
            _ = try speaker.client.publish("sport", [0])
            last = try speaker.client.publish("news", [number])
        }
        #expect(try TestMember.wait([speaker, hearer]) { hearer.delivered.count == 200 && speaker.events.contains(.acknowledged(through: last)) })
        #expect(hearer.delivered.map(\.body) == (UInt8(0)..<200).map { [$0] })
        #expect(hearer.delivered.allSatisfy { $0.stamp.publisher == "speaker" && $0.topic == "news" })
        #expect(isChain(hearer.delivered) && hearer.delivered.first?.stamp.sequence == 1)
        #expect(speaker.client.unacknowledgedCount == 0)
    }

    @Test("with a bus of the release before a member speaks the version before, and once that is upgraded the newest (BUS-27)")
    func olderBus() throws {
        let rig = try BusRig(members: Self.rights)
        rig.configuration.rules.versions = BusLimits.oldestProtocolVersion...BusLimits.oldestProtocolVersion
        try rig.start()
        let hearer = try rig.joined("hearer", hears: ["news"])
        #expect(hearer.client.version == BusLimits.oldestProtocolVersion && hearer.refusals.isEmpty)
        let speaker = try rig.joined("speaker")
        _ = try speaker.client.publish("news", [7])
        #expect(try TestMember.wait([speaker, hearer]) { hearer.delivered.map(\.body) == [[7]] })
    }

    @Test("within a process the bus works over inproc, under the names that members give")
    func inproc() throws {
        let rig = try BusRig(members: Self.rights)
        rig.configuration.doors = BusDoors(localName: rig.configuration.doors.localName)
        rig.configuration.key = nil
        let hearer = try TestMember(rig.context, rig.localConfiguration("hearer", hears: ["news"]))
        try rig.start()
        let speaker = try TestMember(rig.context, rig.localConfiguration("speaker"))
        #expect(try TestMember.wait([hearer, speaker]) { hearer.client.isJoined && speaker.client.isJoined })
        _ = try speaker.client.publish("news", [1])
        #expect(try TestMember.wait([hearer, speaker]) { hearer.delivered.map(\.body) == [[1]] })
    }

    @Test("a stranger's key is refused at the members' doors")
    func stranger() throws {
        let rig = try rig()
        let stranger = try rig.member("hearer", hears: ["news"], key: .generate())
        #expect(try TestMember.wait([stranger]) { stranger.refusals.contains(.strangerKey) })
        #expect(!stranger.client.isJoined)
    }

    @Test("while no ZAP handler answers, nobody gets in, not even a registered key")
    func failsClosed() throws {
        let rig = try rig()
        rig.authenticator.stop()
        let hearer = try rig.member("hearer", hears: ["news"])
        let client = try rig.client()
        #expect(try !TestMember.wait([hearer], seconds: 1) { hearer.client.isJoined })
        #expect(try !client.waitUntilJoined(timeoutMilliseconds: 500))
    }

    @Test("a registered key under another's name is refused")
    func wrongName() throws {
        let rig = try rig()
        let pretender = try rig.member("speaker", key: rig.keys["hearer"])
        #expect(try TestMember.wait([pretender]) { pretender.refusals.contains(.wrongName) && rig.bus.counts[.wrongName, default: 0] > 0 })
        #expect(!pretender.client.isJoined)
    }

    @Test("a publish on a topic that is not the member's is dropped, counted and refused; the next one goes on")
    func forbiddenTopic() throws {
        let rig = try rig()
        let hearer = try rig.joined("hearer", hears: ["*"])
        let speaker = try rig.joined("speaker")
        _ = try speaker.client.publish("votes", [1])
        _ = try speaker.client.publish("news", [2])
        #expect(try TestMember.wait([speaker, hearer]) {
            hearer.delivered.count == 2 && speaker.refusals == [.forbidden] && rig.bus.counts[.forbiddenPublish] == 1
        })
        #expect(hearer.delivered.map(\.topic) == ["alarm", "news"], "the bus tells people of it")
    }

    @Test("frames that the fan-out dropped are found by the gap or the head, and come once and in order")
    func gapRepaired() throws {
        let rig = try BusRig(members: Self.rights)
        rig.configuration.fanOutHighWaterMark = 2
        try rig.start()
        var configuration = rig.memberConfiguration("hearer", hears: ["news"])
        configuration.highWaterMark = 2
        let hearer = try TestMember(rig.context, configuration)
        let speaker = try rig.joined("speaker")
        #expect(try TestMember.wait([hearer]) { hearer.client.isJoined })
        let body = [UInt8](repeating: 1, count: 4096)
        // The hearer reads nothing meanwhile, so that the queues and the kernel's buffers run over.
        for _ in 0..<6000 { _ = try speaker.client.publish("news", body) }
        #expect(try TestMember.wait([speaker], seconds: 30) { speaker.client.unacknowledgedCount == 0 })
        #expect(try TestMember.wait([hearer], seconds: 30) { hearer.delivered.count == 6000 })
        #expect(isChain(hearer.delivered) && hearer.delivered.first?.stamp.sequence == 1)
        #expect(rig.bus.counts[.answeredBackfill, default: 0] > 0)
    }

    @Test("the loss of the last frame is found by the head that the bus tells")
    func lastFrame() throws {
        let rig = try rig()
        // A hearer whose fan-out leads nowhere misses every frame.
        var configuration = rig.memberConfiguration("hearer", hears: ["news"])
        configuration.fanOut = "tcp://127.0.0.1:9"
        let hearer = try TestMember(rig.context, configuration)
        let speaker = try rig.joined("speaker")
        #expect(try TestMember.wait([hearer]) { hearer.client.isJoined })
        _ = try speaker.client.publish("news", [1])
        _ = try speaker.client.publish("news", [2])
        #expect(try TestMember.wait([speaker, hearer]) { hearer.delivered.map(\.body) == [[1], [2]] })
    }

    @Test("a bus that starts anew is told apart, and what was not acknowledged is published again")
    func restart() throws {
        let rig = try rig()
        let hearer = try rig.joined("hearer", hears: ["news"])
        let speaker = try rig.joined("speaker")
        _ = try speaker.client.publish("news", [1])
        #expect(try TestMember.wait([speaker, hearer]) { hearer.delivered.count == 1 && speaker.client.unacknowledgedCount == 0 })
        rig.stop()
        #expect(try TestMember.wait([speaker, hearer]) { !speaker.client.isJoined && !hearer.client.isJoined })
        _ = try speaker.client.publish("news", [2])
        try rig.start()
        #expect(try TestMember.wait([speaker, hearer]) { hearer.delivered.count == 2 && speaker.client.unacknowledgedCount == 0 })
        #expect(hearer.events.contains(.restarted(site: "alpha")) && hearer.events.contains(.disconnected))
        let frames = hearer.delivered
        #expect(frames[1].body == [2] && frames[1].stamp.sequence == 1 && frames[1].stamp.bootEpoch > frames[0].stamp.bootEpoch)
    }

    @Test("a process that keeps its place in the process finds a new bus over inproc after silence")
    func inprocRestart() throws {
        let rig = try rig()
        var configuration = rig.localConfiguration("hearer", hears: ["news"])
        configuration.silenceMilliseconds = 300
        let hearer = try TestMember(rig.context, configuration)
        #expect(try TestMember.wait([hearer]) { hearer.client.isJoined })
        rig.stop()
        #expect(try TestMember.wait([hearer]) { !hearer.client.isJoined })
        try rig.start()
        #expect(try TestMember.wait([hearer]) { hearer.client.isJoined })
        #expect(hearer.events.contains(.restarted(site: "alpha")))
    }

    @Test("two replicas share calls, and when one dies its open calls end with a reason and the other takes the rest")
    func replicas() throws {
        let rig = try rig()
        let first = try rig.joined("echo/1", services: ["echo"])
        var second: TestMember? = try rig.joined("echo/2", services: ["echo"])
        let caller = try rig.joined("hearer")
        for id in UInt64(1)...10 { try caller.client.call(id, service: "echo", [UInt8(id)], timeoutMilliseconds: 20_000) }
        #expect(try TestMember.wait([first, second!, caller]) { first.calls.count == 5 && second?.calls.count == 5 })
        second = nil
        first.answer = { $0 }
        #expect(try TestMember.wait([first, caller]) { (1...10).filter { caller.answer(to: $0) == .failure(.noService) }.count == 5 })
        for id in UInt64(11)...20 { try caller.client.call(id, service: "echo", [UInt8(id)], timeoutMilliseconds: 20_000) }
        #expect(try TestMember.wait([first, caller]) { (11...20).allSatisfy { caller.answer(to: $0) == .success([UInt8($0)]) } })
    }

    @Test("a call without an answer ends at its deadline, and one for a service that nobody answers at once")
    func deadlines() throws {
        let rig = try rig()
        let silent = try rig.joined("echo", services: ["echo"])
        let caller = try rig.joined("hearer")
        try caller.client.call(1, service: "echo", [1], timeoutMilliseconds: 200)
        try caller.client.call(2, service: "nobody", [1], timeoutMilliseconds: 20_000)
        #expect(try TestMember.wait([silent, caller]) { caller.answer(to: 1) == .failure(.timeout) && caller.answer(to: 2) == .failure(.noService) && rig.bus.counts[.callTimeout] == 1 })
    }

    @Test("publishing without a bus is bounded: beyond the queue it is refused, and nothing queued is lost")
    func backPressure() throws {
        let rig = try rig()
        let hearer = try rig.joined("hearer", hears: ["news"])
        let speaker = try rig.member("speaker")
        for _ in 0..<BusLimits.publishQueue { _ = try speaker.client.publish("news", [1]) }
        #expect(throws: BusReason.overloaded) { try speaker.client.publish("news", [1]) }
        #expect(try TestMember.wait([speaker, hearer], seconds: 30) { hearer.delivered.count == BusLimits.publishQueue })
        #expect(isChain(hearer.delivered))
    }

    @Test("a frame beyond the bound ends the connection and harms nobody else")
    func hugeFrame() throws {
        let rig = try rig()
        let speaker = try rig.joined("speaker", hears: ["news"])
        let rogue = try ZMQSocket(rig.context, .dealer)
        try rogue.identify(TransportIdentity(key: rig.keys["hearer"]!, serverKey: rig.key.publicKey))
        try rogue.connect(rig.configuration.doors.members!)
        #expect(try rogue.send([[UInt8](repeating: 0, count: BusLimits.memberMessageBytes + 1)]) == .taken)
        // What follows on one connection is read in order: were the huge frame read at all, it would be counted before the Hello.
        var hello = PBToBus()
        hello.hello.name = "hearer"
        hello.hello.version = BusLimits.protocolVersion
        hello.hello.network = Data(BusRig.network.bytes)
        var isWelcome = false
        for _ in 0..<100 where !isWelcome {
            _ = try rogue.send([hello.serializedBytes()])
            _ = try ZMQPoller.wait([.socket(rogue)], timeoutMilliseconds: 100)
            while let message = try rogue.receive() {
                if case .welcome? = try PBFromBus(serializedBytes: message.parts[0]).frame { isWelcome = true }
            }
        }
        #expect(isWelcome && rig.bus.counts[.malformedFrame] == nil)
        _ = try speaker.client.publish("news", [1])
        #expect(try TestMember.wait([speaker]) { speaker.delivered.count == 1 })
        #expect(rig.bus.failure == nil)
    }
}
