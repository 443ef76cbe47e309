import Wire

/// A fact that reaches a wallet.
package enum WalletInput: Sendable {
    /// The payer wants this paid. The key names no other payment of the wallet.
    case start(PaymentKey, PaymentOrder)
    /// A payment kept by an earlier run: it is handed in again, byte for byte.
    case resume(PaymentKey, SignedPayment)
    /// The initiator withdraws a cross payment, as far as that is still possible.
    case cancel(PaymentKey)
    /// The answer to a request.
    case answered(call: UInt64, Response)
    /// No answer came: a timeout, or nobody to be reached.
    case unanswered(call: UInt64)
    /// A collector told this wallet something.
    case noticed(Notice)
    /// Connections were made anew: collectors do not know any more whom to tell.
    case reconnected
    /// `nextMilliseconds` has been reached.
    case tick
    /// Nobody waits any longer: what has not ended stays open.
    case giveUp
}
