import Foundation
import Schema

/// A notary node's candidacy, read by the schema alone (docs/protocol.md, E-1).
struct CandidacyModel: Sendable {
    var node: String
    var present: Bytes
    var key: Bytes
    var isWithdrawn: Bool
    var number: UInt64

    var presentData: Data { Data(present) }
    var keyData: Data { Data(key) }

    /// node padded 32 | key 32 | number u64 | withdrawn u8.
    var encoded: Bytes { Layout.padded(node) + key + Layout.number(number) + [isWithdrawn ? 1 : 0] }

    init(_ message: PBCandidacy) throws(FormFault) {
        let body = try ParsedTransaction.canonical(PBCandidacyBody.self, message.body, "its body")
        guard Layout.isChainName(body.node), body.present.count == Sodium.keyBytes, body.key.count == Sodium.keyBytes, body.number > 0 else {
            throw FormFault("has a body that is out of form")
        }
        (node, present, key, isWithdrawn, number) = (body.node, Bytes(body.present), Bytes(body.key), body.withdrawn, body.number)
    }
}

/// A sub-chain node's ballot, read by the schema alone (docs/protocol.md, E-2).
struct BallotModel: Sendable {
    var chain: String
    var voter: Bytes
    var approved: [String]
    var number: UInt64

    /// chain padded 32 | voter 32 | number u64 | count u16 | (node padded 32)*.
    var encoded: Bytes {
        Layout.padded(chain) + voter + Layout.number(number) + Layout.number(UInt16(approved.count)) + approved.flatMap { Layout.padded($0) }
    }

    init(_ message: PBBallot) throws(FormFault) {
        let body = try ParsedTransaction.canonical(PBBallotBody.self, message.body, "its body")
        guard Layout.isChainName(body.chain), body.voter.count == Sodium.keyBytes, body.number > 0, body.approved.allSatisfy(Layout.isChainName),
            zip(body.approved, body.approved.dropFirst()).allSatisfy({ Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        else { throw FormFault("has a body that is out of form") }
        (chain, voter, approved, number) = (body.chain, Bytes(body.voter), body.approved, body.number)
    }
}

/// Rules of the election on the notary chain.
extension LedgerModel {
    mutating func applyCandidacy(_ transaction: ParsedTransaction) -> RuleResult {
        guard let candidacy = transaction.candidacy, let election = chain.election else { return .forbidden(.replay, "elects where nobody is elected") }
        let listed = chain.nodes + election.standby
        guard let node = listed.first(where: { $0.id == candidacy.node }) else { return .forbidden(.replay, "is of no listed notary node") }
        let before = candidacies[candidacy.node]
        guard candidacy.number > before?.number ?? 0 else { return .forbidden(.replay, "is older than the node's candidacy that stands") }
        guard candidacy.present == before?.key ?? node.key else { return .forbidden(.replay, "is signed by a key that the node does not have") }
        let others = listed.filter { $0.id != candidacy.node }.map(\.key) + candidacies.values.filter { $0.node != candidacy.node }.map(\.key)
            + network.chains.flatMap(\.keys)
        guard !others.contains(candidacy.key) else { return .forbidden(.replay, "takes a key that another node has") }
        write(candidacy)
        return .outcome(0)
    }

    mutating func applyBallot(_ transaction: ParsedTransaction) -> RuleResult {
        guard let ballot = transaction.ballot, let election = chain.election else { return .forbidden(.replay, "elects where nobody is elected") }
        guard let voters = network.chains.first(where: { $0.id == ballot.chain })?.keys, voters.contains(ballot.voter) else {
            return .forbidden(.replay, "is a ballot of a stranger")
        }
        let listed = (chain.nodes + election.standby).map(\.id)
        guard ballot.approved.allSatisfy(listed.contains) else { return .forbidden(.replay, "approves of a node that is not listed") }
        guard ballot.number > ballots[Layout.padded(ballot.chain) + ballot.voter]?.number ?? 0 else {
            return .forbidden(.replay, "is older than the voter's ballot that stands")
        }
        write(ballot)
        return .outcome(0)
    }
}
