import BusCore
import Cryptography
import Determinism
import Foundation
import Schema
import Testing
import Wire

@Suite struct BusCallTests {
    let first = BusSteps.member(1)
    let second = BusSteps.member(2)
    let caller = BusSteps.member(3)
    let link = BusSteps.member(4)
    let wallet = BusSteps.client(1)
    let key = "collector.alpha@alpha-1"
    let callerName = "consensus.alpha@alpha-1"

    private func twoReplicas() -> BusSteps {
        var steps = BusSteps()
        steps.hello(first, "collector.alpha@alpha-1/1", services: ["collector.alpha"])
        steps.hello(second, "collector.alpha@alpha-1/2", services: ["collector.alpha"])
        steps.hello(caller, callerName)
        return steps
    }

    @Test("two replicas share calls, also when each is answered before the next comes")
    func share() {
        var steps = twoReplicas()
        var got: [Peer] = []
        for id in UInt64(1)...4 {
            let handed = BusSteps.handedCalls(steps.call(caller, user: callerName, id, "collector.alpha"))
            got += handed.map(\.peer)
            let answer = steps.reply(handed[0].peer, user: key, handed[0].call.id, [1])
            #expect(BusSteps.said(answer, to: caller).map(\.reply.id) == [id])
        }
        #expect(got == [first, second, first, second])
        let busy = (UInt64(5)...8).flatMap { BusSteps.handedCalls(steps.call(caller, user: callerName, $0, "collector.alpha")).map(\.peer) }
        #expect(busy.filter { $0 == first }.count == 2)
    }

    @Test("the replica learns who called, and a caller cannot pretend to be another")
    func origin() throws {
        var steps = twoReplicas()
        let member = try #require(BusSteps.handedCalls(steps.call(caller, user: callerName, 1, "collector.alpha", client: "beta/1-1", caller: "x")).first)
        #expect(member.call.caller == callerName && member.call.client.isEmpty)
        let name = steps.hello(wallet, "wallet", user: "ab12").first?.welcome.connection
        let client = try #require(BusSteps.handedCalls(steps.call(wallet, user: "ab12", 1, "collector.alpha", client: "alpha/1-1")).first)
        #expect(client.call.client == name && client.call.caller == "ab12" && name == "alpha/7-1")
    }

    @Test("a call that could not be handed over goes to another replica; one that was handed over ends with a reason")
    func failOver() throws {
        var steps = twoReplicas()
        let delivered = try #require(BusSteps.handedCalls(steps.call(caller, user: callerName, 1, "collector.alpha")).first)
        _ = BusSteps.handedCalls(steps.call(caller, user: callerName, 2, "collector.alpha"))
        let stuck = try #require(BusSteps.handedCalls(steps.call(caller, user: callerName, 3, "collector.alpha")).first)
        #expect(delivered.peer == first && stuck.peer == first)
        var frame = PBFromBus()
        frame.call = stuck.call
        let effects = steps.apply(.undeliverable(first, frame))
        #expect(BusSteps.handedCalls(effects).map(\.peer) == [second])
        #expect(BusSteps.said(effects, to: caller).map(\.reply.error) == [BusReason.noService.rawValue])
        let late = steps.reply(first, user: key, delivered.call.id, [1])
        #expect(BusSteps.said(late, to: caller).isEmpty)
    }

    @Test("a replica that leaves cleanly has its calls handed to others")
    func goodbye() {
        var steps = twoReplicas()
        _ = steps.call(caller, user: callerName, 1, "collector.alpha")
        var frame = PBToBus()
        frame.goodbye = PBGoodbye()
        let effects = steps.apply(.received(first, user: key, frame))
        #expect(BusSteps.handedCalls(effects).map(\.peer) == [second])
        #expect(BusSteps.said(effects, to: caller).isEmpty)
    }

