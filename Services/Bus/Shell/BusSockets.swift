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

    /// Opens the doors.
    /// - Returns: where they are.
    mutating func open(_ context: ZMQContext, _ configuration: BusConfiguration) throws(ZMQError) -> BusDoors {
        let site = configuration.rules.site
        let local = configuration.doors.localName.map { BusDoors.local($0) }
        var bound = configuration.doors
        let fanOut = try ZMQSocket(context, .extendedPublish)
        try fanOut.setBounds(highWaterMark: configuration.fanOutHighWaterMark, messageBytes: BusLimits.memberMessageBytes)
        self.fanOut = fanOut
        if let key = configuration.key { try fanOut.guardDoor(key: key, domain: BusThread.membersDomain(site)) }
        if let local { try BusSockets.bind(fanOut, local.fanOut) }
        if let endpoint = configuration.doors.fanOut { bound.fanOut = try BusSockets.bind(fanOut, endpoint) }
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
