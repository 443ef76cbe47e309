import Cryptography
import Determinism
import OrderedCollections
import Schema
import Wire

/// The bus of one site: it stamps and fans out what members publish, keeps the newest frames for those who missed some, hands
/// requests to replicas, and takes over topics of other sites (docs/bus.md).
///
/// It decides nothing about payments: nodes trust signatures, and a bus that lies can delay but not forge.
package struct Bus: Machine {
    package private(set) var rules: BusRules
    /// Unix milliseconds when this bus started; part of the name of every stream that it stamps.
    package let bootEpoch: UInt64

    var connections: OrderedDictionary<Peer, Connection> = [:]
    /// Members by instance name.
    var memberPeers: [String: Peer] = [:]
    /// Clients by the name of their connection.
    var clientPeers: [String: Peer] = [:]
    /// Replicas by the service that they answer, in the order in which they came.
    var replicas: [String: [Peer]] = [:]
    var clientCount = 0
    var lastClient: UInt64 = 0
    var lastChoice: UInt64 = 0

    var logs: OrderedDictionary<StreamName, StreamLog> = [:]
    var calls = CallTable()
    var links: OrderedDictionary<String, Link> = [:]

    /// How members have behaved, by name; those of whom there is something to say.
    var conducts: [String: Conduct] = [:]
    /// Members that are cut off, and until when, monotonic milliseconds.
    var cutOffs: OrderedDictionary<String, UInt64> = [:]
    /// Subscriptions since the fan-out door was opened.
    var subscriptionCount = 0

    /// Connections that are owed an acknowledgement.
    var owed: [Peer] = []
    /// Streams that changed in the present head interval, and in the one before.
    var changed: [StreamName] = []
    var changedBefore: [StreamName] = []
    var interval: UInt64 = 1
    /// When the head interval ends; nil while nothing needs it.
    var nextBeatMilliseconds: UInt64?
    var nextProbeMilliseconds: UInt64

    /// What the present input leads to, in order.
    var effects: [BusEffect] = []

    /// What the bus knows of a linked one.
    struct Link: Sendable {
        var services: [String] = []
        var callsUnderWay = 0
    }

    package init(rules: BusRules, bootEpoch: UInt64, now: Moment) {
        precondition(!rules.site.isEmpty && !rules.site.contains("/"), "a site has a name without a slash")
        self.rules = rules
        self.bootEpoch = bootEpoch
        nextProbeMilliseconds = now.monotonicMilliseconds + BusTiming.probeMilliseconds
    }

    package mutating func apply(_ input: BusInput, at now: Moment) -> [BusEffect] {
        switch input {
        case .received(let peer, let user, let frame): received(peer, user, frame, now)
        case .malformed(let peer):
            count(.malformedFrame)
            reject(peer, .malformed, "this is no frame of the bus")
            if let connection = connections[peer] { overstepped(connection, "sends what is no frame", now) }
        case .undeliverable(let peer, let frame): undeliverable(peer, frame, now)
        case .drained: acknowledge(now)
        case .tick: tick(now)
        case .subscribed(let user): subscribed(user, now)
        case .ruled(let rules, let lost): ruled(rules, withoutKey: lost, now)
        case .linkDelivered(let site, let topic, let stamp, let stampBytes, let body):
            linkDelivered(site: site, topic: topic, stamp, stampBytes, body, now)
        case .linkAnswered(let site, let reply): answer(reply, by: .link(site), now)
        case .linkServices(let site, let services): linkServices(site: site, services, now)
        case .linkRefused(let site, let id): linkRefused(site: site, id: id, now)
        }
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    /// When `.tick` is wanted next, monotonic milliseconds.
    package var nextTickMilliseconds: UInt64 {
        min(nextBeatMilliseconds ?? .max, calls.nextEndMilliseconds ?? .max, nextCutOffEndMilliseconds ?? .max, nextProbeMilliseconds)
    }

    /// Member and client connections that have said Hello.
    package var connectionCount: Int { connections.count }
    /// Of these, clients.
    package var clientConnectionCount: Int { clientCount }
    /// Streams that it keeps a log of.
    package var streamCount: Int { logs.count }
    /// Calls whose answers it waits for.
    package var callCount: Int { calls.count }

    private mutating func received(_ peer: Peer, _ user: String?, _ frame: PBToBus, _ now: Moment) {
        if isCutOff(peer, user) {
            count(.frameWhileCutOff)
            if case .hello? = frame.frame { reject(peer, .cutOff, "this member is cut off for a while; the alarm says why") }
            return
        }
        if case .hello(let hello)? = frame.frame { return takeHello(peer, user, hello, now) }
        guard let connection = connections[peer], connection.user == user else {
            count(.unknownConnection)
            return reject(peer, .helloFirst, "this connection has not said Hello")
        }
        if connections[peer]?.bucket.take(now: now) == false {
            return connection.rights == nil ? refuseRate(connection, frame) : flooded(connection, now)
        }
        switch frame.frame {
        case .publish(let publish): takePublish(connection, publish, now)
        case .call(let call): takeCall(connection, call, now)
        case .reply(let reply): answer(reply, by: .replica(peer), now)
        case .backfill(let backfill): takeBackfill(connection, backfill, now)
        case .push(let push): takePush(connection, push, now)
        case .goodbye: takeGoodbye(connection, now)
        case .hello, nil:
            count(.malformedFrame)
            reject(peer, .malformed, "the frame is empty")
        }
    }

    /// BUS-18: a client beyond its rate gets no work done, and is told so where it waits for an answer.
    private mutating func refuseRate(_ connection: Connection, _ frame: PBToBus) {
        count(.rateLimited)
        guard case .call(let call)? = frame.frame else { return }
        reply(to: connection.peer, id: call.id, .overloaded)
    }

    mutating func replace(rules: BusRules) { self.rules = rules }

    // MARK: orders

    mutating func count(_ what: BusCount) { effects.append(.count(what)) }

    mutating func warn(_ line: String) { effects.append(.warn(line)) }

    mutating func send(_ peer: Peer, _ frame: PBFromBus, _ now: Moment) {
        connections[peer]?.servedMilliseconds = now.monotonicMilliseconds
        effects.append(.send(peer, frame))
    }

    mutating func reject(_ peer: Peer, _ reason: BusReason, _ detail: String, number: UInt64 = 0) {
        var frame = PBFromBus()
        frame.rejected.reason = reason.rawValue
        frame.rejected.detail = detail
        frame.rejected.number = number
        effects.append(.send(peer, frame))
    }
}
