import Cryptography
import Determinism
import OrderedCollections
import RoleKit
import Wire

/// What this chain owes to the other chains of cross transactions: legs to be confirmed, settles and refunds to be told
/// (S860, S824, S825; rules R2 to R4). Every notary keeps the same desk; one speaks at once, the others only when nothing happens.
struct LegDesk: Sendable {
    /// Something another chain should be told until it has acted.
    struct Item: Sendable {
        var cross: CrossTransaction
        var purpose: LegNotice.Purpose
        /// Chain that is told.
        var target: ChainID
        /// Monotonic milliseconds since when it has been true.
        var sinceMilliseconds: UInt64
        /// Monotonic milliseconds of the next telling.
        var dueMilliseconds: UInt64
        /// How often this notary has told it.
        var tellings: UInt64 = 0
        /// It waited for something to show, not for its turn.
        var isHurried = false
    }

    private struct Key: Hashable, Sendable {
        var xid: Digest
        var target: ChainID
    }

    /// A cross transaction that waits for this chain's decision.
    struct Awaiting: Sendable {
        var cross: CrossTransaction
        /// Holding chains that have told of their hold: no other one has anything to give back.
        var holders: [ChainID]
    }

    private let network: Network
    private let chain: ChainID
    /// This notary's among all that the network lists: who speaks when goes by it.
    let notaryPosition: Int
    /// Held on this chain, still open: the deciding chain is told.
    private var held: OrderedDictionary<Digest, Item> = [:]
    /// Decided on this chain: each holding chain is told.
    private var decided: OrderedDictionary<Key, Item> = [:]
    /// Not decided here yet, ascending deadline.
    private var awaiting: [Awaiting] = []
    /// How long each chain has taken lately to resolve what was decided here: one that is asked for more than it carries is not helped
    /// by being told everything again.
    private var resolving: [ChainID: SmoothedLatency] = [:]
    private let reminders: ReminderRate
    private var bucket: TokenBucket
    /// Cross data of the newest followed block; nil while its body is not here.
    private(set) var lastCrosses: [CrossData]?

    /// Notices made in one turn.
    static let noticesPerTurn = 64

    init(network: Network, chain: ChainID, notary: String, reminders: ReminderRate) {
        self.network = network
        self.reminders = reminders
        bucket = TokenBucket(perSecond: reminders.perSecond, burst: reminders.atOnce, now: Moment(monotonicMilliseconds: 0, wallMilliseconds: 0))
        self.chain = chain
        notaryPosition = network.notary.listed.firstIndex { $0.id == notary } ?? 0
    }

    var count: Int { held.count + decided.count }

    /// A block of the past, at recovery: what is still held will be told; what was decided is told again only when asked for.
    mutating func replay(_ block: Block) {
        note(block)
        for (transaction, outcome) in zip(block.transactions, block.outcomes) where outcome == .applied {
            switch transaction.kind {
            case .open(let cross): hold(cross, now: 0)
            case .settle(let resolution), .refund(let resolution): held[resolution.xid] = nil
            default: continue
            }
        }
    }

    /// A hold of the past, which a snapshot shows to be open.
    ///
    /// - Parameter milliseconds: of the monotonic clock.
    mutating func restore(_ cross: CrossTransaction, milliseconds: UInt64) {
        if held[cross.xid] == nil { hold(cross, now: milliseconds) }
    }

    /// A block that has just become final.
    mutating func follow(_ block: Block, at now: Moment) {
        note(block)
        for (transaction, outcome) in zip(block.transactions, block.outcomes) where outcome == .applied {
            switch transaction.kind {
            case .open(let cross): hold(cross, now: now.monotonicMilliseconds)
            case .settle(let resolution), .refund(let resolution): held[resolution.xid] = nil
            case .confirm(let confirm): decide(confirm.cross, .settle, now: now.monotonicMilliseconds)
            case .refuse(let refuse): decide(refuse.cross, .refund, now: now.monotonicMilliseconds)
            case .cancel(let cancel): decide(cancel.cross, .refund, now: now.monotonicMilliseconds)
            default: continue
            }
        }
    }

