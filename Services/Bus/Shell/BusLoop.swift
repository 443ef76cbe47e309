import BusCore
import DequeModule
import Determinism
import Foundation
import Runtime
import Schema
import Wire

/// Waits, hands what came in to the core, and does what the core says, in order. Owned by the bus's thread.
final class BusLoop {
    private(set) var core: Bus
    private let sockets: BusSockets
    private let links: [BusLinkClient]
    private let shared: BusThread
    private var now: Moment
    private var counts: [BusCount: UInt64] = [:]
    private var snapshot = BusSnapshot()
    /// Something has happened since the snapshot was shared.
    private var isUnshared = true
    private static let shareMilliseconds: UInt64 = 200
    private static let idleShareMilliseconds: UInt64 = 5_000
    /// Inputs that effects led to.
    private var followUps: Deque<BusInput> = []

    init(context: ZMQContext, configuration: BusConfiguration, sockets: BusSockets, shared: BusThread) throws(ZMQError) {
        now = BusClock.now()
        self.sockets = sockets
        self.shared = shared
        core = Bus(rules: configuration.rules, bootEpoch: configuration.bootEpoch ?? now.wallMilliseconds, now: now)
        var links: [BusLinkClient] = []
        for link in configuration.links { links.append(try BusLinkClient(context, link, configuration)) }
        self.links = links
        snapshot.site = configuration.rules.site
    }

    func run() throws(ZMQError) {
        var items: [ZMQPollItem] = [.descriptor(shared.stopSignal.descriptor), .descriptor(shared.changeSignal.descriptor)]
        items += sockets.doors.map { .socket($0.socket) }
        if let fanOut = sockets.fanOut { items.append(.socket(fanOut)) }
        while true {
            let ready = try ZMQPoller.wait(items + links.flatMap(\.client.pollItems), timeoutMilliseconds: waitMilliseconds())
            if ready[0] { return }
            now = BusClock.now()
            for (door, socket) in sockets.doors { try drain(door, socket) }
            if ready[1], let change = shared.takeChange() { try apply(.ruled(change.rules, withoutKey: change.lost)) }
            if let fanOut = sockets.fanOut { try drainSubscriptions(fanOut) }
            for link in links {
                for input in try link.receive() {
                    isUnshared = true
                    try apply(input)
                }
            }
            if now.monotonicMilliseconds >= core.nextTickMilliseconds { try apply(.tick) }
            try apply(.drained)
            shareCounts()
            shareSnapshot()
        }
    }

    private func waitMilliseconds() -> Int {
        let now = BusClock.now().monotonicMilliseconds
        let next = core.nextTickMilliseconds
        let own = next > now ? Int(min(next - now, isUnshared ? BusLoop.shareMilliseconds : BusLoop.idleShareMilliseconds)) : 0
        return links.reduce(own) { min($0, $1.client.millisecondsUntilWork()) }
    }

    private func drain(_ door: Door, _ socket: ZMQSocket) throws(ZMQError) {
        for _ in 0..<BusLimits.drainFrames {
            guard let message = try socket.receive(withUserID: true), let identity = message.parts.first else { return }
            let peer = Peer(door: door, identity: identity)
            snapshot.receivedFrames += 1
            isUnshared = true
            if message.parts.count == 2, let frame = try? PBToBus(serializedBytes: message.parts[1]) {
                try apply(.received(peer, user: message.userID, frame))
            } else {
                try apply(.malformed(peer))
            }
        }
    }

    /// Who subscribes, one message for each; what they say when they leave is of no interest.
    private func drainSubscriptions(_ fanOut: ZMQSocket) throws(ZMQError) {
        while let message = try fanOut.receive(withUserID: true) {
            if message.parts.first?.first == 1 { try apply(.subscribed(user: message.userID)) }
        }
    }

    private func apply(_ input: BusInput) throws(ZMQError) {
        try perform(core.apply(input, at: now))
        while let followUp = followUps.popFirst() { try perform(core.apply(followUp, at: now)) }
    }

    private func perform(_ effects: [BusEffect]) throws(ZMQError) {
        for effect in effects {
            switch effect {
            case .send(let peer, let frame): try send([peer], frame)
            case .sendAll(let peers, let frame): try send(peers, frame)
            case .fanOut(let topic, let stamp, let body):
                snapshot.fannedOutFrames += 1
                snapshot.fannedOutBytes += UInt64(topic.utf8.count + stamp.count + body.count)
                _ = try sockets.fanOut?.send([BusTopic.part(topic), stamp, body])
            case .callOverLink(let site, let call):
                guard let link = links.first(where: { $0.site == site }), try link.client.forward(call) else {
                    followUps.append(.linkRefused(site: site, id: call.id))
                    continue
                }
            case .pushOverLink(let site, let push): try links.first { $0.site == site }?.client.forward(push)
            case .keepOut(let members): shared.keepOut(members)
            case .reopenFanOut: try sockets.reopenFanOut()
            case .warn(let line): shared.warn(line)
            case .count(let what): counts[what, default: 0] += 1
            }
        }
    }

    private func send(_ peers: [Peer], _ frame: PBFromBus) throws(ZMQError) {
        guard let bytes: [UInt8] = try? frame.serializedBytes() else {
            preconditionFailure("a frame has no required fields that could lack")
        }
        for peer in peers {
            guard let socket = sockets.doors.first(where: { $0.door == peer.door })?.socket else { continue }
            if try socket.send([peer.identity, bytes]) == .taken {
                snapshot.sentFrames += 1
            } else {
                snapshot.undeliverableFrames += 1
                followUps.append(.undeliverable(peer, frame))
            }
        }
    }

    private func shareCounts() {
        guard !counts.isEmpty else { return }
        shared.counts.withLock { total in
            for (what, number) in counts { total[what, default: 0] += number }
        }
        counts.removeAll(keepingCapacity: true)
    }

    /// Lets others see how the bus stands, now and then.
    private func shareSnapshot() {
        let pause = isUnshared ? BusLoop.shareMilliseconds : BusLoop.idleShareMilliseconds
        if let shared = snapshot.aliveMilliseconds, now.monotonicMilliseconds < shared + pause { return }
        isUnshared = false
        snapshot.aliveMilliseconds = now.monotonicMilliseconds
        snapshot.memberCount = core.connectionCount - core.clientConnectionCount
        snapshot.clientCount = core.clientConnectionCount
        snapshot.streamCount = core.streamCount
        snapshot.callCount = core.callCount
        snapshot.links = links.map { ($0.site, $0.client.isJoined) }
        shared.snapshot.withLock { $0 = snapshot }
    }
}
