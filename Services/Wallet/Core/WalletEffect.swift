import Cryptography
import Wire

/// An order of a wallet or a device to its shell, carried out in list order.
package enum WalletEffect: Sendable {
    /// Answered once: by `.answered` or `.unanswered` with the same number.
    case request(call: UInt64, service: String, Request, timeoutMilliseconds: UInt64)
    /// Kept on disk before any later request leaves, so that a payment resumed after a crash is the same payment.
    case keep(PaymentKey, SignedPayment)
    /// A payment passed a mark.
    case marked(PaymentKey, PaymentMark)
    /// A payment ended, once.
    case ended(PaymentKey, PaymentOutcome, PaymentTimes)
    /// What proves the end of a payment; may be without some notary records when these did not come in time.
    case receipt(PaymentKey, Receipt)
    /// A device answered a leg for an account, or left it unanswered, by its rules.
    case answered(LegNotice, PublicKey, AgentRule.Action)
}

/// Marks that a payment passes on its way.
package enum PaymentMark: String, Hashable, Sendable, CaseIterable {
    /// The payer's device made and signed it (S810).
    case signed
    /// A collector has stored it (S820).
    case accepted
    /// The payer's value is held.
    case held
    /// The receiver is sure of it.
    case receiverSure = "receiver_sure"
    /// The payer's device has sent it again, now that the receiver is sure (S821).
    case sentAgain = "sent_again"
    /// The receiver has refused it.
    case refused
}
