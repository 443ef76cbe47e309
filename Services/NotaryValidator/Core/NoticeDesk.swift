import Chain
import Determinism
import OrderedCollections
import Wire

/// What the notary chain holds and this chain has not taken in yet, contracts (A14) or pauses (G-6): its collectors are told until it has.
struct NoticeDesk<Subject: Hashable & Sendable>: Sendable {
    /// Times of one subject, monotonic milliseconds.
    private struct Item: Sendable {
        var dueMilliseconds: UInt64
        var intervalMilliseconds: UInt64
    }

    private var items: OrderedDictionary<Subject, Item> = [:]
    /// The one whose evidence has been asked for.
    private(set) var asked: Subject?

    /// Takes note of what is missing now.
    ///
    /// - Parameter delayMilliseconds: of the first word: notaries do not all speak at once.
    mutating func set(_ missing: [Subject], at now: Moment, delayMilliseconds: UInt64, intervalMilliseconds: UInt64) {
        items = items.filter { missing.contains($0.key) }
        for subject in missing where items[subject] == nil {
            items[subject] = Item(dueMilliseconds: now.monotonicMilliseconds + delayMilliseconds, intervalMilliseconds: intervalMilliseconds)
        }
    }

    /// The next one to speak of, unless one is under way; it is put off with back-off.
    mutating func takeDue(at now: Moment, intervalMaximumMilliseconds: UInt64) -> Subject? {
        guard asked == nil, let index = items.values.firstIndex(where: { $0.dueMilliseconds <= now.monotonicMilliseconds }) else { return nil }
        let interval = items.values[index].intervalMilliseconds
        items.values[index].dueMilliseconds = now.monotonicMilliseconds + interval
        items.values[index].intervalMilliseconds = min(interval * 2, intervalMaximumMilliseconds)
        asked = items.keys[index]
        return asked
    }

    /// The answer has come, or none will.
    mutating func answered() -> Subject? {
        defer { asked = nil }
        return asked
    }

    /// Milliseconds until the next word is due; nil when there is none.
    func millisecondsUntilDue(at now: Moment) -> UInt64? {
        items.values.map(\.dueMilliseconds).min().map { $0 > now.monotonicMilliseconds ? $0 - now.monotonicMilliseconds : 1 }
    }
}