    /// This notary's validator of another chain followed a block: what that chain has resolved need not be told any more.
    mutating func learn(_ head: BranchHead, at now: Moment) {
        for data in head.crosses where data.operation == 7 || data.operation == 8 {
            guard let item = decided.removeValue(forKey: Key(xid: data.xid, target: head.chain)) else { continue }
            let elapsed = now.monotonicMilliseconds - min(item.sinceMilliseconds, now.monotonicMilliseconds)
            resolving[head.chain, default: SmoothedLatency()].answered(afterMilliseconds: elapsed)
        }
    }

    /// A holding chain's validator says a leg waits here.
    ///
    /// - Parameter holder: that chain.
    /// - Parameter decision: what this chain's final state says of it.
    /// - Parameter isFrozen: whether nothing above that state counts.
    mutating func hear(
        _ cross: CrossTransaction, heldOn holder: ChainID, decision: LegNotice.Purpose?, finalTime: ChainTime, isFrozen: Bool = false, now: Moment
    ) {
        let isOver = finalTime > cross.deadline || isFrozen
        if let purpose = decision ?? (isOver ? .refund : nil) {
            tell([holder], of: cross, purpose, now: now.monotonicMilliseconds)
        } else if let known = awaiting.firstIndex(where: { $0.cross.xid == cross.xid }) {
            if !awaiting[known].holders.contains(holder) { awaiting[known].holders.append(holder) }
        } else if awaiting.count < Limits.waitingLegs {
            let position = awaiting.firstIndex { $0.cross.deadline > cross.deadline } ?? awaiting.count
            awaiting.insert(Awaiting(cross: cross, holders: [holder]), at: position)
        }
    }

    /// Crosses whose deadline lies before a final block's time, with nothing decided: rule R4's second case.
    mutating func expire(before time: ChainTime) -> [Awaiting] {
#if PLANTED_BUGS
        let time = PlantedBug.refundTooEarly.isPlanted ? time + 3_600_000 : time
#endif
        let count = awaiting.firstIndex { $0.cross.deadline >= time } ?? awaiting.count
        let expired = Array(awaiting.prefix(count))
        awaiting.removeFirst(count)
        return expired
    }

    /// Whether a hold is on the desk.
    func isTold(_ xid: Digest) -> Bool { held[xid] != nil }

    /// The branch was left: decisions are heard of again, and holds are those that are still there.
    mutating func reset(_ isHeld: (Digest) -> Bool) {
        held.removeAll { !isHeld($0.key) }
        decided.removeAll()
        awaiting.removeAll()
        lastCrosses = nil
    }

    /// What was put off for want of something to show is told now.
    mutating func hurry(at now: Moment) {
        for index in decided.values.indices where decided.values[index].purpose == .refund {
            decided.values[index].dueMilliseconds = min(decided.values[index].dueMilliseconds, now.monotonicMilliseconds)
            decided.values[index].isHurried = true
        }
    }

    /// Adds what is true of a cross that has waited until now.
    mutating func resolve(_ item: Awaiting, _ purpose: LegNotice.Purpose, now: Moment) {
        tell(item.holders, of: item.cross, purpose, now: now.monotonicMilliseconds)
    }

    /// Items to be told now, oldest first; each is put off with back-off.
    mutating func takeDue(at now: Moment) -> [Item] {
        let time = now.monotonicMilliseconds
        var due: [Item] = []
        for index in held.values.indices where due.count < LegDesk.noticesPerTurn && held.values[index].dueMilliseconds <= time {
            var item = held.values[index]
            if take(&item, at: now) { due.append(item) }
            held.values[index] = item
        }
        for index in decided.values.indices where due.count < LegDesk.noticesPerTurn && decided.values[index].dueMilliseconds <= time {
            var item = decided.values[index]
            if take(&item, at: now) { due.append(item) }
            decided.values[index] = item
        }
        return due
    }

