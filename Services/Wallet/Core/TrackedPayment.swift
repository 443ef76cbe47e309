import Cryptography
import Determinism
import Wire

/// One payment of a wallet, from its order to its receipt.
struct TrackedPayment: Sendable {
    enum Stage: Hashable, Sendable {
        /// Waits for its turn.
        case queued
        /// Waits for a nonce or for the deciding chain's time.
        case preparing
        /// To be handed in, or handed in without an answer yet.
        case submitting
        /// Taken: asked after until it has ended.
        case following
        /// Perhaps ended, in a way that the collectors asked no longer know: its receipt tells.
        case inquiring
        /// Ended; its receipt is being fetched.
        case proving
        case done
    }

    /// Nil for a resumed payment.
    var order: PaymentOrder?
    var stage = Stage.queued
    var signed: SignedPayment?
    /// Kept for a cancellation.
    var cross: CrossTransaction?
    /// Of a transfer.
    var nonce: UInt64?
    /// Door of the home chain's collectors that took it, or is tried.
    var door: Int?
    /// Whether a collector may have it, though nobody said so.
    var isUncertain = false
    var isAccepted = false
    var isHeld = false
    /// Whether a request of its own is under way.
    var isAsking = false
    /// Times handed in, asked after, renewed, refused and inquired into.
    var attempts = 0
    var polls = 0
    var renewals = 0
    var refusals = 0
    var inquiries = 0
    var receiptAttempts = 0
    /// The entry of the due queue that counts, monotonic milliseconds; older entries are void.
    var due: UInt64?
    /// What the deciding chain said.
    var cause: PaymentOutcome.RefundCause?
    var times: PaymentTimes
    var outcome: PaymentOutcome?

    init(order: PaymentOrder?, at now: Moment) {
        self.order = order
        times = PaymentTimes(started: now)
    }

    var isEnded: Bool { outcome != nil }

    /// A wait that doubles with every attempt.
    static func backOff(_ attempt: Int, first: UInt64, longest: UInt64) -> UInt64 {
        min(longest, first << UInt64(min(max(0, attempt - 1), 16)))
    }
}
