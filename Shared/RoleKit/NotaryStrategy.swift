import Cryptography
import Determinism
import Wire

/// To which notaries a builder hands a candidate; those pass it on (A12).
package struct NotaryStrategy: Hashable, Sendable {
    /// In which order notaries have their turn.
    package enum Order: String, Sendable, CaseIterable {
        /// Round robin, by slot.
        case inTurn = "in-turn"
        /// Drawn anew for each candidate.
        case random
        /// Those first that have answered fastest.
        case fastest
    }

    /// Notaries that it is handed to at a time; nil for all, to whom it is published.
    package let count: Int?
    package let order: Order

    /// Published to all of them.
    package static let all = NotaryStrategy(count: nil, order: .inTurn)
    /// One, in turn by slot.
    package static let one = NotaryStrategy(count: 1, order: .inTurn)

    /// - Precondition: a count is at least 1.
    package init(count: Int?, order: Order) {
        precondition(count.map { $0 > 0 } ?? true, "a candidate is handed to somebody")
        self.count = count
        self.order = order
    }

    /// Reads `all`, `one` or a number up to `Limits.nodesPerChain`, the last two also with `:in-turn`, `:random` or `:fastest`.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let order = parts.count == 2 ? Order(rawValue: parts[1]) : .inTurn else { return nil }
        switch parts[0] {
        case "all" where parts.count == 1: self = .all
        case "one": self.init(count: 1, order: order)
        case let digits:
            guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(digits), (1...Limits.nodesPerChain).contains(count)
            else { return nil }
            self.init(count: count, order: order)
        }
    }

    /// As `init(_:)` reads it.
    package var text: String {
        guard let count else { return "all" }
        let name = count == 1 ? "one" : "\(count)"
        return order == .inTurn ? name : "\(name):\(order.rawValue)"
    }

    /// Who has a turn when, of so many: positions, each once.
    ///
    /// - Parameters:
    ///   - slot: where the round stands.
    ///   - draw: what the random order is drawn from.
    ///   - rank: of a position, ascending from the fastest.
    package func turns(of count: Int, slot: UInt64, draw: Digest, rank: (Int) -> UInt64) -> [Int] {
        let inTurn = (0..<count).map { Int((slot % UInt64(count) + UInt64($0)) % UInt64(count)) }
        switch order {
        case .inTurn: return inTurn
        case .random:
            var random = SeededRandom(seed: draw.a)
            var turns = inTurn
            for place in turns.indices.dropFirst() { turns.swapAt(place, Int(random.below(UInt64(place) + 1))) }
            return turns
        case .fastest:
            // Of those that are equally fast, the one whose turn it is: the load is spread.
            return inTurn.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
        }
    }
}
