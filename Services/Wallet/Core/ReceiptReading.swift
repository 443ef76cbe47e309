import Cryptography
import Wire

/// What a receipt says of a payment.
struct ReceiptReading: Sendable {
    /// Nil while the receipt does not show the end.
    private(set) var outcome: PaymentOutcome?
    /// Whether it shows the end, and the notary chain's record of every block it names.
    private(set) var isComplete = false

    init(_ receipt: Receipt, of payment: SignedPayment, network: Digest) {
        var cause = PaymentOutcome.RefundCause.deadlinePassed
        var hasDeciding = payment.xid == nil
        var end: PaymentOutcome?
        for part in receipt.parts {
            guard let transaction = try? Transaction(decoding: part.transaction, chain: part.chain, network: network),
                transaction.id == payment.id || (payment.xid != nil && transaction.xid == payment.xid)
            else { continue }
            switch transaction.kind {
            case .transfer, .register, .bond, .unbond, .lock, .redeem: end = part.outcome.rejection.map { .rejected($0) } ?? .settled
            case .open: if part.chain == payment.chain, let reason = part.outcome.rejection { end = .rejected(reason) }
            case .confirm: hasDeciding = true
            case .refuse: cause = .refusedByReceiver
            case .cancel: cause = .cancelledByInitiator
            case .settle: if part.chain == payment.chain { end = .settled }
            case .refund(let resolution):
                if resolution.frozen != nil { cause = .chainFrozen }
                if part.chain == payment.chain { end = .refunded(.deadlinePassed) }
            case .record, .evidence, .candidacy, .ballot, .closing, .status, .deploy, .adopt, .issue, .release, .pause, .heed, .join: break
            }
        }
        if case .refunded = end { end = .refunded(cause) }
        outcome = end
        isComplete = end != nil && (end != .settled || hasDeciding) && receipt.parts.allSatisfy { $0.record != nil }
    }
}
