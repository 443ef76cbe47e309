import Cryptography
import Wire

/// One payment under way, as its payer knows it.
struct Payment {
    enum Stage: Hashable {
        case planned
        case submitting
        /// Handed in at least once; asked after until it has ended.
        case following
        case ended(String)
    }

    let kind: PaymentKind
    /// Chain whose collectors it goes to.
    let chain: ChainID
    /// Exact bytes of the transaction.
    var bytes: [UInt8]
    let id: Digest
    let cross: CrossTransaction?
    /// Collectors it is handed to, in turn.
    var services: [String]
    var stage = Stage.planned
    var attempts = 0
    var polls = 0
    /// Why the last collector that refused it did so.
    var lastRefusal: Reason?
    /// Whose devices must answer.
    var receivers: [Receiver] = []
    /// The transaction that withdraws it, on the deciding chain.
    var cancel: [UInt8]?

    /// Weak, because two wallets may pay each other.
    struct Receiver {
        weak var wallet: Wallet?
    }

    var isEnded: Bool { if case .ended = stage { true } else { false } }
}
