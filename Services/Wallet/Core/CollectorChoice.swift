import Determinism
import RoleKit
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
        var latency = SmoothedLatency()
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
            for position in candidates.dropFirst() where doors[position].latency.rank < doors[best].latency.rank { best = position }
            return best
        }
    }

    /// Positions of more collectors for what one is handed already, those first that are not resting.
    /// - Parameter count: at most so many.
    func others(than position: Int, count: Int, at now: Moment) -> [Int] {
        let after = (1..<max(doors.count, 1)).map { (position + $0) % doors.count }
        let isRested = { (door: Int) in doors[door].restsUntil <= now.monotonicMilliseconds }
        return Array((after.filter(isRested) + after.filter { !isRested($0) }).prefix(count))
    }

    /// An answer came after so long.
    mutating func answered(_ position: Int, afterMilliseconds elapsed: UInt64) {
        doors[position].restsUntil = 0
        doors[position].latency.answered(afterMilliseconds: elapsed)
    }

    /// No answer came.
    mutating func failed(_ position: Int, at now: Moment) {
        doors[position].restsUntil = now.monotonicMilliseconds + WalletTiming.collectorRestMilliseconds
        doors[position].latency.failed(afterMilliseconds: WalletTiming.requestMilliseconds)
    }
}