    @Test("a service that nobody answers, one that is not allowed, and a deadline end with their reasons")
    func reasons() {
        var steps = twoReplicas()
        let nobody = steps.call(caller, user: callerName, 1, "recorder")
        #expect(BusSteps.said(nobody, to: caller).map(\.reply.error) == [BusReason.noService.rawValue])
        steps.hello(wallet, "wallet", user: "ab12")
        let forbidden = steps.call(wallet, user: "ab12", 1, "consensus.alpha")
        #expect(BusSteps.said(forbidden, to: wallet).map(\.reply.error) == [BusReason.forbidden.rawValue])
        _ = steps.call(caller, user: callerName, 2, "collector.alpha", timeout: 300)
        steps.wait(200)
        #expect(BusSteps.said(steps.apply(.tick), to: caller).filter { !$0.reply.error.isEmpty }.isEmpty)
        steps.wait(200)
        let ended = BusSteps.said(steps.apply(.tick), to: caller).filter { $0.reply.id != 0 }
        #expect(ended.map(\.reply.error) == [BusReason.timeout.rawValue])
    }

    @Test("a member may only answer what it is registered for, and a tap may only listen")
    func forbiddenService() {
        var steps = BusSteps()
        let said = steps.hello(first, key, services: ["consensus.alpha"])
        #expect(said.map(\.rejected.reason) == [BusReason.forbidden.rawValue])
        steps.hello(caller, "tap@alpha")
        #expect(BusSteps.said(steps.call(caller, user: "tap@alpha", 1, "collector.alpha"), to: caller).map(\.reply.error) == [BusReason.forbidden.rawValue])
    }

    @Test("calls beyond a client's bound are refused as overloaded")
    func overloaded() {
        var steps = twoReplicas()
        steps.hello(wallet, "wallet", user: "ab12")
        let errors = (1...UInt64(BusLimits.callsPerClient + 1)).flatMap { BusSteps.said(steps.call(wallet, user: "ab12", $0, "collector.alpha"), to: wallet) }
        #expect(errors.map(\.reply.error) == [BusReason.overloaded.rawValue])
    }

    @Test("a client beyond its rate is refused, and served again after a while")
    func rate() {
        var steps = twoReplicas()
        steps.hello(wallet, "wallet", user: "ab12")
        var served = 0
        for id in 1...UInt64(BusLimits.clientBurstFrames * 2) {
            let handed = BusSteps.handedCalls(steps.call(wallet, user: "ab12", id, "collector.alpha"))
            served += handed.count
            for (peer, call) in handed { _ = steps.reply(peer, user: key, call.id, []) }
        }
        #expect(served == BusLimits.clientBurstFrames)
        steps.wait(1000)
        #expect(BusSteps.handedCalls(steps.call(wallet, user: "ab12", 9999, "collector.alpha")).count == 1)
    }

    @Test("clients beyond the bound are refused, and a place is free again when one has gone")
    func clientBound() {
        var steps = BusSteps()
        for number in 0..<BusLimits.clientConnections {
            steps.hello(Peer(door: .clients, identity: [1, UInt8(number >> 8), UInt8(number & 255)]), "w", user: "ab12")
        }
        #expect(steps.hello(wallet, "w", user: "ab12").map(\.rejected.reason) == [BusReason.overloaded.rawValue])
        _ = steps.apply(.undeliverable(Peer(door: .clients, identity: [1, 0, 0]), PBFromBus()))
        #expect(steps.hello(wallet, "w", user: "ab12").first?.welcome.connection.isEmpty == false)
    }

    @Test("a call for a service of another site goes over the link that offers it, and comes back")
    func overLink() throws {
        var steps = twoReplicas()
        _ = steps.apply(.linkServices(site: "beta", ["collector.beta"]))
        let effects = steps.call(caller, user: callerName, 5, "collector.beta")
        let sent = try #require(effects.compactMap { if case .callOverLink("beta", let call) = $0 { call } else { nil } }.first)
        #expect(sent.caller == callerName)
        var reply = PBReply()
        reply.id = sent.id
        reply.body = Data([4])
        #expect(BusSteps.said(steps.apply(.linkAnswered(site: "beta", reply)), to: caller).map(\.reply.id) == [5])
        let refused = steps.call(caller, user: callerName, 6, "collector.beta")
        let second = try #require(refused.compactMap { if case .callOverLink("beta", let call) = $0 { call } else { nil } }.first)
        let moved = steps.apply(.linkRefused(site: "beta", id: second.id))
        #expect(BusSteps.said(moved, to: caller).map(\.reply.error) == [BusReason.noService.rawValue])
    }

