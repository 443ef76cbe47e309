import Foundation
import Schema
import Wire

extension BusClient {
    /// Publishes one frame, or queues it until the bus gives credit.
    /// - Parameter body: at most `BusLimits.publishBodyBytes`; the exact bytes that subscribers get.
    /// - Returns: its ticket, from 1 and counting up; `.acknowledged` names the tickets that the bus has.
    /// - Throws: `.overloaded` when the queue is full: nothing was queued, try again after an `.acknowledged`; `.malformed`
    ///   when the body is too large.
    /// - Precondition: the topic is valid.
    package func publish(_ topic: String, _ body: [UInt8]) throws(BusReason) -> UInt64 {
        precondition(BusTopic.isValid(topic), "a topic is checked where it is made")
        guard body.count <= BusLimits.publishBodyBytes else { throw .malformed }
        guard let ticket = publisher.append(topic: topic, body: body) else { throw .overloaded }
        do {
            try sendPublishes()
        } catch {
            // The queue keeps it; `receive` meets the same fault and reports it.
            publisher.isStalled = true
        }
        return ticket
    }

    /// Sends a request; `.answered` with this id follows in any case.
    /// - Parameter id: chosen by the owner, of no other call under way.
    /// - Parameter timeoutMilliseconds: at most `BusTiming.callLongestMilliseconds`.
    package func call(_ id: UInt64, service: String, _ body: [UInt8], timeoutMilliseconds: UInt32) throws(ZMQError) {
        precondition(calls[id] == nil, "an id names one call under way")
        let timeout = min(timeoutMilliseconds, BusTiming.callLongestMilliseconds)
        expectAnswer(id, timeoutMilliseconds: timeout)
        var frame = PBToBus()
        frame.call.id = id
        frame.call.service = service
        frame.call.body = Data(body)
        frame.call.timeoutMilliseconds = timeout
        if waitingCalls.isEmpty, phase == .joined, try send(frame) == .taken { return }
        guard waitingCalls.count < BusLimits.callsPerMember else { return endCall(id, .failure(.overloaded)) }
        waitingCalls.append((id, frame))
    }

    /// Answers a call that `.called` brought. An answer to a call that the bus has given up is dropped there.
    package func reply(_ id: UInt64, _ body: [UInt8]) throws(ZMQError) {
        var frame = PBToBus()
        frame.reply.id = id
        frame.reply.body = Data(body)
        try sendOrRejoin(frame)
    }

    /// Refuses a call that `.called` brought.
    package func reply(_ id: UInt64, refusing reason: BusReason) throws(ZMQError) {
        var frame = PBToBus()
        frame.reply.id = id
        frame.reply.error = reason.rawValue
        try sendOrRejoin(frame)
    }

    /// Sends news to a client connection, wherever it is; lost when the client has gone.
    /// - Parameter client: as `.called` named it.
    package func push(_ client: String, _ body: [UInt8]) throws(ZMQError) {
        var frame = PBToBus()
        frame.push.client = client
        frame.push.body = Data(body)
        try sendOrRejoin(frame)
    }

    /// Sends a call on to this linked bus, with the caller and client that the first bus saw; `.answered` follows.
    /// - Returns: false when it was not sent.
    package func forward(_ call: PBCall) throws(ZMQError) -> Bool {
        guard phase == .joined, calls[call.id] == nil else { return false }
        var frame = PBToBus()
        frame.call = call
        guard try send(frame) == .taken else { return false }
        expectAnswer(call.id, timeoutMilliseconds: call.timeoutMilliseconds)
        return true
    }

    /// Sends news on to this linked bus; lost while there is no connection.
    package func forward(_ push: PBPush) throws(ZMQError) {
        var frame = PBToBus()
        frame.push = push
        try sendOrRejoin(frame)
    }

    private func expectAnswer(_ id: UInt64, timeoutMilliseconds: UInt32) {
        let deadline = BusClock.now().monotonicMilliseconds + UInt64(timeoutMilliseconds) + BusTiming.callGraceMilliseconds
        calls[id] = CallUnderWay(deadlineMilliseconds: deadline)
        earliestCallEnd = min(earliestCallEnd, deadline)
    }

    /// Answers and news belong to the present connection: without one they are dropped, and with one whose queue is full the
    /// bus does not read any more, so the connection is made anew.
    private func sendOrRejoin(_ frame: PBToBus) throws(ZMQError) {
        guard phase == .joined else { return }
        if try send(frame) != .taken { try reconnect() }
    }

    func sendPublishes() throws(ZMQError) {
        publisher.isStalled = false
        guard phase == .joined else { return }
        while let (number, item) = publisher.next {
            var frame = PBToBus()
            frame.publish.number = number
            frame.publish.topic = item.topic
            frame.publish.body = Data(item.body)
            guard try send(frame) == .taken else {
                publisher.isStalled = true
                return
            }
            publisher.sent()
        }
    }

    func sendWaitingCalls() throws(ZMQError) {
        while let waiting = waitingCalls.first {
            if calls[waiting.id] != nil, try send(waiting.frame) != .taken { return }
            waitingCalls.removeFirst()
        }
    }

    func endCall(_ id: UInt64, _ result: Result<[UInt8], BusReason>) {
        guard calls.removeValue(forKey: id) != nil else { return }
        events.append(.answered(id: id, result))
    }
}
