import Determinism
import Wire

/// How a wallet chooses among the collectors of a chain (A12).
package enum CollectorStrategy: String, Hashable, Sendable, CaseIterable {
    /// Each in turn.
    case roundRobin = "round-robin"
    /// Drawn anew each time.
    case random
    /// The one that has answered fastest; those not measured yet come first.
    case fastest
}

/// The collectors of one chain, as a wallet has met them.
struct CollectorChoice: Sendable {
    /// One node's collectors.
    private struct Door: Sendable {
        var node: String
        /// Smoothed time to an answer, milliseconds times 8; nil when it has not answered yet.
        var latencyTimes8: UInt64?
        /// Passed over until then, monotonic milliseconds.
        var restsUntil: UInt64 = 0
    }

    let chain: ChainID
    private let strategy: CollectorStrategy
    private var doors: [Door]
    private var turn = 0
    private var random: SeededRandom

    /// - Precondition: the chain has nodes.
    init(_ chain: ChainDescription, strategy: CollectorStrategy, seed: UInt64) {
        precondition(!chain.nodes.isEmpty, "a chain has nodes")
        self.chain = chain.id
        self.strategy = strategy
        doors = chain.nodes.map { Door(node: $0.id) }
        random = SeededRandom(seed: seed)
    }

    /// Service name of the door at a position.
    func service(_ position: Int) -> String { Service.name(.collector, chain: chain, node: doors[position].node) }

    /// The position of the next collector to turn to.
    /// - Parameter avoiding: one that has just failed, and is taken only when there is no other.
    mutating func choose(avoiding failed: Int? = nil, at now: Moment) -> Int {
        let others = doors.indices.filter { $0 != failed }
        let rested = others.filter { doors[$0].restsUntil <= now.monotonicMilliseconds }
        let candidates = !rested.isEmpty ? rested : !others.isEmpty ? others : Array(doors.indices)
        switch strategy {
        case .roundRobin:
            turn += 1
            return candidates[turn % candidates.count]
        case .random: return candidates[Int(random.below(UInt64(candidates.count)))]
        case .fastest:
            var best = candidates[0]
            for position in candidates.dropFirst() where (doors[position].latencyTimes8 ?? 0) < (doors[best].latencyTimes8 ?? 0) { best = position }
            return best
        }
    }

    /// An answer came after so long.
    mutating func answered(_ position: Int, afterMilliseconds elapsed: UInt64) {
        doors[position].restsUntil = 0
        let former = doors[position].latencyTimes8 ?? elapsed * 8
        doors[position].latencyTimes8 = former - former / 8 + elapsed
    }

    /// No answer came.
    mutating func failed(_ position: Int, at now: Moment) {
        doors[position].restsUntil = now.monotonicMilliseconds + WalletTiming.collectorRestMilliseconds
        doors[position].latencyTimes8 = (doors[position].latencyTimes8 ?? 0) + WalletTiming.requestMilliseconds * 8
    }
}