    /// Whether something due is told now; it is put off, if not for its turn then for the next time.
    private mutating func take(_ item: inout Item, at now: Moment) -> Bool {
        let time = now.monotonicMilliseconds
        let patience = patience(with: item.target)
        let rank = rank(of: item.cross)
        let isFirstWord = item.tellings == 0 && rank == 0
        if !isFirstWord && !item.isHurried {
            // The chain may have become slower since this was put off.
            let earliest = item.tellings == 0 ? item.sinceMilliseconds + rank * patience : item.dueMilliseconds
            guard earliest <= time else {
                item.dueMilliseconds = earliest
                return false
            }
            guard bucket.take(now: now) else {
                item.dueMilliseconds = time + Limits.reminderPauseMilliseconds
#if PLANTED_BUGS
                if PlantedBug.reminderDropped.isPlanted { item.dueMilliseconds = time + 3_600_000 }
#endif
                return false
            }
        }
        item.isHurried = false
        item.tellings += 1
#if PLANTED_BUGS
        if PlantedBug.legsToldOnce.isPlanted {
            item.dueMilliseconds = time + 3_600_000
            return true
        }
#endif
        // However many wait for people, they take half of the reminders at most, and what is new finds room.
        let longest = max(network.timing.legResendMaximumMilliseconds, UInt64(count) * 2_000 / UInt64(reminders.perSecond))
        item.dueMilliseconds = time + min(patience << min(item.tellings - 1, LegDesk.doublings), longest)
        return true
    }

    /// How long a chain is given to act before it is told again, in milliseconds.
    private func patience(with target: ChainID) -> UInt64 {
        let twiceUsual = 2 * (resolving[target]?.milliseconds ?? 0)
        return min(max(twiceUsual, network.timing.legResendMilliseconds), network.timing.legResendMaximumMilliseconds)
    }

    /// Doublings of the time between two tellings.
    private static let doublings: UInt64 = 8

    /// Milliseconds until the next item is due; nil when there is none.
    func millisecondsUntilDue(at now: Moment) -> UInt64? {
        var earliest: UInt64?
        for item in held.values { earliest = min(earliest ?? item.dueMilliseconds, item.dueMilliseconds) }
        for item in decided.values { earliest = min(earliest ?? item.dueMilliseconds, item.dueMilliseconds) }
        return earliest.map { $0 > now.monotonicMilliseconds ? $0 - now.monotonicMilliseconds : 1 }
    }

    /// The newest followed block is known by its header and state only.
    mutating func forgetLast() { lastCrosses = nil }

    mutating func note(_ block: Block) { lastCrosses = block.transactions.compactMap(CrossData.init) }

    private mutating func hold(_ cross: CrossTransaction, now: UInt64) {
        // With several holding chains every one of them tells its own part.
        held[cross.xid] = item(cross, .confirm, target: cross.decidingChain, now: now)
    }

    /// A block has decided. What is committed is held on every holding chain; what is called off, on those that have told so; another one
    /// tells when it comes to hold it.
    private mutating func decide(_ cross: CrossTransaction, _ purpose: LegNotice.Purpose, now: UInt64) {
        let holders = awaiting.first { $0.cross.xid == cross.xid }?.holders ?? []
        awaiting.removeAll { $0.cross.xid == cross.xid }
        tell(purpose == .settle ? cross.holdingChains : holders, of: cross, purpose, now: now)
    }

    private mutating func tell(_ targets: [ChainID], of cross: CrossTransaction, _ purpose: LegNotice.Purpose, now: UInt64) {
        for target in targets {
            let key = Key(xid: cross.xid, target: target)
            if decided[key] == nil { decided[key] = item(cross, purpose, target: target, now: now) }
        }
    }

    /// The notary that the xid names speaks at once, the one after it a little later, and so on.
    private func item(_ cross: CrossTransaction, _ purpose: LegNotice.Purpose, target: ChainID, now: UInt64) -> Item {
        Item(
            cross: cross, purpose: purpose, target: target, sinceMilliseconds: now,
            dueMilliseconds: now + rank(of: cross) * network.timing.legResendMilliseconds)
    }

    /// This notary's turn to speak of a cross, from 0.
    private func rank(of cross: CrossTransaction) -> UInt64 {
        let count = UInt64(network.notary.listed.count)
        return (cross.xid.a.bigEndian % count + UInt64(notaryPosition)) % count
    }
}
