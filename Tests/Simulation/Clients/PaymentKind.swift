/// What a simulated payer tries.
package enum PaymentKind: String, Sendable, CaseIterable {
    case transfer
    /// More than the payer owns.
    case transferPoor = "transfer_poor"
    case transferUnknownPayee = "transfer_unknown_payee"
    case transferBadSignature = "transfer_bad_signature"
    /// Handed to a collector of another chain.
    case transferWrongChain = "transfer_wrong_chain"
    /// The same bytes to two collectors at once (faults case 36).
    case transferTwice = "transfer_twice"
    /// The same bytes a hundred times, to all collectors in turn (case 36).
    case transferMany = "transfer_many"
    /// An amount that no sum may take part in (case 39).
    case transferOverflow = "transfer_overflow"
    /// Well signed, and in other bytes than the one form they may have (case 40).
    case transferMalformed = "transfer_malformed"
    /// One nonce, two contents, two collectors (cases 37, 38).
    case doubleSpend = "double_spend"
    case register
    /// Goes behind a node of a chain that votes by stake, and partly comes back.
    case bond
    case crossConfirmed = "cross_confirmed"
    case crossRefused = "cross_refused"
    /// The receiver never answers.
    case crossSilent = "cross_silent"
    /// The payer cancels while the receiver confirms.
    case crossCancelled = "cross_cancelled"
    case crossPoor = "cross_poor"
    /// An amount that the rate does not give.
    case crossBadTerms = "cross_bad_terms"
    /// An amount whose exchange goes beyond 64 bits (case 39).
    case crossOverflow = "cross_overflow"

    /// Under a contract that somebody declares meanwhile (A14); it may be too early.
    case crossDeclared = "cross_declared"

    /// Into a peg's custody, and back from its side chain (B1, B4); either may be too early, or more than there is.
    case lock
    case redeem

    /// Two to five legs between any accounts on several chains (A15); all who have to consent do.
    case agreement
    /// One who has to consent refuses.
    case agreementRefused = "agreement_refused"
    /// One who has to consent never answers.
    case agreementSilent = "agreement_silent"

    package var isAgreement: Bool { self == .agreement || self == .agreementRefused || self == .agreementSilent }

    package var isCross: Bool {
        switch self {
        case .crossConfirmed, .crossRefused, .crossSilent, .crossCancelled, .crossPoor, .crossBadTerms, .crossOverflow, .crossDeclared: true
        default: false
        }
    }

    /// How often it is handed in at once.
    var copies: Int {
        switch self {
        case .transferTwice: 2
        case .transferMany: 100
        default: 1
        }
    }

    /// Whether it can never go through.
    package var isWrong: Bool {
        switch self {
        case .transferPoor, .transferUnknownPayee, .transferBadSignature, .transferWrongChain, .transferOverflow, .transferMalformed, .crossPoor,
            .crossBadTerms, .crossOverflow:
            true
        default: false
        }
    }

    /// How often each is drawn, in parts of the whole list.
    static let weighted: [PaymentKind] = [
        .transfer, .transfer, .transfer, .transfer, .transfer, .transfer, .transferPoor, .transferUnknownPayee,
        .transferBadSignature, .transferWrongChain, .transferTwice, .transferMany, .transferOverflow, .transferMalformed,
        .doubleSpend, .register, .bond, .bond,
        .crossConfirmed, .crossConfirmed, .crossConfirmed, .crossConfirmed, .crossConfirmed, .crossConfirmed, .crossConfirmed,
        .crossRefused, .crossSilent, .crossCancelled, .crossPoor, .crossBadTerms,
        .crossOverflow,
        .agreement, .agreement, .agreement, .agreementRefused, .agreementSilent,
    ]
}

/// How a device learns of legs that wait for it.
package enum DeviceManner: Sendable {
    case watches, polls
}
