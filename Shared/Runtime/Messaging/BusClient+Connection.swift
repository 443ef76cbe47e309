import Foundation
import Schema
import Wire

extension BusClient {
    /// Follows the connection: a new one is introduced at once, a lost one is noticed at once.
    func watchConnection() throws(ZMQError) {
        while let event = try monitor.receive() {
            let now = BusClock.now().monotonicMilliseconds
            switch event {
            case .connected:
                heardMilliseconds = now
                // The bus may have been upgraded since.
                version = configuration.versions.upperBound
                rejoin(at: now)
            case .disconnected:
                rejoin(at: now + BusTiming.helloMilliseconds)
            case .refused:
                events.append(.refused(.strangerKey, detail: "the bus does not admit this transport key"))
            }
        }
    }

    /// Does what is due: Hello, calls without an answer, a bus that has fallen silent.
    func keepTime() throws(ZMQError) {
        let now = BusClock.now().monotonicMilliseconds
        if case .joining(let next) = phase, now >= next {
            phase = .joining(nextHelloMilliseconds: now + BusTiming.helloMilliseconds)
            _ = try sendHello()
        }
        if now >= earliestCallEnd { endCalls(before: now) }
        try repairStalled()
        if now >= heardMilliseconds + configuration.silenceMilliseconds { try reconnect() }
        if phase == .joined, !waitingCalls.isEmpty { try sendWaitingCalls() }
    }

    func sendHello() throws(ZMQError) -> ZMQSocket.Sent {
        attempt += 1
        var frame = PBToBus()
        frame.hello.name = configuration.name
        frame.hello.services = services
        frame.hello.version = version
        frame.hello.network = Data(configuration.network.bytes)
        frame.hello.attempt = attempt
        return try send(frame)
    }

    /// Answers other services from now on; calls that are here already are still answered (BUS-1).
    package func offer(_ services: [String]) throws(ZMQError) {
        self.services = services
        if phase == .joined { _ = try sendHello() }
    }

    /// Goes back to saying Hello; calls that were sent end, since nobody knows whether they arrived.
    func rejoin(at nextHelloMilliseconds: UInt64) {
        if phase == .joined {
            events.append(.disconnected)
            let waiting = Set(waitingCalls.map(\.id))
            for id in calls.keys.sorted() where !waiting.contains(id) { endCall(id, .failure(.disconnected)) }
        }
        phase = .joining(nextHelloMilliseconds: nextHelloMilliseconds)
    }

    /// Drops the sockets and makes new ones, at once.
    func reconnect() throws(ZMQError) {
        let now = BusClock.now().monotonicMilliseconds
        monitor.close()
        dealer.close()
        subscriber?.close()
        (dealer, monitor) = try BusClient.openDealer(context, configuration)
        subscriber = try BusClient.openSubscriber(context, configuration, subscriptions)
        heardMilliseconds = now
        rejoin(at: now)
    }

    private func endCalls(before now: UInt64) {
        var next = UInt64.max
        for id in calls.keys.sorted() {
            guard let call = calls[id] else { continue }
            if call.deadlineMilliseconds <= now { endCall(id, .failure(.timeout)) } else { next = min(next, call.deadlineMilliseconds) }
        }
        earliestCallEnd = next
    }

    // MARK: what the bus says

    func receiveAnswers() throws(ZMQError) {
        for _ in 0..<BusLimits.drainFrames {
            guard let message = try dealer.receive() else { return }
            guard message.parts.count == 1 else { continue }
            try take(answer: message.parts[0])
        }
    }

    /// Takes the bytes of one frame from the bus; what cannot be read is dropped.
    func take(answer bytes: [UInt8]) throws(ZMQError) {
        guard let frame = try? PBFromBus(serializedBytes: bytes) else { return }
        heardMilliseconds = BusClock.now().monotonicMilliseconds
        try take(frame)
    }

    private func take(_ frame: PBFromBus) throws(ZMQError) {
        switch frame.frame {
        case .welcome(let welcome): try takeWelcome(welcome)
        case .acknowledged(let taken):
            guard phase == .joined else { return }
            if let ticket = publisher.acknowledge(through: taken.through, credit: credit(taken.credit)) {
                events.append(.acknowledged(through: ticket))
            }
        case .call(let call):
            events.append(
                .called(id: call.id, service: call.service, body: Array(call.body), caller: call.caller, client: call.client))
        case .reply(let reply):
            endCall(reply.id, reply.error.isEmpty ? .success(Array(reply.body)) : .failure(BusReason(rawValue: reply.error) ?? .noService))
        case .backfilled(let answer): try takeBackfilled(answer)
        case .push(let push): events.append(.pushed(Array(push.body)))
        case .rejected(let rejected): takeRejected(rejected)
        case .heads(let list): try takeHeads(list.heads, isWelcome: false)
        case .services(let list): events.append(.services(list.services))
        case nil: break
        }
    }

    private func takeWelcome(_ welcome: PBWelcome) throws(ZMQError) {
        guard welcome.attempt == attempt else { return }
        if phase != .joined {
            phase = .joined
            publisher.restart(credit: credit(welcome.credit))
            for name in streams.keys { streams[name]?.isAsked = false }
            events.append(.welcomed(site: welcome.site, bootEpoch: welcome.bootEpoch, connection: welcome.connection))
            events.append(.services(welcome.services))
        }
        learnEpoch(welcome.bootEpoch, site: welcome.site)
        try takeHeads(welcome.heads, isWelcome: true)
        freshSubscriptions = []
        isRepairStalled = true
        try sendWaitingCalls()
    }

    private func credit(_ value: UInt32) -> Int { min(Int(value), BusLimits.publishQueue) }

    private func takeRejected(_ rejected: PBRejected) {
        let reason = BusReason(rawValue: rejected.reason) ?? .malformed
        // A bus that does not know us forgot us, or began anew, between our Hello and now.
        if reason == .helloFirst || reason == .outOfOrder {
            if phase == .joined { rejoin(at: BusClock.now().monotonicMilliseconds) }
            return
        }
        // A bus of the release before knows the version before.
        if reason == .wrongVersion, phase != .joined, version > configuration.versions.lowerBound {
            version -= 1
            return rejoin(at: BusClock.now().monotonicMilliseconds)
        }
        events.append(.refused(reason, detail: rejected.detail))
    }
}