    @Test("a linked bus names callers and clients itself, its calls go no further, and it hears of services")
    func fromLink() throws {
        var steps = twoReplicas()
        let welcome = steps.hello(link, "bus@beta")
        #expect(welcome.first?.welcome.services == ["collector.alpha"])
        _ = steps.apply(.linkServices(site: "beta", ["collector.beta"]))
        let handed = try #require(BusSteps.handedCalls(steps.call(link, user: "bus@beta", 1, "collector.alpha", client: "beta/1-1", caller: "ff")).first)
        #expect(handed.call.client == "beta/1-1" && handed.call.caller == "ff")
        let further = steps.call(link, user: "bus@beta", 2, "collector.beta")
        #expect(BusSteps.said(further, to: link).map(\.reply.error) == [BusReason.noService.rawValue])
        _ = steps.apply(.undeliverable(first, PBFromBus()))
        let gone = steps.apply(.undeliverable(second, PBFromBus()))
        #expect(BusSteps.said(gone, to: link).map(\.services.services) == [[]])
    }

    @Test("news goes to the client's connection, or to the bus that has it; who answers nothing may not send any")
    func push() throws {
        var steps = twoReplicas()
        let name = try #require(steps.hello(wallet, "wallet", user: "ab12").first?.welcome.connection)
        _ = steps.apply(.linkServices(site: "beta", []))
        var frame = PBToBus()
        frame.push.client = name
        frame.push.body = Data([6])
        #expect(BusSteps.said(steps.apply(.received(first, user: key, frame)), to: wallet).map(\.push.body) == [Data([6])])
        frame.push.client = "beta/1-1"
        let away = steps.apply(.received(first, user: key, frame))
        #expect(away.contains { if case .pushOverLink("beta", let push) = $0 { push.client == "beta/1-1" } else { false } })
        steps.hello(BusSteps.member(9), "tap@alpha")
        frame.push.client = name
        let tap = steps.apply(.received(BusSteps.member(9), user: "tap@alpha", frame))
        #expect(BusSteps.said(tap, to: wallet).isEmpty && BusSteps.counted(tap, .forbiddenPush) == 1)
    }

    @Test("frames of another site are passed on unchanged, once, and only those asked for")
    func imported() throws {
        var steps = BusSteps()
        let stamp = BusStamp(site: "beta", publisher: "x", bootEpoch: 3, sequence: 4, previous: .zero, timeMilliseconds: 1)
        func deliver(_ steps: inout BusSteps, _ topic: String, _ stamp: BusStamp, site: String = "beta") -> [BusEffect] {
            steps.apply(.linkDelivered(site: site, topic: topic, stamp: stamp, stampBytes: stamp.bytes, body: [8]))
        }
        let passed = BusSteps.fannedOut(deliver(&steps, "final.beta", stamp))
        #expect(passed.count == 1 && passed[0].stamp == stamp.bytes && passed[0].body == [8])
        #expect(BusSteps.fannedOut(deliver(&steps, "final.beta", stamp)).isEmpty)
        #expect(BusSteps.fannedOut(deliver(&steps, "vote.beta", stamp)).isEmpty)
        let foreign = BusStamp(site: "alpha", publisher: "x", bootEpoch: 3, sequence: 5, previous: .zero, timeMilliseconds: 1)
        #expect(BusSteps.fannedOut(deliver(&steps, "final.beta", foreign)).isEmpty)
        let anew = BusStamp(site: "beta", publisher: "x", bootEpoch: 9, sequence: 1, previous: .zero, timeMilliseconds: 1)
        #expect(BusSteps.fannedOut(deliver(&steps, "final.beta", anew)).count == 1)
        #expect(BusSteps.fannedOut(deliver(&steps, "final.beta", stamp)).isEmpty)
    }
}
