import BusCore
import CZeroMQ
import Foundation
import Runtime
import Wire

/// The doors of a bus. Members and clients have a socket each for the network and for the process, so that a connection's door
/// says how far it can be believed (BUS-15, BUS-16).
struct BusSockets {
    /// In the order of `Door.allCases`, as far as they are open.
    private(set) var doors: [(door: Door, socket: ZMQSocket)] = []
    private(set) var fanOut: ZMQSocket?
    /// Where the network reaches the fan-out door, with the port that was chosen.
    private var fanOutEndpoint: String?

    /// Opens the doors.
    /// - Returns: where they are.
    mutating func open(_ context: ZMQContext, _ configuration: BusConfiguration) throws(ZMQError) -> BusDoors {
        let site = configuration.rules.site
        let local = configuration.doors.localName.map { BusDoors.local($0) }
        var bound = configuration.doors
        let fanOut = try ZMQSocket(context, .extendedPublish)
        try fanOut.setBounds(highWaterMark: configuration.fanOutHighWaterMark, messageBytes: BusLimits.subscriptionBytes)
        // libzmq reads a connection's subscriptions until its queue is empty before it hands the first to the bus: with a long queue, who
        // subscribes without end fills the memory. A short one is empty soon; nothing is lost, since the connection waits.
        try fanOut.set(ZMQ_RCVHWM, BusLimits.subscriptionHighWaterMark)
        // Each subscription is told, also to a topic that somebody else hears already: members have a bound of them.
        try fanOut.set(ZMQ_XPUB_VERBOSE, 1)
        self.fanOut = fanOut
        if let key = configuration.key { try fanOut.guardDoor(key: key, domain: BusThread.membersDomain(site)) }
        if let local { try BusSockets.bind(fanOut, local.fanOut) }
        if let endpoint = configuration.doors.fanOut {
            bound.fanOut = try BusSockets.bind(fanOut, endpoint)
            fanOutEndpoint = bound.fanOut
        }
        for door in Door.allCases {
            let endpoint: String? =
                switch door {
                case .members: configuration.doors.members
                case .localMembers: local?.members
                case .clients: configuration.doors.clients
                case .localClients: local?.clients
                }
            guard let endpoint else { continue }
            let socket = try BusSockets.router(context, door, configuration)
            let address = try BusSockets.bind(socket, endpoint)
            if door == .members { bound.members = address }
            if door == .clients { bound.clients = address }
            doors.append((door, socket))
        }
        return bound
    }

    /// Ends all connections of the network to the fan-out door, which come again and ask for what they missed: the one way to be rid of a subscriber.
    func reopenFanOut() throws(ZMQError) {
        guard let fanOut, let fanOutEndpoint else { return }
        try fanOut.unbind(fanOutEndpoint)
        try BusSockets.bind(fanOut, fanOutEndpoint)
    }

    func close() {
        for (_, socket) in doors { socket.close() }
        fanOut?.close()
    }

    private static func router(_ context: ZMQContext, _ door: Door, _ configuration: BusConfiguration) throws(ZMQError) -> ZMQSocket {
        let socket = try ZMQSocket(context, .router)
        let messageBytes = door.isForClients ? BusLimits.clientMessageBytes : BusLimits.memberMessageBytes
        try socket.setBounds(highWaterMark: BusLimits.doorHighWaterMark, messageBytes: messageBytes)
        // Without it a frame to a connection that has gone would vanish without a word.
        try socket.set(ZMQ_ROUTER_MANDATORY, 1)
        if !door.isLocal, let key = configuration.key {
            let site = configuration.rules.site
            let domain = door.isForClients ? BusThread.clientsDomain(site) : BusThread.membersDomain(site)
            try socket.guardDoor(key: key, domain: domain)
        }
        return socket
    }

    /// Binds, and waits for a predecessor that still holds the address.
    @discardableResult
    private static func bind(_ socket: ZMQSocket, _ endpoint: String) throws(ZMQError) -> String {
        let end = BusClock.now().monotonicMilliseconds + BusTiming.bindMilliseconds
        while true {
            do {
                return try socket.bind(endpoint)
            } catch {
                guard error.code == EADDRINUSE, BusClock.now().monotonicMilliseconds < end else { throw error }
                usleep(20_000)
            }
        }
    }
}
