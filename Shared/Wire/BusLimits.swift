/// Every bound of the bus. Full means back-pressure or a refusal with a reason (BUS-20).
package enum BusLimits {
    /// Version of the bus protocol that Hello names.
    package static let protocolVersion: UInt32 = 2
    /// The one before, which is still spoken with who knows no other.
    package static let oldestProtocolVersion: UInt32 = 1
    /// Highest sequence of a stream; nobody gets there, and counting on from it cannot overflow.
    package static let highestSequence: UInt64 = 1 << 62
    /// Longest topic, in bytes.
    package static let topicBytes = 96
    /// Longest member, service or connection name, in bytes.
    package static let nameBytes = 128
    /// Largest body of a published frame, in bytes.
    package static let publishBodyBytes = 6 << 20
    /// Largest stamp, in bytes.
    package static let stampBytes = 512
    /// Largest ZeroMQ frame at the members' doors, in bytes; a larger one ends the connection.
    package static let memberMessageBytes = 8 << 20
    /// Largest ZeroMQ frame at the clients' door, in bytes.
    package static let clientMessageBytes = 1 << 20
    /// Publishes that a member may have unacknowledged on their way.
    package static let publishCredit = 1024
    /// Publishes that a member keeps for itself, on their way or waiting for credit; `publish` refuses more.
    package static let publishQueue = 8192
    /// Bytes of the publishes that a member keeps for itself.
    package static let publishQueueBytes = 64 << 20
    /// Frames that the log keeps of one stream.
    package static let logFrames = 8192
    /// Bytes of bodies and stamps that the log keeps of one stream.
    package static let logStreamBytes = 32 << 20
    /// Streams that a bus keeps; a publish that would open one more is refused.
    package static let streams = 512
    /// Bytes of frames in one answer to Backfill, beyond its first frame.
    package static let backfillBytes = 1 << 20
    /// Frames that a subscriber holds of one stream while a gap before them is repaired.
    package static let heldFrames = 4096
    /// Bytes of bodies that a subscriber holds of one stream while a gap is repaired.
    package static let heldBytes = 32 << 20
    /// Calls under way at a bus.
    package static let calls = 32_768
    /// Calls under way for one member that calls.
    package static let callsPerMember = 4096
    /// Calls under way for one client connection.
    package static let callsPerClient = 64
    /// Calls under way at one replica; the next goes elsewhere or is refused as overloaded.
    package static let callsPerReplica = 2048
    /// Services that one replica may answer.
    package static let servicesPerReplica = 16
    /// Client connections of a bus.
    package static let clientConnections = 4096
    /// Member connections of a bus.
    package static let memberConnections = 512
    /// Frames a second that one client connection may send in the long run.
    package static let clientFramesPerSecond = 200
    /// Frames that one client connection may send at once.
    package static let clientBurstFrames = 400
    /// Frames a second that one member connection may send in the long run; beyond it the member is cut off.
    package static let memberFramesPerSecond = 50_000
    /// Frames that one member connection may send at once.
    package static let memberBurstFrames = 100_000
    /// Frames that a member may send against its rights at once before it is cut off; it gains one a second.
    package static let overstepsAtOnce = 16
    package static let overstepsPerSecond = 1
    /// Largest frame that comes in at the fan-out door: a step of the CURVE handshake, which is larger than any subscription. A larger one ends the connection.
    package static let subscriptionBytes = 1_024
    /// Subscriptions of one member, all its connections together, at once; beyond it the member is cut off. It gains some a second, since each connection subscribes anew.
    package static let memberSubscriptions = 4_096
    package static let memberSubscriptionsPerSecond = 20
    /// Subscriptions of all members after which the fan-out door is opened anew, so that none of those who have gone are kept for ever.
    package static let subscriptions = 1 << 18
    /// Notices that a client connection keeps until its owner takes them; the oldest goes first.
    package static let clientNotices = 1024
    /// Messages that libzmq queues for one connection of a door.
    package static let doorHighWaterMark: Int32 = 4096
    /// Messages that libzmq queues for one subscriber.
    package static let fanOutHighWaterMark: Int32 = 4096
    /// Subscriptions that libzmq reads ahead of the bus from one connection.
    package static let subscriptionHighWaterMark: Int32 = 32
    /// Frames taken from one socket before the others get their turn.
    package static let drainFrames = 256
    /// Sockets of one ZeroMQ context.
    package static let contextSockets: Int32 = 8192
    /// Connections that wait to be accepted at one door.
    package static let acceptBacklog: Int32 = 256
}

/// Every time span of the bus, in milliseconds.
package enum BusTiming {
    /// A stream that was quiet for this long has its head told to every member, once (BUS-12).
    package static let headMilliseconds: UInt64 = 250
    /// Between two signs of life of a bus towards a connection.
    package static let probeMilliseconds: UInt64 = 10_000
    /// A member that heard nothing from its bus for this long connects anew.
    package static let silenceMilliseconds: UInt64 = 35_000
    /// Between two Hellos of a connection that has no Welcome yet.
    package static let helloMilliseconds: UInt64 = 500
    /// A call without a timeout of its own gets this one.
    package static let callDefaultMilliseconds: UInt32 = 5_000
    /// Longest timeout of a call.
    package static let callLongestMilliseconds: UInt32 = 60_000
    /// Calls that end within one such span are looked at together.
    package static let callBucketMilliseconds: UInt64 = 50
    /// What a caller waits beyond a call's timeout for the bus to say so.
    package static let callGraceMilliseconds: UInt64 = 500
    /// Between two ZMTP heartbeats of a connection.
    package static let heartbeatMilliseconds: Int32 = 5_000
    /// A connection silent for this long after a heartbeat is closed.
    package static let heartbeatTimeoutMilliseconds: Int32 = 15_000
    /// A handshake that takes longer is given up.
    package static let handshakeMilliseconds: Int32 = 5_000
    /// How long a member that has overstepped too often is cut off.
    package static let cutOffMilliseconds: UInt64 = 60_000
    /// First and longest wait before a lost connection is tried again.
    package static let reconnectMilliseconds: Int32 = 50
    package static let reconnectLongestMilliseconds: Int32 = 2_000
    /// What a closing socket still tries to send.
    package static let lingerMilliseconds: Int32 = 200
    /// How long a door tries to bind an address that a predecessor still holds.
    package static let bindMilliseconds: UInt64 = 5_000
    /// TCP keep-alive: idle time, then the time between probes, in seconds.
    package static let keepAliveIdleSeconds: Int32 = 30
    package static let keepAliveIntervalSeconds: Int32 = 10
    /// TCP keep-alive probes without an answer before the connection is given up.
    package static let keepAliveProbes: Int32 = 3
}
