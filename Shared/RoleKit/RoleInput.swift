import Cryptography
import Wire

/// A fact that reaches a role's core.
package enum RoleInput: Sendable {
    /// The role runs: recovered state was given at creation, links are up.
    case started
    /// A frame of a subscribed topic, each once and in order per publisher's bus. `publisher` is the authenticated member name,
    /// a `RoleAddress` in text form.
    case delivered(Message, publisher: String)
    /// Frames of a topic are gone for good: catch up by height.
    case lost(Topic)
    /// A request to be answered by `.reply` with the same token; `client` names a client connection, nil for members.
    case requested(Request, token: UInt64, client: String?)
    /// The answer to a `.call`, or the failure the transport reports.
    case answered(call: UInt64, Response)
    /// A timer set by `.setTimer` has run out; it is no longer set.
    case timerFired(TimerID)
    /// The answers to a `.check`, in its order.
    case checked(token: UInt64, [Bool])
    /// The nonce that a `.mine` was looking for.
    case mined(token: UInt64, nonce: UInt64)
    /// The answer to a `.read` or `.find`: rows by ascending key.
    case rows(token: UInt64, [StoredRow])
}

/// Names a timer of one core. Setting it again replaces it.
package struct TimerID: Hashable, Sendable {
    /// A number of the core's own.
    package var kind: UInt8
    package var key: UInt64

    package init(kind: UInt8, key: UInt64 = 0) {
        self.kind = kind
        self.key = key
    }
}
