/// Why a transaction, candidate or request came to nothing. Numbers are part of blocks and never change meaning.
package enum Reason: UInt8, Sendable, CaseIterable, Error {
    // 1-31: a transaction's outcome in a block
    case insufficientFunds = 1
    case unknownPayee = 2
    case unknownPayer = 3
    case unknownContract = 4
    case termsViolated = 5
    case deadlinePassed = 6
    case deadlineTooFar = 7
    case alreadyExists = 8
    case crossAlreadyEnded = 9
    case tooManyAssets = 10
    /// The chain has no such node to bond to.
    case noSuchNode = 18
    /// Less is bonded than is to be taken back.
    case stakeShort = 19
    /// No more bonds find room behind the node.
    case stakeFull = 20
    /// There is a newer version of the contract: whoever orders under it has to know its terms.
    case contractSuperseded = 21
    /// As much has passed under the contract lately as its cap lets through.
    case capReached = 22
    /// The deadline leaves no room for the delay that the contract puts on such an amount.
    case deadlineTooNear = 23
    /// The notaries have stopped new business with the chain, the contract or the asset.
    case paused = 24
    // 64-: refused before any block
    case malformed = 64
    case tooLarge = 65
    case wrongChain = 66
    case wrongNetwork = 67
    case badSignature = 68
    case nonceUsed = 69
    case nonceOutsideWindow = 70
    case missingAuthorization = 71
    case unknownCross = 72
    case notReceiver = 73
    case notInitiator = 74
    case overloaded = 75
    case alreadyDecided = 76
    case notHeld = 77
    case evidenceInvalid = 78
    case evidenceMissing = 79
    case reserveShort = 80
    case notReady = 81
    case notAllowed = 82
    case refusedByReceiver = 83
    case cancelledByInitiator = 84
    case stateMismatch = 85
    case wrongParent = 86
    case wrongSlot = 87
    case wrongTime = 88
    case duplicateTransaction = 89
    case recordInvalid = 90
    case unknownBranch = 91
    case notFound = 92
    case watchRefused = 93
    case wrongWork = 96
    /// Nobody has shown yet who votes in that epoch.
    case epochUnknown = 100
    case chainFrozen = 104
    case consentMissing = 105
    case notaryHeadInvalid = 106
    case thawUnknown = 107
    case unlistedNode = 108
    case unknownVoter = 109
    case superseded = 110
    case keyTaken = 111
    /// The contract puts such an amount off for a while.
    case delayed = 112
    /// The network has a chain or a node of that name.
    case nameTaken = 116
    /// The network has as many chains as it may.
    case chainsFull = 117
    /// Nobody has shown yet that the chain has joined.
    case chainUnknown = 118
    /// The chain has left the network.
    case chainLeft = 119

    /// Stable name for people, logs, JSON and metrics.
    package var code: String {
        var text = ""
        for character in "\(self)" {
            if character.isUppercase { text += "_" }
            text += character.lowercased()
        }
        return text
    }

    /// The reason with this code.
    package init?(code: String) {
        guard let match = Reason.allCases.first(where: { $0.code == code }) else { return nil }
        self = match
    }

    /// Whether the reason may stand as an outcome in a block.
    package var isOutcome: Bool { rawValue < 64 }
}
