import BusCore

/// How a bus stands, as of its last turn.
package struct BusSnapshot: Sendable {
    package var site = ""
    /// When its thread last looked up, monotonic milliseconds; nil before its first turn.
    package var aliveMilliseconds: UInt64?
    package var memberCount = 0
    package var clientCount = 0
    package var streamCount = 0
    package var callCount = 0
    /// What came in at the doors, and what went out: to one connection, or to all subscribers of a topic.
    package var receivedFrames: UInt64 = 0
    package var sentFrames: UInt64 = 0
    package var fannedOutFrames: UInt64 = 0
    package var fannedOutBytes: UInt64 = 0
    package var undeliverableFrames: UInt64 = 0
    package var counts: [BusCount: UInt64] = [:]
    /// Buses of other sites, and whether the connection to each stands.
    package var links: [(site: String, isConnected: Bool)] = []
}

extension BusCount {
    /// What an operator makes of it.
    package enum Sense: Sendable { case handled, refused, dropped }

    package var sense: Sense {
        switch self {
        case .published, .imported, .answeredBackfill, .called, .replied, .pushed, .movedCall, .revoked, .reopenedFanOut: .handled
        case .forbiddenPublish, .forbiddenCall, .forbiddenReply, .forbiddenPush, .forbiddenBackfill, .malformedFrame, .unknownConnection, .wrongName,
            .wrongNetwork, .wrongVersion, .outOfOrderPublish, .rateLimited, .overloaded, .noService, .cutOff, .frameWhileCutOff:
            .refused
        case .duplicatePublish, .callTimeout, .lateReply, .brokenCall, .forgottenConnection, .foreignFrame, .unknownClient: .dropped
        }
    }

    /// Its name in metrics: `forbidden_publish`.
    package var metricName: String {
        var name = ""
        for character in rawValue {
            if character.isUppercase { name += "_" }
            name += character.lowercased()
        }
        return name
    }
}
