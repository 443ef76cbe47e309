import Cryptography
import Wire

/// Who may certify what, as the oracles compute it from the notary chain's blocks alone: each epoch's notaries by a tally of their own, and
/// from which height on they certify each sub-chain.
package struct ElectionOracle: Sendable {
    /// One epoch's notaries.
    struct Term: Sendable {
        var members: [(node: String, key: PublicKey)]
        /// Height from which on they certify a chain's blocks; absent in the first term, which begins at once.
        var firsts: [ChainID: Height] = [:]
        var seed: [UInt8]
    }

    private let network: Network
    private(set) var terms: [Term]
    /// The epoch whose notaries certify the first blocks of a chain that has joined.
    private var begins: [ChainID: Int] = [:]

    package init(network: Network) {
        self.network = network
        let seed = ElectionOracle.hash("epoch-seed", Array("notary".utf8))
        terms = [Term(members: network.notary.nodes.map { ($0.id, $0.key) }, seed: seed)]
    }

    /// The epoch of a slot of the notary chain.
    package func epoch(ofSlot slot: Slot) -> Epoch {
        guard let rule = network.notary.epochs, network.notary.election != nil else { return 0 }
        return (slot - 1) / rule.slots
    }

    /// Keys of the notaries of an epoch, in their order; nil when no block has settled them.
    package func notaries(of epoch: Epoch) -> [PublicKey]? {
        epoch < UInt64(terms.count) ? terms[Int(epoch)].members.map(\.key) : nil
    }

    /// The epoch whose notaries certify a chain's block.
    package func epoch(of chain: ChainID, height: Height) -> Epoch {
        var found = begins[chain] ?? 0
        for (epoch, term) in terms.enumerated() where epoch > 0 && term.firsts[chain].map({ $0 <= height }) ?? false { found = epoch }
        return Epoch(found)
    }

    /// Whether those who sit in a slot are the nodes who certify a chain's block.
    func isCertified(_ chain: ChainID, height: Height, bySlot slot: Slot) -> Bool {
        let (sitting, certifying) = (epoch(ofSlot: slot), epoch(of: chain, height: height))
        guard sitting < UInt64(terms.count), certifying < UInt64(terms.count) else { return false }
        return terms[Int(sitting)].members.map(\.node) == terms[Int(certifying)].members.map(\.node)
    }

    /// A chain has joined: the notaries that were settled last certify it from its first block on.
    mutating func joined(_ chain: ChainID) { begins[chain] = terms.count - 1 }

    /// The next notary block, before its transactions: the first one past the cut settles the next term.
    ///
    /// - Returns: whether it did.
    mutating func follow(_ header: BlockHeader, _ state: inout ReplayState) -> Bool {
        let fields = header.fields
        guard let rule = network.notary.epochs, let election = network.notary.election else { return false }
        let next = epoch(ofSlot: fields.slot) + 1
        guard fields.slot + rule.margin > next * rule.slots, UInt64(terms.count) == next else { return false }
        var term = Term(members: elect(election, state), seed: ElectionOracle.hash("epoch-seed", terms[terms.count - 1].seed + fields.parent.bytes))
        let chains = state.chains(network)
        for chain in chains { term.firsts[chain.id] = (state.heads[chain.id]?.height ?? 0) + election.lead + 1 }
        terms.append(term)
        var bytes = CertificateOracle.number(next) + term.seed + CertificateOracle.number(UInt64(term.members.count)).suffix(2)
        for member in term.members { bytes += ReplayElection.padded(member.node) + member.key.bytes + CertificateOracle.number(1) }
        bytes += CertificateOracle.number(UInt64(chains.count)).suffix(2)
        for chain in chains { bytes += CertificateOracle.padded(chain.id) + CertificateOracle.number(term.firsts[chain.id] ?? 0) }
        state.setEpoch(next, bytes, keeping: 8)
        return true
    }

    /// One seat after the other goes to the best of those who are left.
    private func elect(_ rule: ElectionRule, _ state: ReplayState) -> [(node: String, key: PublicKey)] {
        let listed = network.notary.nodes + rule.standby
        let sitting = terms[terms.count - 1].members.map(\.node)
        var weights: [String: UInt64] = [:]
        let chains = state.chains(network)
        let voting = chains.filter { state.statuses[$0.id]?.hasLeft != true }
        for chain in voting {
            for voter in chain.nodes {
                let vote = state.election.votes[CertificateOracle.padded(chain.id) + voter.key.bytes]
                for node in vote?.approved ?? [] { weights[node, default: 0] += 1_000_000_000 / UInt64(chain.nodes.count) }
            }
        }
        let half = 500_000_000 * UInt64(voting.count)
        func wants(_ node: String) -> Bool {
            state.election.stands[node].map { !$0.isWithdrawn } ?? network.notary.nodes.contains { $0.id == node }
        }
        var elected: [String] = []
        func fill(to seats: Int, from ranks: [(String) -> Bool]) {
            for belongs in ranks {
                while elected.count < seats {
                    var best: String?
                    for node in listed.map(\.id) where belongs(node) && !elected.contains(node) {
                        guard let other = best else {
                            best = node
                            continue
                        }
                        let (mine, theirs) = (weights[node] ?? 0, weights[other] ?? 0)
                        let isSeated = sitting.contains(node), otherIsSeated = sitting.contains(other)
                        if mine > theirs || mine == theirs && (isSeated && !otherIsSeated || isSeated == otherIsSeated && node < other) { best = node }
                    }
                    guard let best else { break }
                    elected.append(best)
                }
            }
        }
        fill(
            to: rule.seats,
            from: [
                { wants($0) && (sitting.contains($0) || (weights[$0] ?? 0) > half) }, { wants($0) },
            ])
        fill(to: min(rule.seats, sitting.count), from: [{ sitting.contains($0) }])
        // Others take over only when more than two thirds have closed the epoch, on every chain.
        let present = UInt64(terms.count) - 1
        let isClosed = voting.allSatisfy { chain in
            guard let closed = state.election.closed[chain.id], closed.epoch == present else { return false }
            return 3 * closed.nodes.count > 2 * sitting.count
        }
        if Set(elected) != Set(sitting), !isClosed { elected = sitting }
        return listed.filter { elected.contains($0.id) }.map { ($0.id, state.election.stands[$0.id]?.key ?? $0.key) }
    }

    private static func hash(_ tag: String, _ content: [UInt8]) -> [UInt8] {
        Blake2b.hash(Array("concordat/1/\(tag)".utf8) + [0] + content).bytes
    }
}
