import Wire

extension Reason {
    /// Whether a transaction that is invalid for this reason may become valid without changing its id: a later block, or
    /// other evidence, can make the condition true.
    ///
    /// A builder keeps such a transaction for later. For any other reason nothing can ever help it, and the reason is its
    /// final answer.
    package var isTemporary: Bool {
        switch self {
        // The account may still be opened, filled or emptied, the window may still slide up.
        case .unknownPayer, .insufficientFunds, .reserveShort, .tooManyAssets, .nonceOutsideWindow, .stakeShort, .stakeFull, .noSuchNode:
            true
        // Another chain's blocks may still show it, or show it better.
        case .evidenceMissing, .evidenceInvalid, .notHeld, .notReady, .unknownCross, .unknownBranch:
            true
        // The world around the ledger may change its mind.
        case .overloaded, .notFound, .epochUnknown, .chainUnknown, .stateMismatch, .chainFrozen, .thawUnknown, .notaryHeadInvalid, .consentMissing, .wrongParent, .wrongSlot, .wrongTime:
            true
        // The chain may still take in a contract that was declared lately.
        case .unknownContract:
            true
        // A brake opens with time, or when people let it.
        case .capReached, .delayed, .paused:
            true
        case .unknownPayee, .termsViolated, .contractSuperseded, .deadlinePassed, .deadlineTooFar, .deadlineTooNear, .alreadyExists, .crossAlreadyEnded,
            .malformed, .tooLarge, .wrongChain, .wrongNetwork, .badSignature, .nonceUsed, .missingAuthorization, .notReceiver,
            .notInitiator, .alreadyDecided, .notAllowed, .refusedByReceiver, .cancelledByInitiator, .duplicateTransaction,
            .recordInvalid, .watchRefused, .wrongWork, .unlistedNode, .unknownVoter, .superseded, .keyTaken, .nameTaken, .chainsFull, .chainLeft:
            false
        }
    }

    /// Whether it only says that something has not been shown here yet: who voted, or that a chain has joined.
    package var isIgnorance: Bool { self == .epochUnknown || self == .chainUnknown }

    /// Whether the fault lies in this copy's signatures or form. An id covers neither, so another copy with the same id may be
    /// good: drop the copy, and do not give the reason as the id's final answer.
    package var concernsCopyOnly: Bool {
        switch self {
        case .malformed, .tooLarge, .badSignature, .missingAuthorization, .notReceiver, .notInitiator, .evidenceInvalid, .evidenceMissing:
            true
        default:
            false
        }
    }
}
