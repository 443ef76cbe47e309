import Determinism
import Wire

/// What became of a payment.
package enum PaymentOutcome: Hashable, Sendable {
    /// The receiver has it, and the payer's part is done.
    case settled
    /// What was held went back to the payer.
    case refunded(RefundCause)
    /// Nothing moved.
    case rejected(Reason)
    /// The wallet stopped following it before it ended; it will end by itself.
    case open

    /// Why a held payment came back.
    package enum RefundCause: String, Hashable, Sendable, CaseIterable {
        case refusedByReceiver = "refused_by_receiver"
        case deadlinePassed = "deadline_passed"
        case cancelledByInitiator = "cancelled_by_initiator"
        /// The deciding chain was frozen, or left, without having decided.
        case chainFrozen = "chain_frozen"

        /// Nil for a reason that no refund has.
        package init?(_ reason: Reason) {
            self.init(rawValue: reason.code)
        }
    }

    /// Stable name for people, JSON and CSV.
    package var name: String {
        switch self {
        case .settled: "settled"
        case .refunded: "refunded"
        case .rejected: "rejected"
        case .open: "open"
        }
    }

    /// Why, as a stable code; empty for what settled or is open.
    package var reason: String {
        switch self {
        case .settled, .open: ""
        case .refunded(let cause): cause.rawValue
        case .rejected(let reason): reason.code
        }
    }

    /// Whether a block holds the end of it, so that a receipt can prove it.
    package var mayHaveReceipt: Bool {
        switch self {
        case .settled, .refunded: true
        case .rejected(let reason): reason.isOutcome
        case .open: false
        }
    }
}

/// When a payment passed its marks, by the wallet's own clock.
package struct PaymentTimes: Hashable, Sendable {
    /// The payer asked for it (S810).
    package var started: Moment
    /// A collector has stored it (S820).
    package var accepted: Moment?
    /// The receiver is sure: the deciding leg, or the transfer, is final.
    package var receiverSure: Moment?
    /// The payer is sure: settled, refunded or rejected.
    package var payerSure: Moment?

    package init(started: Moment) {
        self.started = started
    }

    /// Milliseconds from the start to a mark; nil while it has not passed.
    package func milliseconds(to mark: KeyPath<PaymentTimes, Moment?>) -> UInt64? {
        self[keyPath: mark]?.milliseconds(since: started)
    }
}
