import Chain
import Cryptography
import DequeModule
import Determinism
import OrderedCollections
import RoleKit
import Wire

/// Transactions that could go into a block, in the order they came (S830). What cannot go in now is put off until the final state
/// has moved on, and forgotten after a while: collectors and validators say again what is still alive.
struct TransactionPool: Sendable {
    private struct Entry: Sendable {
        var item: BlockItem
        var byteCount: Int
        /// How often it could not go in.
        var attempts = 0
        /// Final height from which it is tried again; nil when it may go in now.
        var retryHeight: Height?
        /// It waits for time to pass since what its evidence shows: newer evidence would make it wait anew.
        var keepsEvidence = false
        /// When it was first put off since it came.
        var putOffMilliseconds: UInt64 = 0
    }

    /// What became of a transaction that came.
    enum Arrival: Hashable, Sendable {
        case taken, replaced, duplicate, full
    }

    private var entries: OrderedDictionary<Digest, Entry> = [:]
    private var claims: [Claim: [Digest]] = [:]
    private var finalClaims: Set<Claim> = []
    private var finalClaimOrder: Deque<Claim> = []
    private var byteCount = 0
    private var blockedCount = 0
    private let forgetAfterMilliseconds: UInt64

    /// Doublings of the heights that something put off waits for.
    private static let attemptsCounted = 3

    /// - Parameter republishMilliseconds: how often whoever sent something says it again.
    init(republishMilliseconds: UInt64) {
        forgetAfterMilliseconds = republishMilliseconds * 12
    }

    var count: Int { entries.count }
    /// Transactions that may go into a block now.
    var readyCount: Int { entries.count - blockedCount }

    subscript(id: Digest) -> BlockItem? { entries[id]?.item }

    /// Whether a final block holds, or excludes, a transaction, as far as remembered.
    func isConcluded(_ transaction: Transaction) -> Bool { finalClaims.contains(transaction.claim) }

    /// Takes a checked transaction. One that is held already is replaced when it comes with newer evidence, or with other evidence than
    /// could not go in: of a corrupt chain's two histories the one that does not count may be the longer.
    mutating func insert(_ item: BlockItem) -> Arrival {
        let transaction = item.transaction
        if isConcluded(transaction) { return .duplicate }
        if let known = entries[transaction.id] {
            let isOther = known.attempts > 0 && item.foreign.map(\.hash) != known.item.foreign.map(\.hash)
            let isNewer = TransactionPool.evidenceHeight(item) > TransactionPool.evidenceHeight(known.item)
            guard !known.keepsEvidence, isOther || isNewer else { return .duplicate }
            unblock(transaction.id)
            entries[transaction.id]?.attempts = 0
            byteCount -= known.byteCount
            entries[transaction.id]?.item = item
            entries[transaction.id]?.byteCount = TransactionPool.size(of: item)
            byteCount += TransactionPool.size(of: item)
            return .replaced
        }
        let size = TransactionPool.size(of: item)
        guard entries.count < Limits.builderPool, byteCount + size <= Limits.builderPoolBytes else { return .full }
        entries[transaction.id] = Entry(item: item, byteCount: size)
        claims[transaction.claim, default: []].append(transaction.id)
        byteCount += size
        return .taken
    }

    /// Those that may go into a block now, in order of arrival.
    func ready(excluding excluded: Set<Digest>, limit: Int) -> [BlockItem] {
        var items: [BlockItem] = []
        for (id, entry) in entries where entry.retryHeight == nil && !excluded.contains(id) {
            items.append(entry.item)
            if items.count == limit { break }
        }
        return items
    }

    /// Puts a transaction off until the final state has moved on from `height`; longer each time.
    ///
    /// - Parameter keepsEvidence: whether newer evidence would not help it, but set it back (G-3).
    mutating func putOff(_ id: Digest, at height: Height, now: Moment, keepsEvidence: Bool = false) {
        guard var entry = entries[id], entry.retryHeight == nil else { return }
        entry.keepsEvidence = keepsEvidence
        if entry.attempts == 0 { entry.putOffMilliseconds = now.monotonicMilliseconds }
        entry.retryHeight = height + 1 << UInt64(min(entry.attempts, TransactionPool.attemptsCounted))
        entry.attempts += 1
        entries[id] = entry
        blockedCount += 1
    }

    /// Drops transactions.
    mutating func remove(_ ids: Set<Digest>) {
        guard !ids.isEmpty else { return }
        for id in ids.sorted() { forget(id) }
        entries.removeAll { ids.contains($0.key) }
    }

    /// A block is final: what it holds or excludes goes, what waited for the state to move on may be tried again.
    mutating func conclude(_ block: Block, now: Moment) {
        var gone: Set<Digest> = []
        for transaction in block.transactions {
            let claim = transaction.claim
            gone.formUnion(claims[claim] ?? [])
            if finalClaims.insert(claim).inserted { finalClaimOrder.append(claim) }
            if finalClaimOrder.count > Limits.builderClaims { finalClaims.remove(finalClaimOrder.removeFirst()) }
        }
        if blockedCount > 0 {
            for (id, entry) in entries {
                guard let retry = entry.retryHeight else { continue }
                let age = now.monotonicMilliseconds - min(entry.putOffMilliseconds, now.monotonicMilliseconds)
                let isPast = entry.item.transaction.lastChainTime.map { $0 <= block.header.time } ?? false
                if age >= forgetAfterMilliseconds || isPast {
                    gone.insert(id)
                } else if retry <= block.header.height {
                    unblock(id)
                }
            }
        }
        remove(gone)
    }

    private mutating func unblock(_ id: Digest) {
        guard entries[id]?.retryHeight != nil else { return }
        entries[id]?.retryHeight = nil
        blockedCount -= 1
    }

    /// Takes an entry out of every count but `entries` itself.
    private mutating func forget(_ id: Digest) {
        guard let entry = entries[id] else { return }
        byteCount -= entry.byteCount
        if entry.retryHeight != nil { blockedCount -= 1 }
        let claim = entry.item.transaction.claim
        claims[claim]?.removeAll { $0 == id }
        if claims[claim]?.isEmpty ?? false { claims[claim] = nil }
    }

    private static func evidenceHeight(_ item: BlockItem) -> Height {
        item.foreign.map(\.header.height).max() ?? 0
    }

    private static func size(of item: BlockItem) -> Int {
        item.transaction.bytes.count + item.foreign.reduce(0) { $0 + $1.encoded.count }
    }
}
