import Chain
import Cryptography
import DequeModule
import Determinism
import RoleKit
import Wire

/// Acknowledged transactions that have not ended (S820, invariant 7), and when each is published again.
struct PendingTransactions: Sendable {
    struct Item: Sendable {
        /// Row in table `accepted`: the wall clock's milliseconds when it was stored, then a number.
        var key: UInt64
        var item: BlockItem
        /// How often it has been published.
        var attempts: Int

        var acceptedMilliseconds: UInt64 { key >> PendingTransactions.keyNumberBits }
        var pooled: PooledTransaction { PooledTransaction(transaction: item.transaction.bytes, foreign: item.foreign) }
    }

    private struct Due: Sendable {
        var id: Digest
        var key: UInt64
        var milliseconds: UInt64
    }

    /// Low bits of a row's key that tell rows of one millisecond apart.
    static let keyNumberBits: UInt64 = 20
    /// Doublings of the time between two publishings.
    private static let attemptsCounted = 4

    private var items: [Digest: Item] = [:]
    private var claims: [Claim: [Digest]] = [:]
    private var deadlines = DeadlineQueue()
    /// One queue for each waiting time, so that each is in order of time by itself.
    private var schedule = [Deque<Due>](repeating: [], count: PendingTransactions.attemptsCounted + 1)
    private var lastKey: UInt64 = 0
    private let republishMilliseconds: UInt64

    init(republishMilliseconds: UInt64) {
        self.republishMilliseconds = republishMilliseconds
    }

    var count: Int { items.count }

    subscript(id: Digest) -> Item? { items[id] }

    /// When the oldest was stored, by the wall clock; nil when there are none. Looks at each.
    var oldestMilliseconds: UInt64? {
        let keys = schedule.joined().lazy.compactMap { due in items[due.id].flatMap { $0.key == due.key ? due.key : nil } }
        return keys.min().map { $0 >> PendingTransactions.keyNumberBits }
    }

    /// Those that a brake may put off, oldest first: deciding legs and what appears by pegs.
    func deferrable(atMost limit: Int) -> [BlockItem] {
        // Whatever is pending is to be published again, and stands in one of the queues once with its present key.
        let found = schedule.joined().compactMap { due -> Item? in
            guard let item = items[due.id], item.key == due.key else { return nil }
            return switch item.item.transaction.kind {
            case .confirm, .issue, .release: item
            default: nil
            }
        }
        return found.sorted { $0.key < $1.key }.prefix(limit).map(\.item)
    }

    /// Takes a transaction in.
    ///
    /// - Returns: its row's key.
    /// - Precondition: none with its id is pending.
    mutating func insert(_ item: BlockItem, at now: Moment) -> UInt64 {
        lastKey = max(lastKey + 1, now.wallMilliseconds << PendingTransactions.keyNumberBits)
        add(item, key: lastKey)
        plan(item.transaction.id, key: lastKey, attempts: 1, after: now.monotonicMilliseconds)
        return lastKey
    }

    /// Takes a stored row back in; it is published again at once.
    mutating func recover(_ item: BlockItem, key: UInt64) {
        lastKey = max(lastKey, key)
        guard items[item.transaction.id] == nil else { return }
        add(item, key: key)
        items[item.transaction.id]?.attempts = 0
        schedule[0].append(Due(id: item.transaction.id, key: key, milliseconds: 0))
    }

    private mutating func add(_ item: BlockItem, key: UInt64) {
        let id = item.transaction.id
        precondition(items[id] == nil, "a transaction is pending once")
        items[id] = Item(key: key, item: item, attempts: 1)
        claims[item.transaction.claim, default: []].append(id)
        if let deadline = item.transaction.lastChainTime { deadlines.insert(id, deadline: deadline) }
    }

    /// Takes one out that has ended.
    @discardableResult
    mutating func remove(_ id: Digest) -> Item? {
        guard let item = items.removeValue(forKey: id) else { return nil }
        let claim = item.item.transaction.claim
        claims[claim]?.removeAll { $0 == id }
        if claims[claim]?.isEmpty ?? false { claims[claim] = nil }
        return item
    }

    /// Pending transactions that exclude the one that has this claim.
    func rivals(of transaction: Transaction) -> [Digest] {
        (claims[transaction.claim] ?? []).filter { $0 != transaction.id }
    }

    /// Those that no block after one of chain time `time` can hold any more.
    mutating func takePassed(at time: ChainTime) -> [Digest] {
        deadlines.takePassed(at: time).filter { items[$0] != nil }
    }

    /// Those that are due to be published again, the longest waiting first; each is put off with back-off.
    mutating func takeDue(at now: Moment, limit: Int) -> [Item] {
        var due: [Item] = []
        for level in schedule.indices {
            while due.count < limit, let first = schedule[level].first, first.milliseconds <= now.monotonicMilliseconds {
                schedule[level].removeFirst()
                guard var item = items[first.id], item.key == first.key else { continue }
                item.attempts += 1
                items[first.id] = item
                plan(first.id, key: item.key, attempts: item.attempts, after: now.monotonicMilliseconds)
                due.append(item)
            }
        }
        return due
    }

    private mutating func plan(_ id: Digest, key: UInt64, attempts: Int, after start: UInt64) {
        let level = min(max(attempts, 1), PendingTransactions.attemptsCounted)
        let wait = republishMilliseconds << UInt64(level - 1)
        schedule[level].append(Due(id: id, key: key, milliseconds: start + wait))
    }
}
