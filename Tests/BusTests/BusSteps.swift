import BusCore
import Cryptography
import Determinism
import Foundation
import Schema
import Wire

/// A bus core without sockets, and the frames that tests hand to it.
struct BusSteps {
    var bus: Bus
    var now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: 1_700_000_000_000)
    static let network = Blake2b.hash(.network, [1])

    static let rules = BusRules(
        site: "alpha", network: network,
        members: [
            "collector.alpha@alpha-1": MemberRights(publishes: ["tx.alpha"], answers: ["collector.alpha", "collector.alpha@alpha-1"], calls: ["*"]),
            "consensus.alpha@alpha-1": MemberRights(publishes: ["vote.alpha", "final.alpha"], answers: ["consensus.*"], calls: ["*"]),
            "tap@alpha": MemberRights(),
            "bus@beta": MemberRights(linkedSite: "beta"),
        ],
        clientServices: ["collector.*"], imports: ["beta": ["final.beta"]])

    init(rules: BusRules = BusSteps.rules) { bus = Bus(rules: rules, bootEpoch: 7, now: now) }

    static func member(_ number: UInt8) -> Peer { Peer(door: .members, identity: [0, number]) }
    static func client(_ number: UInt8) -> Peer { Peer(door: .clients, identity: [0, number]) }

    mutating func apply(_ input: BusInput) -> [BusEffect] { bus.apply(input, at: now) }

    /// Says Hello and returns what the bus said to the connection.
    @discardableResult
    mutating func hello(
        _ peer: Peer, _ name: String, user: String? = nil, services: [String] = [], version: UInt32 = BusLimits.protocolVersion,
        network: Digest = BusSteps.network
    ) -> [PBFromBus] {
        var frame = PBToBus()
        frame.hello.name = name
        frame.hello.services = services
        frame.hello.version = version
        frame.hello.network = Data(network.bytes)
        frame.hello.attempt = 3
        return BusSteps.said(apply(.received(peer, user: user ?? (peer.door.isLocal ? nil : BusRules.member(ofInstance: name)), frame)), to: peer)
    }

    mutating func publish(_ peer: Peer, user: String, _ number: UInt64, _ topic: String, _ body: [UInt8]) -> [BusEffect] {
        var frame = PBToBus()
        frame.publish.number = number
        frame.publish.topic = topic
        frame.publish.body = Data(body)
        return apply(.received(peer, user: user, frame))
    }

    mutating func call(_ peer: Peer, user: String, _ id: UInt64, _ service: String, timeout: UInt32 = 1000, client: String = "", caller: String = "") -> [BusEffect] {
        var frame = PBToBus()
        frame.call.id = id
        frame.call.service = service
        frame.call.body = Data([9])
        frame.call.timeoutMilliseconds = timeout
        frame.call.client = client
        frame.call.caller = caller
        return apply(.received(peer, user: user, frame))
    }

    mutating func reply(_ peer: Peer, user: String, _ id: UInt64, _ body: [UInt8]) -> [BusEffect] {
        var frame = PBToBus()
        frame.reply.id = id
        frame.reply.body = Data(body)
        return apply(.received(peer, user: user, frame))
    }

    mutating func wait(_ milliseconds: UInt64) {
        now.monotonicMilliseconds += milliseconds
        now.wallMilliseconds += milliseconds
    }

    /// What the effects say to a connection.
    static func said(_ effects: [BusEffect], to peer: Peer) -> [PBFromBus] {
        effects.compactMap {
            switch $0 {
            case .send(peer, let frame): frame
            case .sendAll(let peers, let frame) where peers.contains(peer): frame
            default: nil
            }
        }
    }

    /// Frames sent to subscribers.
    static func fannedOut(_ effects: [BusEffect]) -> [(topic: String, stamp: [UInt8], body: [UInt8])] {
        effects.compactMap { if case .fanOut(let topic, let stamp, let body) = $0 { (topic, stamp, body) } else { nil } }
    }

    static func counted(_ effects: [BusEffect], _ what: BusCount) -> Int {
        effects.count { if case .count(what) = $0 { true } else { false } }
    }

    /// Calls handed to replicas, with the replica.
    static func handedCalls(_ effects: [BusEffect]) -> [(peer: Peer, call: PBCall)] {
        effects.compactMap {
            guard case .send(let peer, let frame) = $0, case .call(let call)? = frame.frame else { return nil }
            return (peer, call)
        }
    }
}
