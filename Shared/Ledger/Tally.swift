import Cryptography
import Determinism
import Wire

/// Who has a seat among the notaries, and with which key.
package struct NotarySeat: Hashable, Sendable {
    package let node: String
    package let key: PublicKey

    package init(node: String, key: PublicKey) {
        self.node = node
        self.key = key
    }
}

/// Counts the ballots for the next notaries: a function of the notary chain's state alone (A10).
///
/// Every sub-chain weighs the same; each of its nodes has an equal share of that, and gives it whole to every node that it approves of.
/// The highest weights take the seats; of equal ones those that sit already, then the lower id. Nobody who wants to stay is put out by a
/// newcomer whom not more than half of all weight approves of: were few ballots enough, one bad node could name the notaries while the
/// others do not care. Newcomers with less than that fill what seats are free.
package enum Tally {
    /// - Parameter sitting: the notaries of the present epoch.
    /// - Parameter chains: the sub-chains that vote; without it all that are known of the network.
    /// - Returns: those of the next one, in the order in which `network.yaml` lists them; never fewer than sit now or than there are
    ///   seats: a member that wants to leave stays until somebody takes its place.
    package static func elect(
        _ candidacies: [CandidacyEntry], _ ballots: [BallotEntry], sitting: [NotarySeat], rule: ElectionRule, network: Network,
        chains known: [ChainDescription]? = nil
    ) -> [NotarySeat] {
        let chains = known ?? network.chains
        let weights = weigh(ballots, network.notary.listed, chains)
        let all = network.notary.listed.enumerated().map { place, node in
            let entry = candidacies.first { $0.node == node.id }
            return Contender(
                seat: NotarySeat(node: node.id, key: entry?.key ?? node.key), weight: weights[place],
                isSitting: sitting.contains { $0.node == node.id }, wantsSeat: entry.map { !$0.isWithdrawn } ?? (place < network.notary.nodes.count))
        }
        let total = Limits.ballotWeightPerChain * UInt64(chains.count)
        var chosen = all.filter { $0.wantsSeat && $0.isStrong(total) }.sorted(by: Contender.precedes).prefix(rule.seats).map(\.seat)
        let free = all.filter { $0.wantsSeat && !$0.isStrong(total) }.sorted(by: Contender.precedes)
        chosen += free.prefix(rule.seats - chosen.count).map(\.seat)
        let leaving = all.filter { $0.isSitting && !$0.wantsSeat }.sorted(by: Contender.precedes)
        chosen += leaving.prefix(max(0, min(rule.seats, sitting.count) - chosen.count)).map(\.seat)
        return all.map(\.seat).filter { seat in chosen.contains(seat) }
    }

    /// The same notaries once more, with the keys that they have now.
    package static func keep(_ sitting: [NotarySeat], _ candidacies: [CandidacyEntry], network: Network) -> [NotarySeat] {
        network.notary.listed.filter { node in sitting.contains { $0.node == node.id } }.map { node in
            NotarySeat(node: node.id, key: candidacies.first { $0.node == node.id }?.key ?? node.key)
        }
    }

    private struct Contender {
        var seat: NotarySeat
        var weight: UInt64
        var isSitting: Bool
        var wantsSeat: Bool

        /// Whether it may put another out.
        func isStrong(_ total: UInt64) -> Bool { isSitting || weight > total / 2 }

        static func precedes(_ left: Contender, _ right: Contender) -> Bool {
            if left.weight != right.weight { return left.weight > right.weight }
            if left.isSitting != right.isSitting { return left.isSitting }
            return left.seat.node < right.seat.node
        }
    }

    /// What each listed node's approvals weigh, in the order of the list.
    private static func weigh(_ ballots: [BallotEntry], _ listed: [NodeDescription], _ chains: [ChainDescription]) -> [UInt64] {
        var weights = [UInt64](repeating: 0, count: listed.count)
        for ballot in ballots {
            guard let nodes = chains.first(where: { $0.id == ballot.chain })?.nodes, !nodes.isEmpty else { continue }
#if PLANTED_BUGS
            let share = Limits.ballotWeightPerChain / UInt64(nodes.count) * (PlantedBug.ballotCountedTwice.isPlanted && ballot.number > 1 ? 2 : 1)
#else
            let share = Limits.ballotWeightPerChain / UInt64(nodes.count)
#endif
            for (place, node) in listed.enumerated() where ballot.approved.contains(node.id) { weights[place] += share }
        }
        return weights
    }
}
