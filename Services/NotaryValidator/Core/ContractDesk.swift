import Chain
import Determinism
import OrderedCollections
import Wire

/// Contracts that the notary chain holds and this chain does not have yet: its collectors are told until it has (A14).
struct ContractDesk: Sendable {
    /// Times of one contract, monotonic milliseconds.
    private struct Item: Sendable {
        var dueMilliseconds: UInt64
        var intervalMilliseconds: UInt64
    }

    private var items: OrderedDictionary<NotaryView.Declared, Item> = [:]
    /// The one whose evidence has been asked for.
    private(set) var asked: NotaryView.Declared?

    /// Takes note of what is missing now.
    ///
    /// - Parameter delayMilliseconds: of the first word: notaries do not all speak at once.
    mutating func set(_ missing: [NotaryView.Declared], at now: Moment, delayMilliseconds: UInt64, intervalMilliseconds: UInt64) {
        items = items.filter { missing.contains($0.key) }
        for contract in missing where items[contract] == nil {
            items[contract] = Item(dueMilliseconds: now.monotonicMilliseconds + delayMilliseconds, intervalMilliseconds: intervalMilliseconds)
        }
    }

    /// The next contract to speak of, unless one is under way; it is put off with back-off.
    mutating func takeDue(at now: Moment, intervalMaximumMilliseconds: UInt64) -> NotaryView.Declared? {
        guard asked == nil, let index = items.values.firstIndex(where: { $0.dueMilliseconds <= now.monotonicMilliseconds }) else { return nil }
        let interval = items.values[index].intervalMilliseconds
        items.values[index].dueMilliseconds = now.monotonicMilliseconds + interval
        items.values[index].intervalMilliseconds = min(interval * 2, intervalMaximumMilliseconds)
        asked = items.keys[index]
        return asked
    }

    /// The answer has come, or none will.
    mutating func answered() -> NotaryView.Declared? {
        defer { asked = nil }
        return asked
    }

    /// Milliseconds until the next word is due; nil when there is none.
    func millisecondsUntilDue(at now: Moment) -> UInt64? {
        items.values.map(\.dueMilliseconds).min().map { $0 > now.monotonicMilliseconds ? $0 - now.monotonicMilliseconds : 1 }
    }
}
