import BusCore
import BusShell
import Foundation
import Runtime
import Synchronization
import Testing
import Wire

/// The clients' door, and links between buses, on real sockets.
@Suite(.serialized) struct BusClientDoorTests {
    static let rights: [String: MemberRights] = [
        "echo": MemberRights(answers: ["echo", "secret"]),
        "speaker": MemberRights(publishes: ["final.beta", "private"], calls: ["*"]),
        "hearer": MemberRights(calls: ["*"]),
    ]

    /// An echo service on a thread of its own, which pushes the body back as news as well.
    final class EchoThread: Sendable {
        private let stopSignal = WakeSignal()
        private let ended = DispatchSemaphore(value: 0)
        let isJoined = DispatchSemaphore(value: 0)

        init(_ context: ZMQContext, _ configuration: BusClientConfiguration) {
            let thread = Thread { [self] in
                try? serve(context, configuration)
                ended.signal()
            }
            thread.start()
        }

        private func serve(_ context: ZMQContext, _ configuration: BusClientConfiguration) throws {
            let client = try BusClient(context: context, configuration: configuration)
            while true {
                let items = client.pollItems + [.descriptor(stopSignal.descriptor)]
                if try ZMQPoller.wait(items, timeoutMilliseconds: client.millisecondsUntilWork()).last == true { return }
                for event in try client.receive() {
                    if case .welcomed = event { isJoined.signal() }
                    guard case .called(let id, _, let body, _, let wallet) = event else { continue }
                    try client.reply(id, body)
                    if !wallet.isEmpty { try client.push(wallet, body) }
                }
            }
        }

        func stop() {
            stopSignal.raise()
            ended.wait()
        }
    }

    @Test("a wallet of any key calls what it may, hears its news, and is refused the rest")
    func wallet() throws {
        let rig = try BusRig(members: Self.rights)
        try rig.start()
        let echo = EchoThread(rig.context, rig.memberConfiguration("echo", services: ["echo", "secret"]))
        defer { echo.stop() }
        echo.isJoined.wait()
        let wallet = try rig.client()
        #expect(try wallet.waitUntilJoined(timeoutMilliseconds: 5000))
        #expect(try wallet.call("echo", [1, 2], timeoutMilliseconds: 5000) == .success([1, 2]))
        #expect(try wallet.pollNotice(timeoutMilliseconds: 5000) == [1, 2])
        #expect(try wallet.call("secret", [1], timeoutMilliseconds: 5000) == .failure(.forbidden))
        #expect(wallet.connectionName.hasPrefix("alpha/"))
    }

    @Test("a wallet beyond its rate is told so, and served again later")
    func rate() throws {
        let rig = try BusRig(members: Self.rights)
        try rig.start()
        let echo = EchoThread(rig.context, rig.memberConfiguration("echo", services: ["echo"]))
        defer { echo.stop() }
        echo.isJoined.wait()
        let wallet = try rig.client()
        var results: [Result<[UInt8], BusReason>] = []
        while results.last != .failure(.overloaded), results.count < 20_000 {
            results.append(try wallet.call("echo", [], timeoutMilliseconds: 5000))
        }
        #expect(results.last == .failure(.overloaded) && results.count > BusLimits.clientBurstFrames)
        while try wallet.pollNotice(timeoutMilliseconds: 100) != nil {}
        #expect(try wallet.call("echo", [7], timeoutMilliseconds: 5000) == .success([7]))
    }

    private func linked() throws -> (alpha: BusRig, beta: BusRig) {
        var rights = Self.rights
        rights["bus@beta"] = MemberRights(linkedSite: "beta")
        let alpha = try BusRig(site: "alpha", members: rights, imports: ["beta": ["final.beta"]])
        rights["bus@beta"] = nil
        rights["bus@alpha"] = MemberRights(linkedSite: "alpha")
        let beta = try BusRig(site: "beta", members: rights, clientServices: ["remote"], sharing: alpha)
        // Each knows the other by the key of its bus.
        alpha.configuration.memberKeys[beta.key.publicKey] = "bus@beta"
        beta.configuration.memberKeys[alpha.key.publicKey] = "bus@alpha"
        try beta.start()
        let doors = beta.configuration.doors
        alpha.configuration.links = [BusLink(site: "beta", name: "bus@alpha", door: doors.members!, fanOut: doors.fanOut!, serverKey: beta.key.publicKey)]
        try alpha.start()
        // Beta starts once more, on the same ports, now that alpha's are known.
        beta.stop()
        let back = alpha.configuration.doors
        beta.configuration.links = [BusLink(site: "alpha", name: "bus@beta", door: back.members!, fanOut: back.fanOut!, serverKey: alpha.key.publicKey)]
        try beta.start()
        return (alpha, beta)
    }

    @Test("frames of a linked bus arrive unchanged, hash by hash, and only those of the topics taken over")
    func importedFrames() throws {
        let (alpha, beta) = try linked()
        let there = try beta.joined("hearer", hears: ["*"])
        let here = try alpha.joined("hearer", hears: ["*"])
        let speaker = try beta.joined("speaker")
        for number in UInt8(0)..<100 {
            _ = try speaker.client.publish("private", [number])
            _ = try speaker.client.publish("final.beta", [number])
        }
        #expect(try TestMember.wait([there, here, speaker]) { here.delivered.count == 100 && there.delivered.count == 200 })
        #expect(here.delivered == there.delivered.filter { $0.topic == "final.beta" })
        #expect(isChain(here.delivered) && here.delivered.allSatisfy { $0.stamp.site == "beta" })
    }

    @Test("a bus that starts anew takes over again what the linked one still has, so that its members miss nothing")
    func importAfterRestart() throws {
        let (alpha, beta) = try linked()
        let here = try alpha.joined("hearer", hears: ["final.*"])
        let speaker = try beta.joined("speaker")
        for number in UInt8(0)..<10 { _ = try speaker.client.publish("final.beta", [number]) }
        #expect(try TestMember.wait([here, speaker]) { here.delivered.count == 10 })
        alpha.stop()
        for number in UInt8(10)..<20 { _ = try speaker.client.publish("final.beta", [number]) }
        #expect(try TestMember.wait([speaker]) { speaker.client.unacknowledgedCount == 0 })
        try alpha.start()
        #expect(try TestMember.wait([here, speaker]) { here.delivered.count == 20 })
        #expect(here.delivered.map(\.body) == (UInt8(0)..<20).map { [$0] } && isChain(here.delivered))
        #expect(!here.events.contains { if case .lost = $0 { true } else { false } })
    }

    @Test("a wallet at one site calls a service at another, and its news finds the way back")
    func callOverLink() throws {
        let (alpha, beta) = try linked()
        alpha.stop()
        alpha.configuration.rules.members["echo"]?.answers = ["remote"]
        try alpha.start()
        let echo = EchoThread(alpha.context, alpha.memberConfiguration("echo", services: ["remote"]))
        defer { echo.stop() }
        echo.isJoined.wait()
        let wallet = try beta.client()
        var result: Result<[UInt8], BusReason> = .failure(.noService)
        // The link tells of the service a moment after it came.
        for _ in 0..<100 where result == .failure(.noService) {
            result = try wallet.call("remote", [5], timeoutMilliseconds: 5000)
            if result == .failure(.noService) { _ = try wallet.pollNotice(timeoutMilliseconds: 20) }
        }
        #expect(result == .success([5]))
        #expect(try wallet.pollNotice(timeoutMilliseconds: 5000) == [5])
    }
}
