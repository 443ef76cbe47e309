import Schema
import Wire

/// The doors of a bus. Each is a socket of its own, so that what came over inproc, where nobody is authenticated, can never be
/// mistaken for what came over the network.
package enum Door: UInt8, Hashable, Sendable, CaseIterable {
    case members, localMembers, clients, localClients

    /// True for the two doors of clients.
    package var isForClients: Bool { self == .clients || self == .localClients }
    /// True for the two doors within the process.
    package var isLocal: Bool { self == .localMembers || self == .localClients }
}

/// One connection to the bus: the door, and the identity that the door's router gave it.
package struct Peer: Hashable, Sendable {
    package let door: Door
    package let identity: [UInt8]

    package init(door: Door, identity: [UInt8]) {
        self.door = door
        self.identity = identity
    }
}

/// What happens to a bus.
package enum BusInput: Sendable {
    /// A connection sent a frame. `user` is who its transport key belongs to; nil over inproc.
    case received(Peer, user: String?, PBToBus)
    /// A connection sent something that is no frame.
    case malformed(Peer)
    /// A frame could not be handed to a connection: it has gone, or does not read any more.
    case undeliverable(Peer, PBFromBus)
    /// All that has come in so far was handed over: a good moment to acknowledge.
    case drained
    /// Time has passed.
    case tick
    /// A member's connection subscribes to a topic at the fan-out door; nil over inproc.
    case subscribed(user: String?)
    /// The configuration says anew who may do what; the members named have lost a key, or are not listed any more.
    case ruled(BusRules, withoutKey: [String])
    /// A linked bus sent a frame of its own site, in order.
    case linkDelivered(site: String, topic: String, stamp: BusStamp, stampBytes: [UInt8], body: [UInt8])
    /// A linked bus answered a call that went to it.
    case linkAnswered(site: String, PBReply)
    /// A linked bus said what its replicas answer; an empty list when the link is down.
    case linkServices(site: String, [String])
    /// A linked bus cannot take a call at present; it was not sent.
    case linkRefused(site: String, id: UInt64)
}
