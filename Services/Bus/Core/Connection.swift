import Determinism
import Wire

/// What the bus knows of one connection that has said Hello.
struct Connection: Sendable {
    let peer: Peer
    /// Instance name; for clients the name of the connection.
    let name: String
    /// Who its transport key belongs to, as on every frame; nil over inproc.
    let user: String?
    /// What a member may do; nil for clients.
    var rights: MemberRights?
    /// Protocol version that it speaks.
    var version: UInt32
    var services: [String] = []
    /// Number of the last publish taken.
    var lastNumber: UInt64 = 0
    var owesAcknowledgement = false
    /// Calls of it under way.
    var callingCount = 0
    /// Calls under way that it is to answer.
    var answeringCount = 0
    /// When it was last chosen to answer: a count, so that idle replicas take turns.
    var chosenAt: UInt64 = 0
    /// Frames that it may send.
    var bucket: TokenBucket
    /// When it last got something from the bus, monotonic milliseconds.
    var servedMilliseconds: UInt64

    init(peer: Peer, name: String, user: String?, rights: MemberRights?, version: UInt32, now: Moment) {
        self.version = version
        self.peer = peer
        self.name = name
        self.user = user
        self.rights = rights
        servedMilliseconds = now.monotonicMilliseconds
        bucket = rights == nil
            ? TokenBucket(perSecond: BusLimits.clientFramesPerSecond, burst: BusLimits.clientBurstFrames, now: now)
            : TokenBucket(perSecond: BusLimits.memberFramesPerSecond, burst: BusLimits.memberBurstFrames, now: now)
    }
}
