import Schema
import Wire

/// What a bus wants done, in order.
package enum BusEffect: Sendable {
    /// Hand a frame to a connection; if that is impossible, `.undeliverable` must follow.
    case send(Peer, PBFromBus)
    /// Hand one frame to several connections.
    case sendAll([Peer], PBFromBus)
    /// Send a frame to the subscribers of its topic.
    case fanOut(topic: String, stamp: [UInt8], body: [UInt8])
    /// Send a call on to the bus of another site; answered by `.linkAnswered` or `.linkRefused`.
    case callOverLink(site: String, PBCall)
    /// Send news on to the bus that has the client's connection.
    case pushOverLink(site: String, PBPush)
    /// Nobody with the key of these members comes in any more, and who is in at the fan-out door goes: it is opened anew. An earlier list is void.
    case keepOut([String])
    /// Open the fan-out door anew: subscribers come again and ask for what they missed.
    case reopenFanOut
    /// Tell people of something that only they can mend.
    case warn(String)
    /// Count something for the operator.
    case count(BusCount)
}

/// What a bus counts.
package enum BusCount: String, Sendable, CaseIterable {
    case published, imported, answeredBackfill, called, replied, pushed
    case forbiddenPublish, forbiddenCall, forbiddenReply, forbiddenPush, forbiddenBackfill
    case malformedFrame, unknownConnection, wrongName, wrongNetwork, wrongVersion, outOfOrderPublish, duplicatePublish
    case rateLimited, overloaded, noService, callTimeout, lateReply, movedCall, brokenCall
    case forgottenConnection, foreignFrame, unknownClient
    case cutOff, frameWhileCutOff, revoked, reopenedFanOut
}
