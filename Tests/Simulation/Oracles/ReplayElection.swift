import Cryptography
import Wire

/// What the notary chain says of the next election, as the oracles compute it.
struct ReplayElection: Sendable {
    /// What a notary node wants.
    struct Stand: Sendable {
        var key: PublicKey
        var number: UInt64
        var isWithdrawn: Bool

        func bytes(_ node: String) -> [UInt8] {
            ReplayElection.padded(node) + key.bytes + CertificateOracle.number(number) + [isWithdrawn ? 1 : 0]
        }
    }

    /// What a sub-chain node votes for.
    struct Vote: Sendable {
        var number: UInt64
        var approved: [String]

        func bytes(_ name: [UInt8]) -> [UInt8] {
            name + CertificateOracle.number(number) + CertificateOracle.number(UInt64(approved.count)).suffix(2)
                + approved.flatMap { ReplayElection.padded($0) }
        }
    }

    /// Who has closed an epoch for a sub-chain.
    struct Closed: Sendable {
        var epoch: Epoch
        /// Ascending.
        var nodes: [String]

        func bytes(_ chain: ChainID) -> [UInt8] {
            CertificateOracle.padded(chain) + CertificateOracle.number(epoch) + CertificateOracle.number(UInt64(nodes.count)).suffix(2)
                + nodes.flatMap { ReplayElection.padded($0) }
        }
    }

    var closed: [ChainID: Closed] = [:]
    var stands: [String: Stand] = [:]
    /// By chain, padded, and voter.
    var votes: [[UInt8]: Vote] = [:]

    static func padded(_ name: String) -> [UInt8] {
        let bytes = Array(name.utf8)
        return bytes + [UInt8](repeating: 0, count: 32 - bytes.count)
    }
}

extension ReplayOracle {
    /// Tells elections apart in which nothing changed from those in which somebody came or left, or took another key.
    mutating func countElection() {
        let (before, after) = (election.terms[election.terms.count - 2].members, election.terms[election.terms.count - 1].members)
        counted.add(.election)
        for member in after {
            guard let old = before.first(where: { $0.node == member.node }) else {
                counted.add(.notaryJoined)
                continue
            }
            if old.key != member.key { counted.add(.notaryKeyRotated) }
        }
        for member in before where !after.contains(where: { $0.node == member.node }) { counted.add(.notaryLeft) }
    }

    /// A candidacy on the notary chain: of a listed node, signed by the key that it has and the one it names, newer than the last.
    func stand(_ candidacy: Candidacy, in state: inout ReplayState) throws(ReplayFault) {
        guard state.chain == .notary, let election = network.notary.election,
            let node = (network.notary.nodes + election.standby).first(where: { $0.id == candidacy.node })
        else { throw ReplayFault(what: "a candidacy of no notary node") }
        let before = state.election.stands[candidacy.node]
        guard candidacy.number > before?.number ?? 0, candidacy.present == before?.key ?? node.key else {
            throw ReplayFault(what: "a candidacy that is stale, or not by the key that \(candidacy.node) has")
        }
        try demandSigned(candidacy.present, candidacy.signature, "candidacy", candidacy.body)
        try demandSigned(candidacy.key, candidacy.keySignature, "candidacy-key", candidacy.body)
        state.set(.init(key: candidacy.key, number: candidacy.number, isWithdrawn: candidacy.isWithdrawn), of: candidacy.node)
    }

    /// A closing on the notary chain: of the newest settled epoch, by one of its notaries, once for each sub-chain.
    func close(_ closing: Closing, in state: inout ReplayState) throws(ReplayFault) {
        guard state.chain == .notary, network.notary.election != nil, state.chains(network).contains(where: { $0.id == closing.chain }),
            closing.epoch + 1 == UInt64(election.terms.count),
            let member = election.terms[election.terms.count - 1].members.first(where: { $0.key == closing.notary })
        else { throw ReplayFault(what: "a closing of another epoch, or by no notary of it") }
        var closed = state.election.closed[closing.chain] ?? .init(epoch: closing.epoch, nodes: [])
        if closed.epoch != closing.epoch { closed = .init(epoch: closing.epoch, nodes: []) }
        guard !closed.nodes.contains(member.node) else { throw ReplayFault(what: "a second closing by \(member.node)") }
        try demandSigned(closing.notary, closing.signature, "closing", closing.body)
        closed.nodes.insert(member.node, at: closed.nodes.firstIndex { $0 > member.node } ?? closed.nodes.count)
        state.set(closed, of: closing.chain)
    }

    /// A ballot on the notary chain: of a sub-chain's node, signed by it, newer than its last.
    func vote(_ ballot: Ballot, in state: inout ReplayState) throws(ReplayFault) {
        guard state.chain == .notary, network.notary.election != nil,
            state.chains(network).contains(where: { $0.id == ballot.chain && $0.nodes.contains { $0.key == ballot.voter } })
        else { throw ReplayFault(what: "a ballot of a stranger") }
        guard state.statuses[ballot.chain]?.hasLeft != true else { throw ReplayFault(what: "a ballot of a chain that has left") }
        let before = state.election.votes[CertificateOracle.padded(ballot.chain) + ballot.voter.bytes]
        guard ballot.number > before?.number ?? 0 else { throw ReplayFault(what: "a ballot that is stale") }
        try demandSigned(ballot.voter, ballot.signature, "ballot", ballot.body)
        state.set(.init(number: ballot.number, approved: ballot.approved), by: ballot.voter, on: ballot.chain)
    }
}
