import CZeroMQ
import Cryptography
import DequeModule
import Foundation
import Schema
import Wire

/// A member's, or client's, connection to its bus. One thread owns it: it waits for `pollItems`, at most
/// `millisecondsUntilWork`, and then takes `receive()`.
///
/// It connects again by itself, says Hello again, sends publishes without acknowledgement again (a frame may so be published
/// twice; receivers know what they have seen), and repairs its streams.
package final class BusClient {
    enum Phase: Equatable {
        /// Says Hello until it is welcomed.
        case joining(nextHelloMilliseconds: UInt64)
        case joined
    }

    /// A call whose answer is outstanding.
    struct CallUnderWay {
        var deadlineMilliseconds: UInt64
    }

    let context: ZMQContext
    let configuration: BusClientConfiguration
    var dealer: ZMQSocket
    var monitor: ZMQMonitor
    var subscriber: ZMQSocket?

    var phase: Phase
    /// Services that it answers, as the next Hello says.
    var services: [String]
    /// Counts Hellos, so that a Welcome of an earlier connection is not taken for the present one.
    var attempt: UInt64 = 0
    /// Protocol version spoken with the bus.
    package internal(set) var version: UInt32
    /// When the bus was last heard, monotonic milliseconds.
    var heardMilliseconds: UInt64
    /// Events not yet given to the owner.
    var events: [BusEvent] = []

    var subscriptions: [BusPattern]
    /// Subscriptions that no Welcome has set the start of yet.
    var freshSubscriptions: [BusPattern]
    var streams: [StreamName: StreamFollower] = [:]
    /// libzmq took no question about a gap; to be asked again shortly.
    var isRepairStalled = false
    /// Newest boot epoch known per site.
    var epochs: [String: UInt64] = [:]

    var publisher = PublishQueue()
    var calls: [UInt64: CallUnderWay] = [:]
    /// No call ends before this.
    var earliestCallEnd = UInt64.max
    /// Encoded calls that wait for a connection.
    var waitingCalls: Deque<(id: UInt64, frame: PBToBus)> = []

    /// The name of a stream: a topic has one stream per site.
    struct StreamName: Hashable {
        let topic: String
        let site: String
    }

    /// Starts to connect.
    /// - Throws: `ZMQError` when an endpoint has no valid form.
    package init(context: ZMQContext, configuration: BusClientConfiguration) throws(ZMQError) {
        self.context = context
        self.configuration = configuration
        version = configuration.versions.upperBound
        services = configuration.services
        subscriptions = configuration.subscriptions
        freshSubscriptions = configuration.subscriptions
        let now = BusClock.now().monotonicMilliseconds
        phase = .joining(nextHelloMilliseconds: now)
        heardMilliseconds = now
        (dealer, monitor) = try BusClient.openDealer(context, configuration)
        subscriber = try BusClient.openSubscriber(context, configuration, configuration.subscriptions)
    }

    deinit { monitor.close() }

    /// True while the bus knows the connection.
    package var isJoined: Bool { phase == .joined }

    /// Publishes that the bus has not acknowledged yet.
    package var unacknowledgedCount: Int { publisher.count }

    /// What the owner's thread waits for.
    package var pollItems: [ZMQPollItem] {
        [.socket(dealer), .socket(monitor.socket)] + (subscriber.map { [.socket($0)] } ?? [])
    }

    /// The longest the owner's thread may wait before it calls `receive()` again.
    package func millisecondsUntilWork() -> Int {
        if !events.isEmpty { return 0 }
        var next = heardMilliseconds + configuration.silenceMilliseconds
        if case .joining(let hello) = phase { next = min(next, hello) }
        next = min(next, earliestCallEnd)
        let now = BusClock.now().monotonicMilliseconds
        if publisher.isStalled || isRepairStalled { next = min(next, now + 10) }
        return next > now ? Int(next - now) : 0
    }

    /// Takes what has come in, without waiting.
    /// - Returns: at most some hundreds of events; call again while `millisecondsUntilWork` is 0 or a poll item is readable.
    /// - Throws: `ZMQError` when the sockets are of no use any more.
    package func receive() throws(ZMQError) -> [BusEvent] {
        try watchConnection()
        // The fan-out first: a head told by the bus then finds its frame delivered already.
        try receiveFrames()
        try receiveAnswers()
        try keepTime()
        try sendPublishes()
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    /// Takes one frame of the fan-out as if a socket had brought its parts: what `receive` does with each, for those who have no bus.
    /// - Returns: the events that it led to.
    package func read(fanOut parts: [[UInt8]]) throws(ZMQError) -> [BusEvent] {
        try take(fanOut: parts)
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    /// Takes one frame of the bus as if the door had brought its bytes; like `read(fanOut:)`.
    package func read(answer bytes: [UInt8]) throws(ZMQError) -> [BusEvent] {
        try take(answer: bytes)
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    /// Hears one more topic, from its next frame on; every frame after the following Welcome is delivered.
    package func subscribe(_ pattern: BusPattern) throws(ZMQError) {
        guard let subscriber, !subscriptions.contains(pattern) else { return }
        subscriptions.append(pattern)
        freshSubscriptions.append(pattern)
        try subscriber.set(ZMQ_SUBSCRIBE, pattern.subscription)
        if phase == .joined { _ = try sendHello() }
    }

    /// Leaves the bus: calls that this replica has not answered go to others, so it must not have begun them.
    package func leave() throws(ZMQError) {
        var frame = PBToBus()
        frame.goodbye = PBGoodbye()
        _ = try send(frame)
    }

    // MARK: sockets

    static func openDealer(_ context: ZMQContext, _ configuration: BusClientConfiguration) throws(ZMQError) -> (ZMQSocket, ZMQMonitor) {
        let dealer = try ZMQSocket(context, .dealer)
        try dealer.setBounds(highWaterMark: configuration.highWaterMark, messageBytes: configuration.messageBytes)
        // Nothing is queued for a connection that does not stand: after a break it is we who know what to send again.
        try dealer.set(ZMQ_IMMEDIATE, 1)
        if let identity = configuration.identity { try dealer.identify(identity) }
        let monitor = try ZMQMonitor(dealer)
        try dealer.connect(configuration.door)
        return (dealer, monitor)
    }

    static func openSubscriber(
        _ context: ZMQContext, _ configuration: BusClientConfiguration, _ subscriptions: [BusPattern]
    ) throws(ZMQError) -> ZMQSocket? {
        guard let fanOut = configuration.fanOut else { return nil }
        let subscriber = try ZMQSocket(context, .subscribe)
        try subscriber.setBounds(highWaterMark: configuration.highWaterMark, messageBytes: configuration.messageBytes)
        if let identity = configuration.identity { try subscriber.identify(identity) }
        for pattern in subscriptions { try subscriber.set(ZMQ_SUBSCRIBE, pattern.subscription) }
        try subscriber.connect(fanOut)
        return subscriber
    }

    /// Sends one frame; everything the client says goes through here.
    func send(_ frame: PBToBus) throws(ZMQError) -> ZMQSocket.Sent {
        guard let bytes: [UInt8] = try? frame.serializedBytes() else {
            preconditionFailure("a frame has no required fields that could lack")
        }
        return try dealer.send([bytes])
    }
}
