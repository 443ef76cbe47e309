import Determinism

/// Quorum arithmetic by count.
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

    /// The most members that may be faulty: less than a third.
    package static func faulty(of count: Int) -> Int {
        precondition(count > 0, "an empty set has no faulty members")
        return (count - 1) / 3
    }
}
