import Crypto
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

    var stands: [String: Stand] = [:]
    /// By chain, padded, and voter.
    var votes: [[UInt8]: Vote] = [:]

    static func padded(_ name: String) -> [UInt8] {
        let bytes = Array(name.utf8)
        return bytes + [UInt8](repeating: 0, count: 32 - bytes.count)
    }
}

extension ReplayOracle {
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

    /// A ballot on the notary chain: of a sub-chain's node, signed by it, newer than its last.
    func vote(_ ballot: Ballot, in state: inout ReplayState) throws(ReplayFault) {
        guard state.chain == .notary, network.notary.election != nil,
            network.chains.contains(where: { $0.id == ballot.chain && $0.nodes.contains { $0.key == ballot.voter } })
        else { throw ReplayFault(what: "a ballot of a stranger") }
        let before = state.election.votes[CertificateOracle.padded(ballot.chain) + ballot.voter.bytes]
        guard ballot.number > before?.number ?? 0 else { throw ReplayFault(what: "a ballot that is stale") }
        try demandSigned(ballot.voter, ballot.signature, "ballot", ballot.body)
        state.set(.init(number: ballot.number, approved: ballot.approved), by: ballot.voter, on: ballot.chain)
    }
}
