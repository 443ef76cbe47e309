import Foundation
import Schema

/// A notary's word that it has closed an epoch for a sub-chain, read by the schema alone (docs/protocol.md, E-8).
struct ClosingModel: Sendable {
    var chain: String
    var notary: Bytes
    var epoch: UInt64

    init(_ message: PBClosing) throws(FormFault) {
        let body = try ParsedTransaction.canonical(PBClosingBody.self, message.body, "its body")
        guard Layout.isChainName(body.chain), body.notary.count == Sodium.keyBytes else { throw FormFault("has a body that is out of form") }
        (chain, notary, epoch) = (body.chain, Bytes(body.notary), body.epoch)
    }
}

/// Who has closed the newest epoch for a sub-chain.
struct ClosingsModel: Sendable {
    var epoch: UInt64
    var nodes: Set<String>

    /// chain padded 32 | epoch u64 | count u16 | (node padded 32)*.
    func encoded(_ chain: String) -> Bytes {
        let sorted = nodes.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        return Layout.padded(chain) + Layout.number(epoch) + Layout.number(UInt16(nodes.count)) + sorted.flatMap { Layout.padded($0) }
    }
}

extension LedgerModel {
    mutating func applyClosing(_ transaction: ParsedTransaction) -> RuleResult {
        guard let closing = transaction.closing, chain.election != nil else { return .forbidden(.replay, "closes an epoch where nobody is elected") }
        guard subChain(closing.chain) != nil else { return .forbidden(.replay, "closes an epoch for a stranger") }
        guard closing.epoch == stakes.newestEpoch, let voter = stakes.electorate(ofEpoch: closing.epoch)?.first(where: { $0.key == closing.notary })
        else { return .forbidden(.replay, "closes an epoch that is not the present one, or is by none of its notaries") }
        guard !(stakes.election?.closings[closing.chain].map { $0.epoch == closing.epoch && $0.nodes.contains(voter.id) } ?? false) else {
            return .forbidden(.replay, "closes what its notary has closed")
        }
        stakes.election?.close(closing, by: voter.id)
        writeClosings(of: closing.chain)
        return .outcome(0)
    }
}
