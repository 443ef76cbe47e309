import Cryptography
import Determinism
import OrderedCollections
import Wire

/// Candidates that are neither signed nor refused yet, oldest first.
struct PendingCandidates: Sendable {
    /// How far a candidate has come.
    enum Stage: Hashable, Sendable {
        /// Signatures are being checked under this token.
        case checking(token: UInt64)
        /// Signatures hold; something else is missing.
        case waiting
    }

    struct Entry: Sendable {
        var block: Block
        var stage: Stage
        /// False for a parent fetched only so that its child can be executed.
        var isToBeSigned: Bool
    }

    private var entries: OrderedDictionary<Digest, Entry> = [:]

    /// Candidates waiting at once; beyond it new ones are refused as overloaded.
    static let maximum = 256

    var count: Int { entries.count }
    var isFull: Bool { entries.count >= PendingCandidates.maximum }
    /// Oldest first.
    var hashes: [Digest] { Array(entries.keys) }

    subscript(hash: Digest) -> Entry? {
        get { entries[hash] }
        set { entries[hash] = newValue }
    }

    /// How many candidates of a slot are waiting.
    func count(ofSlot slot: Slot) -> Int {
        entries.values.reduce(0) { $0 + ($1.block.header.slot == slot ? 1 : 0) }
    }

    /// How many of a slot one node has made.
    func count(ofSlot slot: Slot, by builder: PublicKey) -> Int {
        entries.values.reduce(0) { $0 + ($1.block.header.slot == slot && $1.block.header.builder == builder ? 1 : 0) }
    }

    /// The candidate whose signatures are checked under a token.
    func hash(checking token: UInt64) -> Digest? {
        entries.elements.first { $0.value.stage == .checking(token: token) }?.key
    }

    /// Forgets what a final block has overtaken.
    mutating func forget(throughSlot slot: Slot) {
        entries.removeAll { $0.value.block.header.slot <= slot }
    }
}
