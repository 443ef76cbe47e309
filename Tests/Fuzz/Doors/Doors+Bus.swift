import BusCore
import Cryptography
import Determinism
import Runtime
import Schema
import SwiftProtobuf
import Synchronization
import Wire

extension Door {
    /// The doors of a bus for clients and members, and what a member reads of its bus.
    static let bus: [Door] = [
        Door("bus", .script(prefix: 1), longest: 16_384) { try BusPlay.run($0) },
        Door("bus-client", .script(prefix: 0), longest: 16_384, takeAnswers),
        Door("stamp", .message(prefix: 0)) { bytes in
            try comesBack(bytes, decode: { try? BusStamp($0) }, encode: \.bytes) != nil
        },
        Door("topic") { bytes in
            guard let topic = BusTopic.parse(bytes) else { return false }
            try demand(BusTopic.part(topic) == bytes, "a topic's part is not what was read")
            return true
        },
    ]

    /// A bus that lies to a member: frames of the fan-out, and answers at the door.
    private static func takeAnswers(_ bytes: [UInt8]) throws -> Bool {
        try silentBus.withLock { try $0.drain() }
        var configuration = BusClientConfiguration(
            name: "builder.alpha@alpha-1/1", network: Stage.network.id, door: SilentBus.endpoint, fanOut: nil, identity: nil)
        configuration.subscriptions = ["vote.alpha", "final.*"]
        let client = try BusClient(context: context, configuration: configuration)
        var delivered: [String: UInt64] = [:]
        for step in Script(bytes, stepsMax: 64).steps {
            let events = step.operation % 4 == 0 ? try client.read(fanOut: step.parts(3)) : try client.read(answer: step.content)
            for case .delivered(let frame) in events {
                let stream = "\(frame.topic) \(frame.stamp.site) \(frame.stamp.bootEpoch)"
                try demand(frame.stamp.sequence > delivered[stream] ?? 0, "a frame was delivered twice, or out of order")
                delivered[stream] = frame.stamp.sequence
            }
        }
        return true
    }

    private static let context = ZMQContext(threads: 1)
    private static let silentBus = Mutex(SilentBus(context))
}

/// A door that takes everything and says nothing.
private struct SilentBus: ~Copyable {
    static let endpoint = "inproc://silent-bus"
    private let socket: ZMQSocket

    init(_ context: ZMQContext) {
        guard let socket = try? ZMQSocket(context, .router), (try? socket.bind(SilentBus.endpoint)) != nil else {
            preconditionFailure("a name within the process can be bound once")
        }
        self.socket = socket
    }

    func drain() throws { while try socket.receive() != nil {} }
}

/// Frames of many connections into one bus.
enum BusPlay {
    private static let users: [String?] = ["builder.alpha@alpha-1", "consensus.alpha@alpha-2", "bus@beta", "tap-1", nil, "wallet"]

    private static func makeBus(_ now: Moment) -> Bus {
        let rights = MemberRights(
            publishes: ["vote.*", "candidate.alpha"], answers: ["collector.alpha", "consensus.*"], calls: ["consensus.*", "echo"])
        var link = MemberRights()
        link.linkedSite = "beta"
        let rules = BusRules(
            site: "alpha", network: Stage.network.id,
            members: ["builder.alpha@alpha-1": rights, "consensus.alpha@alpha-2": rights, "bus@beta": link, "tap-1": MemberRights()],
            clientServices: ["collector.alpha", "echo"], imports: ["beta": ["final.*"]])
        return Bus(rules: rules, bootEpoch: 1_000, now: now)
    }

    static func run(_ bytes: [UInt8]) throws -> Bool {
        var now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: 1_800_000_000_000)
        var bus = makeBus(now)
        var sent: [(Peer, PBFromBus)] = []
        for step in Script(bytes, stepsMax: 256).steps {
            guard let input = input(of: step, sent, &now) else { continue }
            for effect in bus.apply(input, at: now) {
                switch effect {
                case .send(let peer, let frame): sent.append((peer, frame))
                case .sendAll(let peers, let frame): sent += peers.map { ($0, frame) }
                case .fanOut(let topic, let stamp, let body):
                    try demand(BusTopic.isValid(topic) && (try? BusStamp(stamp)) != nil, "the bus sends a frame that no member reads")
                    try demand(body.count <= BusLimits.publishBodyBytes, "the bus sends more than it may take")
                case .callOverLink, .pushOverLink, .count, .warn, .keepOut, .reopenFanOut: break
                }
            }
            if sent.count > 64 { sent.removeFirst(sent.count - 64) }
        }
        for (_, frame) in sent { try demand((try? frame.serializedBytes() as [UInt8]) != nil, "the bus says what cannot be written") }
        return true
    }

    /// One step: the operation says what happens, the first byte to whom.
    private static func input(of step: Script.Step, _ sent: [(Peer, PBFromBus)], _ now: inout Moment) -> BusInput? {
        let selector = step.content.first ?? 0
        let content = Array(step.content.dropFirst())
        let user = users[Int(selector >> 4) % users.count]
        let door: Door_ = [.members, .localMembers, .clients, .localClients][Int(selector) % 4]
        let peer = Peer(door: door, identity: [selector & 0x0c])
        switch step.operation % 11 {
        case 0, 1, 2: return (try? PBToBus(serializedBytes: content)).map { .received(peer, user: user, $0) }
        case 3: return .malformed(peer)
        case 4: return sent.isEmpty ? nil : .undeliverable(sent[Int(selector) % sent.count].0, sent[Int(selector) % sent.count].1)
        case 5: return .drained
        case 10: return .subscribed(user: user)
        case 6:
            now.monotonicMilliseconds += UInt64(selector) * 100
            now.wallMilliseconds += UInt64(selector) * 100
            return .tick
        case 7:
            let parts = step.parts(4)
            guard let stamp = try? BusStamp(parts[2]) else { return nil }
            return .linkDelivered(
                site: stamp.site, topic: String(decoding: parts[1], as: UTF8.self), stamp: stamp, stampBytes: parts[2], body: parts[3])
        case 8: return (try? PBReply(serializedBytes: content)).map { .linkAnswered(site: "beta", $0) }
        default:
            guard let services = try? PBServices(serializedBytes: content) else { return .linkRefused(site: "beta", id: UInt64(selector)) }
            return .linkServices(site: "beta", services.services)
        }
    }
}

private typealias Door_ = BusCore.Door
