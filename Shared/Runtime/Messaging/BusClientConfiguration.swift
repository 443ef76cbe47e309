import Cryptography
import Wire

/// How a member or a client meets its bus.
package struct BusClientConfiguration: Sendable {
    /// Instance name, `collector.alpha@alpha-1/1`. Over TCP it must belong to the transport key.
    package var name: String
    /// Network id.
    package var network: Digest
    /// The door for what is sent: the members' or the clients' door.
    package var door: String
    /// The fan-out door; nil at the clients' door, which has none.
    package var fanOut: String?
    /// Proof towards the doors; nil over inproc.
    package var identity: TransportIdentity?
    /// Services that the owner answers.
    package var services: [String] = []
    /// Topics heard from the start.
    package var subscriptions: [BusPattern] = []
    /// Hears only streams of this site; nil hears all.
    package var onlySite: String?
    /// Starts each stream with the oldest frame that the log holds instead of with the next one.
    package var fromOldest = false
    /// Messages that libzmq queues for each socket.
    package var highWaterMark: Int32 = BusLimits.fanOutHighWaterMark
    /// Largest ZeroMQ frame taken.
    package var messageBytes = BusLimits.memberMessageBytes
    /// Protocol versions that the owner speaks: the newest first (BUS-27).
    package var versions = BusLimits.oldestProtocolVersion...BusLimits.protocolVersion
    /// Silence after which the connection is made anew.
    package var silenceMilliseconds = BusTiming.silenceMilliseconds

    package init(name: String, network: Digest, door: String, fanOut: String?, identity: TransportIdentity?) {
        self.name = name
        self.network = network
        self.door = door
        self.fanOut = fanOut
        self.identity = identity
    }
}
