import BusCore
import BusShell
import CZeroMQ
import Cryptography
import Foundation
import Logging
import Runtime
import Testing
import Wire

/// A bus on real sockets, over TCP with CURVE, and members that tests hold by the hand.
final class BusRig {
    static let network = Blake2b.hash(.network, [1])
    let context: ZMQContext
    let authenticator: ZMQAuthenticator
    let key: TransportKeyPair
    var keys: [String: TransportKeyPair] = [:]
    var configuration: BusConfiguration
    private(set) var bus: BusService!

    /// - Parameter rig: another site's rig, to share its context and ZAP handler, of which a context has one.
    init(
        site: String = "alpha", members: [String: MemberRights], clientServices: [BusPattern] = ["echo"],
        imports: [String: [BusPattern]] = [:], sharing rig: BusRig? = nil
    ) throws {
        context = rig?.context ?? ZMQContext(threads: 2)
        authenticator = try rig?.authenticator ?? ZMQAuthenticator(context)
        key = .generate()
        let rules = BusRules(site: site, network: BusRig.network, members: members, clientServices: clientServices, imports: imports)
        let doors = BusDoors(members: "tcp://127.0.0.1:*", fanOut: "tcp://127.0.0.1:*", clients: "tcp://127.0.0.1:*", localName: "\(site)-\(UUID())")
        for name in members.keys { keys[name] = .generate() }
        configuration = BusConfiguration(
            rules: rules, doors: doors, key: key,
            memberKeys: Dictionary(uniqueKeysWithValues: keys.map { ($0.value.publicKey, $0.key) }))
    }

    func start() throws {
        bus = try BusService(context: context, authenticator: authenticator, configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        // A later start takes the same ports.
        configuration.doors = bus.doors
    }

    func stop() {
        bus?.stop()
    }

    deinit { bus?.stop() }

    func memberConfiguration(_ name: String, services: [String] = [], hears: [BusPattern] = [], key: TransportKeyPair? = nil) -> BusClientConfiguration {
        let own = key ?? keys[BusRules.member(ofInstance: name)] ?? .generate()
        var configuration = BusClientConfiguration(
            name: name, network: BusRig.network, door: self.configuration.doors.members!, fanOut: self.configuration.doors.fanOut,
            identity: TransportIdentity(key: own, serverKey: self.key.publicKey))
        configuration.services = services
        configuration.subscriptions = hears
        return configuration
    }

    func localConfiguration(_ name: String, services: [String] = [], hears: [BusPattern] = []) -> BusClientConfiguration {
        let doors = BusDoors.local(configuration.doors.localName!)
        var configuration = BusClientConfiguration(name: name, network: BusRig.network, door: doors.members, fanOut: doors.fanOut, identity: nil)
        configuration.services = services
        configuration.subscriptions = hears
        return configuration
    }

    func member(_ name: String, services: [String] = [], hears: [BusPattern] = [], key: TransportKeyPair? = nil) throws -> TestMember {
        try TestMember(context, memberConfiguration(name, services: services, hears: hears, key: key))
    }

    /// A member that the bus knows.
    func joined(_ name: String, services: [String] = [], hears: [BusPattern] = []) throws -> TestMember {
        let member = try member(name, services: services, hears: hears)
        try #require(try TestMember.wait([member]) { member.client.isJoined })
        return member
    }

    func client() throws -> ClientConnection {
        try ClientConnection(
            context: context, name: "wallet", network: BusRig.network, endpoint: configuration.doors.clients!,
            identity: TransportIdentity(key: .generate(), serverKey: key.publicKey))
    }
}

/// A member driven by the test's own thread; it keeps its events, and may answer calls.
final class TestMember {
    let client: BusClient
    var events: [BusEvent] = []
    /// Answers a call; nil leaves it open.
    var answer: (([UInt8]) -> [UInt8]?)?

    init(_ context: ZMQContext, _ configuration: BusClientConfiguration) throws {
        client = try BusClient(context: context, configuration: configuration)
    }

    var delivered: [BusDelivery] { events.compactMap { if case .delivered(let frame) = $0 { frame } else { nil } } }
    var calls: [UInt64] { events.compactMap { if case .called(let id, _, _, _, _) = $0 { id } else { nil } } }
    var refusals: [BusReason] { events.compactMap { if case .refused(let reason, _) = $0 { reason } else { nil } } }
    func answer(to id: UInt64) -> Result<[UInt8], BusReason>? {
        events.compactMap { if case .answered(id, let result) = $0 { result } else { nil } }.first
    }

    func turn() throws {
        for event in try client.receive() {
            events.append(event)
            if case .called(let id, _, let body, _, _) = event, let body = answer?(body) { try client.reply(id, body) }
        }
    }

    /// Lets the members work until something holds.
    /// - Returns: false when it does not within the time.
    static func wait(_ members: [TestMember], seconds: Double = 10, until isDone: () throws -> Bool) throws -> Bool {
        let end = BusClock.now().monotonicMilliseconds + UInt64(seconds * 1000)
        while true {
            for member in members { try member.turn() }
            if try isDone() { return true }
            let now = BusClock.now().monotonicMilliseconds
            guard now < end else { return false }
            let longest = members.reduce(min(100, Int(end - now))) { min($0, $1.client.millisecondsUntilWork()) }
            _ = try ZMQPoller.wait(members.flatMap(\.client.pollItems), timeoutMilliseconds: longest)
        }
    }
}

/// True when the frames continue each other, checked by their hashes.
func isChain(_ frames: [BusDelivery]) -> Bool {
    zip(frames, frames.dropFirst()).allSatisfy { $1.stamp.previous == $0.hash && $1.stamp.sequence == $0.stamp.sequence + 1 }
}
