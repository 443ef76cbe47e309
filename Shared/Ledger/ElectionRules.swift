import Cryptography
import Wire

/// Candidacies and ballots on the notary chain (A10). What is in a block up to an epoch's cut counts for the next epoch (`Tally`).
extension LedgerState {
    /// A notary node offers itself, names its key, or leaves.
    ///
    /// The caller has verified both signatures. Reasons are found in this order: wrongChain; notAllowed where nobody is elected;
    /// unlistedNode; superseded by a candidacy of the node with the same or a higher number; notReady when the node does not have
    /// the key that signed, or not yet; keyTaken by another node of the network.
    mutating func applyCandidacy(_ candidacy: Candidacy) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        guard network.notary.election != nil else { return .invalid(.notAllowed) }
        guard let node = network.notary.listed.first(where: { $0.id == candidacy.node }) else { return .invalid(.unlistedNode) }
        let before = self.candidacy(of: candidacy.node)
        guard candidacy.number > before?.number ?? 0 else { return .invalid(.superseded) }
        guard candidacy.present == before?.key ?? node.key else { return .invalid(.notReady) }
        guard !isTaken(candidacy.key, besides: candidacy.node) else { return .invalid(.keyTaken) }
        write(CandidacyEntry(candidacy))
        return .applied
    }

    /// A sub-chain node says whom it approves of.
    ///
    /// The caller has verified the signature. Reasons are found in this order: wrongChain; notAllowed where nobody is elected;
    /// unknownVoter; chainLeft; unlistedNode for an approved node that is not listed; superseded by a ballot of the voter with the same or a higher
    /// number.
    mutating func applyBallot(_ ballot: Ballot) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        guard network.notary.election != nil else { return .invalid(.notAllowed) }
        guard subChain(ballot.chain)?.hasNode(ballot.voter) ?? false else {
            return .invalid(.unknownVoter)
        }
        guard status(of: ballot.chain)?.hasLeft != true else { return .invalid(.chainLeft) }
        let listed = network.notary.listed
        guard ballot.approved.allSatisfy({ id in listed.contains { $0.id == id } }) else { return .invalid(.unlistedNode) }
        guard ballot.number > self.ballot(of: ballot.voter, on: ballot.chain)?.number ?? 0 else { return .invalid(.superseded) }
        write(BallotEntry(ballot))
        return .applied
    }

    /// The newest candidacy of a notary node, with the effects of the open block.
    package func candidacy(of node: String) -> CandidacyEntry? { candidacies.first { $0.node == node } }

    /// The newest ballot of a sub-chain node, with the effects of the open block.
    package func ballot(of voter: PublicKey, on chain: ChainID) -> BallotEntry? { ballots.first { $0.voter == voter && $0.chain == chain } }

    /// Whether another node of the network has a key: two nodes with one key would vote as one.
    func isTaken(_ key: PublicKey, besides node: String) -> Bool {
        candidacies.contains { $0.key == key && $0.node != node } || network.notary.listed.contains { $0.key == key && $0.id != node }
            || subChains.contains { $0.nodes.contains { $0.key == key } }
    }

    private mutating func write(_ entry: CandidacyEntry) {
        let found = candidacies.firstIndex { $0.node >= entry.node }
        let old = found.flatMap { candidacies[$0].node == entry.node ? candidacies[$0] : nil }
        if !journal.candidacies.contains(where: { $0.node == entry.node }) { journal.candidacies.append(.init(node: entry.node, entry: old)) }
        candidacies.put(entry, at: found ?? candidacies.count, replacing: old != nil)
    }

    private mutating func write(_ entry: BallotEntry) {
        let found = ballots.firstIndex { ($0.chain, $0.voter) >= (entry.chain, entry.voter) }
        let old = found.flatMap { ballots[$0].voter == entry.voter && ballots[$0].chain == entry.chain ? ballots[$0] : nil }
        if !journal.ballots.contains(where: { $0.voter == entry.voter && $0.chain == entry.chain }) {
            journal.ballots.append(.init(chain: entry.chain, voter: entry.voter, entry: old))
        }
        ballots.put(entry, at: found ?? ballots.count, replacing: old != nil)
    }

    /// The leaves of an election that the open block changed, with their new values.
    func electionChanges() -> [StateTree.Change] {
        journal.candidacies.map { (key: StateKey.candidacy($0.node), value: candidacy(of: $0.node)?.valueHash) }
            + journal.ballots.map { (key: StateKey.ballot($0.voter, on: $0.chain), value: ballot(of: $0.voter, on: $0.chain)?.valueHash) }
    }

    /// The same with the values before a committed block.
    func inverseElectionChanges(_ record: Journal) -> [StateTree.Change] {
        record.candidacies.map { (key: StateKey.candidacy($0.node), value: $0.entry?.valueHash) }
            + record.ballots.map { (key: StateKey.ballot($0.voter, on: $0.chain), value: $0.entry?.valueHash) }
    }

    /// Puts the old entries back.
    mutating func restoreElection(_ record: Journal) {
        for old in record.candidacies {
            guard let place = candidacies.firstIndex(where: { $0.node == old.node }) else { continue }
            if let entry = old.entry { candidacies[place] = entry } else { candidacies.remove(at: place) }
        }
        for old in record.ballots {
            guard let place = ballots.firstIndex(where: { $0.voter == old.voter && $0.chain == old.chain }) else { continue }
            if let entry = old.entry { ballots[place] = entry } else { ballots.remove(at: place) }
        }
    }
}

extension CandidacyEntry {
    var stateKey: Digest { StateKey.candidacy(node) }
    var valueHash: Digest { StateKey.valueHash(encoded) }
}

extension BallotEntry {
    var stateKey: Digest { StateKey.ballot(voter, on: chain) }
    var valueHash: Digest { StateKey.valueHash(encoded) }
}

extension Array {
    /// Puts an element at its place in a sorted array.
    fileprivate mutating func put(_ element: Element, at place: Int, replacing: Bool) {
        if replacing { self[place] = element } else { insert(element, at: place) }
    }
}
