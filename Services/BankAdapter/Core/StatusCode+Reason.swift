import Wire

extension StatusCode {
    /// The ISO code of every reason that a chain can give. No default: a new reason does not compile until somebody has thought about it here.
    package init(_ reason: Reason) {
        switch reason {
        case .insufficientFunds: self = .insufficientFunds
        case .unknownPayee, .notReceiver: self = .creditorAccount
        case .unknownPayer: self = .debtorAccount
        case .unknownContract: self = .currency
        case .termsViolated: self = .amount
        case .deadlinePassed: self = .settlementTimeout
        case .deadlineTooFar, .deadlineTooNear, .badSignature, .nonceOutsideWindow, .watchRefused: self = .technical
        case .alreadyExists, .nonceUsed, .duplicateTransaction: self = .duplication
        case .crossAlreadyEnded, .alreadyDecided, .notHeld, .unknownCross, .evidenceInvalid, .evidenceMissing: self = .settlementFailed
        case .tooManyAssets: self = .unsupportedType
        case .malformed, .tooLarge: self = .format
        case .wrongChain, .wrongNetwork, .chainUnknown, .chainLeft: self = .agent
        case .missingAuthorization, .notInitiator: self = .accessRight
        case .overloaded, .notReady, .notFound, .delayed: self = .systemUnavailable
        case .reserveShort, .capReached: self = .settlementLimit
        case .notAllowed: self = .forbidden
        case .refusedByReceiver: self = .unspecifiedByAgent
        case .cancelledByInitiator: self = .withdrawn
        case .chainFrozen, .paused: self = .suspended
        case .stateMismatch, .wrongParent, .wrongSlot, .wrongTime, .recordInvalid, .unknownBranch, .wrongWork, .epochUnknown, .consentMissing,
            .notaryHeadInvalid, .thawUnknown:
            self = .settlementError
        // Of stakes, elections, contracts and chains: no payment ever ends so.
        case .noSuchNode, .stakeShort, .stakeFull, .unlistedNode, .unknownVoter, .superseded, .contractSuperseded, .keyTaken, .nameTaken, .chainsFull: self = .unspecifiedByAgent
        }
    }
}

extension StatusReason {
    /// What a chain said, in ISO's words.
    package init(_ reason: Reason) { self.init(StatusCode(reason), "the ledger says \(reason.code)") }

    /// Why held money came back.
    ///
    /// - Parameter words: what the receiver's refusal said, where it is known; another bank's adapter begins with a code.
    package init(refunded reason: Reason, words: String?) {
        switch reason {
        case .deadlinePassed: self.init(.creditorAgentTimeout, "the creditor's bank did not answer before the deadline; the money came back")
        case .refusedByReceiver:
            if let words, let (code, narrative) = StatusCode.leading(words) {
                self.init(code, "the creditor's bank says: \(narrative)")
            } else {
                self.init(.unspecifiedByAgent, "the creditor's bank refused\(words.map { ": \($0)" } ?? "")")
            }
        default: self.init(StatusCode(reason), "the money came back: \(reason.code)")
        }
    }
}
