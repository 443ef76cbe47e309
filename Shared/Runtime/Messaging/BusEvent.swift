import Cryptography
import Wire

/// One published frame, as a subscriber gets it: exactly once and in order per stream.
package struct BusDelivery: Sendable, Equatable {
    /// Its topic.
    package let topic: String
    /// Where it stands in its stream.
    package let stamp: BusStamp
    /// The exact bytes of the stamp.
    package let stampBytes: [UInt8]
    /// The exact bytes that the publisher gave.
    package let body: [UInt8]

    /// The frame hash that the next frame of the stream repeats.
    package var hash: Digest { BusStamp.frameHash(topic: topic, stamp: stampBytes, body: body) }
}

/// What `BusClient` tells its owner.
package enum BusEvent: Sendable, Equatable {
    /// A frame of a topic that the owner subscribed to.
    case delivered(BusDelivery)
    /// A request for a service that the owner answers; answer it with `reply(id, ...)`.
    /// - client: the client connection it came from, empty for members; caller: who sent it, authenticated.
    case called(id: UInt64, service: String, body: [UInt8], caller: String, client: String)
    /// The answer to a call of the owner's, or why there is none.
    case answered(id: UInt64, Result<[UInt8], BusReason>)
    /// News from a service, at the clients' door.
    case pushed([UInt8])
    /// The bus has every publish up to this ticket.
    case acknowledged(through: UInt64)
    /// Frames that no log holds any more: catch up by height.
    case lost(topic: String, site: String, from: UInt64, through: UInt64)
    /// A frame that does not name its predecessor's hash, also when asked for again: the bus of that site is at fault. The
    /// frame was delivered, and the chain goes on from it.
    case broken(topic: String, site: String, sequence: UInt64)
    /// A bus started anew: its streams begin at 1 again, and what it had not sent on is gone.
    case restarted(site: String)
    /// The bus knows the connection.
    /// - connection: at the clients' door, the name under which services push to it.
    case welcomed(site: String, bootEpoch: UInt64, connection: String)
    /// The connection broke; it is tried again.
    case disconnected
    /// The bus refused the connection or a frame.
    case refused(BusReason, detail: String)
    /// What the replicas at a linked bus answer.
    case services([String])
}
