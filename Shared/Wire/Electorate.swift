import Cryptography
import Determinism

/// Who votes on a chain during an epoch, with what weight, and who leads its slots.
package struct Electorate: Hashable, Sendable {
    /// One voter.
    package struct Member: Hashable, Sendable {
        /// `alpha-1`.
        package var node: String
        package var key: PublicKey
        /// 1 on a `bft` chain, stake in minor units on a `pos` chain; never 0.
        package var weight: UInt64

        package init(node: String, key: PublicKey, weight: UInt64) {
            self.node = node
            self.key = key
            self.weight = weight
        }
    }

    /// How the leader of a slot is found.
    package enum Turns: Hashable, Sendable {
        /// Each member in turn, from slot 1.
        case inOrder
        /// By lot, as often as the weight says.
        case byWeight(seed: Digest)
    }

    /// In voting order: positions of certificates' signers count from here.
    package let members: [Member]
    package let turns: Turns
    package let totalWeight: UInt64
    private let places: [PublicKey: Int]

    /// - Returns: nil when there is no member, one has no weight or stands twice, or the weights together exceed 64 bits.
    package init?(_ members: [Member], turns: Turns = .inOrder) {
        var total: UInt64 = 0
        for member in members {
            let (sum, overflow) = total.addingReportingOverflow(member.weight)
            guard !overflow, member.weight > 0 else { return nil }
            total = sum
        }
        let places = Dictionary(zip(members.map(\.key), members.indices), uniquingKeysWith: { first, _ in first })
        guard !members.isEmpty, places.count == members.count, members.count <= Limits.nodesPerChain else { return nil }
        self.members = members
        self.turns = turns
        self.places = places
        totalWeight = total
    }

    package static func == (left: Electorate, right: Electorate) -> Bool { left.members == right.members && left.turns == right.turns }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(members)
        hasher.combine(turns)
    }

    package var count: Int { members.count }
    /// Weight that makes a certificate (A7).
    package var quorumWeight: UInt64 { Quorum.weight(of: totalWeight) }
    /// The most weight that may be faulty.
    package var faultyWeight: UInt64 { Quorum.faultyWeight(of: totalWeight) }

    /// Where a key stands in the voting order; nil for a stranger.
    package func position(of key: PublicKey) -> Int? { places[key] }
    /// Whether a key is a voter's.
    package func contains(_ key: PublicKey) -> Bool { places[key] != nil }

    /// What members at these positions weigh together.
    ///
    /// - Precondition: each position once, every one a member's.
    package func weight<Positions: Sequence<Int>>(of positions: Positions) -> UInt64 {
        // No sum over distinct members exceeds the total, which fits.
        positions.reduce(0) { $0 + members[$1].weight }
    }

    /// Whether members at these positions make a quorum.
    ///
    /// - Precondition: each position once, every one a member's.
    package func isQuorum<Positions: Collection<Int>>(_ positions: Positions) -> Bool {
#if PLANTED_BUGS
        if PlantedBug.weightIgnored.isPlanted { return positions.count >= Quorum.size(of: count) }
#endif
        return weight(of: positions) >= quorumWeight
    }

    /// Who leads a slot.
    ///
    /// - Precondition: slots start at 1.
    package func leader(of slot: Slot) -> Member { members[leaderPosition(of: slot)] }

    /// The leader of a slot and those after it in voting order who are, together, too many to be all faulty.
    package func spokesmen(of slot: Slot) -> [Member] {
        var found: [Member] = []
        var weight: UInt64 = 0
        let first = leaderPosition(of: slot)
        for offset in members.indices where weight <= faultyWeight {
            let member = members[(first + offset) % count]
            found.append(member)
            weight += member.weight
        }
        return found
    }

    private func leaderPosition(of slot: Slot) -> Int {
        precondition(slot > 0, "slots start at 1")
        switch turns {
        case .inOrder: return Int((slot - 1) % UInt64(count))
        case .byWeight(let seed):
            var place = Blake2b.hash(.leader, seed.bytes + slot.bigEndianBytes).a.bigEndian % totalWeight
            for (position, member) in members.enumerated() {
                if place < member.weight { return position }
                place -= member.weight
            }
            preconditionFailure("the weights add up to the total")
        }
    }
}
