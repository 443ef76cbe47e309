import Determinism

/// Quorum arithmetic by count and by weight.
package enum Quorum {
    /// More than two thirds of `count` members: ⌊2n/3⌋+1 (A7).
    /// - Precondition: `count > 0`: an empty set has no quorum (faults case 47).
    package static func size(of count: Int) -> Int {
        precondition(count > 0, "an empty set has no quorum")
#if PLANTED_BUGS
        if PlantedBug.quorumMinusOne.isPlanted { return max(1, 2 * count / 3) }
#endif
        return 2 * count / 3 + 1
    }

    /// More than two thirds of a weight: ⌊2w/3⌋+1, found without leaving 64 bits.
    /// - Precondition: `weight > 0`.
    package static func weight(of weight: UInt64) -> UInt64 {
        precondition(weight > 0, "no weight has no quorum")
#if PLANTED_BUGS
        if PlantedBug.quorumMinusOne.isPlanted { return max(1, weight - faultyWeight(of: weight) - 1) }
#endif
        return weight - faultyWeight(of: weight)
    }

    /// The most weight that may be faulty: less than a third.
    /// - Precondition: `weight > 0`.
    package static func faultyWeight(of weight: UInt64) -> UInt64 {
        precondition(weight > 0, "no weight has no faulty part")
        return (weight - 1) / 3
    }

    /// The most members that may be faulty: less than a third.
    package static func faulty(of count: Int) -> Int {
        precondition(count > 0, "an empty set has no faulty members")
        return (count - 1) / 3
    }
}
