import Cryptography
import Wire

/// Rule R8 and what hangs on it, written a second time: which blocks a freeze has made void, as of which notary block a chain was
/// frozen, and that a refund by freeze, a deciding leg after a thaw and every piece of evidence agree with it. Looked up at the end of a
/// run, when the whole notary chain is known.
package struct FreezeOracle: Sendable {
    private struct Span {
        var chain: ChainID
        var height: Height
        var from: Height
        var to: Height?
    }

    /// Something a block of a sub-chain relied on.
    private struct Claim {
        var by: BlockHeader
        var what: What

        enum What {
            /// The chain is frozen, since a notary block.
            case frozen(ChainID, since: Height)
            case evidence(BlockHeader)
            /// A deciding leg, with the blocks that show its holds.
            case decided([BlockHeader])
        }
    }

    private var spans: [Span] = []
    private var claims: [Claim] = []
    private var heads: [ChainID: Height] = [:]
    /// Deciding legs in recorded blocks: where they stand, whatever their chain's nodes are.
    private var standing: [Digest: (chain: ChainID, height: Height)] = [:]
    private var refunds: [(xid: Digest, by: BlockHeader)] = []
    /// Chains that have left and were not frozen before, and where.
    private var ends: [(chain: ChainID, height: Height)] = []

    package init() {}

    /// Freezes seen, and thaws.
    package var counts: (freezes: Int, thaws: Int) { (spans.count, spans.filter { $0.to != nil }.count) }

    mutating func frozen(_ chain: ChainID, at height: Height, notary: Height) {
        spans.append(Span(chain: chain, height: height, from: notary, to: nil))
    }

    mutating func left(_ chain: ChainID, at height: Height) { ends.append((chain, height)) }

    mutating func thawed(_ chain: ChainID, notary: Height) {
        guard let last = spans.lastIndex(where: { $0.chain == chain }) else { return }
        spans[last].to = notary
    }

    mutating func refundedByFreeze(of chain: ChainID, since: Height, in header: BlockHeader) {
        claims.append(Claim(by: header, what: .frozen(chain, since: since)))
    }

    mutating func relied(on evidence: BlockHeader, in header: BlockHeader) {
        if evidence.chain != .notary { claims.append(Claim(by: header, what: .evidence(evidence))) }
    }

    mutating func decided(by holds: [BlockHeader], in header: BlockHeader) {
        claims.append(Claim(by: header, what: .decided(holds)))
    }

    /// A block is recorded. Its cross data name deciding legs by the number of a Confirm.
    mutating func recorded(_ record: Record) {
        for data in record.crosses where data.operation == 4 { standing[data.xid] = (record.final.header.chain, record.final.header.height) }
    }

    mutating func refunded(_ xid: Digest, in header: BlockHeader) { refunds.append((xid, header)) }

    /// Every block of a sub-chain: its notary block never goes back.
    mutating func follow(_ header: BlockHeader, at time: UInt64, _ findings: inout Findings) {
        let before = heads[header.chain] ?? 0
        if header.fields.notaryHeight < before {
            findings.report(.replay, "\(header.chain) \(header.height) knows notary block \(header.fields.notaryHeight), after \(before)", at: time)
        }
        heads[header.chain] = header.fields.notaryHeight
        // Its parent knew the notary block `before`.
        let isParentVoid = spans.contains { $0.chain == header.chain && $0.height + 1 < header.height && before < $0.to ?? .max }
        if isParentVoid, !isVoid(header) {
            findings.report(.atomicity, "\(header.chain) \(header.height) is final, and built on a block that a freeze has made void", at: time)
        }
    }

    /// Whether a freeze has made a block void.
    package func isVoid(_ header: BlockHeader) -> Bool {
        spans.contains { $0.chain == header.chain && $0.height < header.height && header.fields.notaryHeight < $0.to ?? .max }
    }

    func finish(_ history: HistoryOracle, at time: UInt64, _ findings: inout Findings) {
        for (xid, header) in refunds {
            guard let leg = standing[xid] else { continue }
            findings.report(
                .atomicity, "\(xid) is refunded in \(header.chain) \(header.height), and its deciding leg stands recorded in \(leg.chain) \(leg.height)",
                at: time)
        }
        for (chain, height) in ends where Height(history.blocks(of: chain).count) > height {
            findings.report(.atomicity, "\(chain) has left at height \(height), and block \(height + 1) was final", at: time)
        }
        for claim in claims {
            let notary = claim.by.fields.notaryHeight
            let name = "\(claim.by.chain) \(claim.by.height)"
            if notary > 0, history.hash(of: .notary, at: notary) != claim.by.fields.notaryHead {
                findings.report(.replay, "\(name) names a notary block that is not final", at: time)
            }
            switch claim.what {
            case .frozen(let chain, let since):
                let isTrue = spans.contains { $0.chain == chain && $0.from == since && since <= notary && notary < $0.to ?? .max }
                if !isTrue { findings.report(.atomicity, "\(name) refunds by a freeze of \(chain) that does not hold at notary block \(notary)", at: time) }
            case .evidence(let header):
                if isVoid(header) { findings.report(.atomicity, "\(name) relies on \(header.chain) \(header.height), which a freeze has made void", at: time) }
            case .decided(let holds):
                let thaw = spans.compactMap { $0.chain == claim.by.chain ? $0.to : nil }.filter { $0 <= notary }.max() ?? 0
                if holds.contains(where: { $0.fields.notaryHeight < thaw }) {
                    findings.report(.atomicity, "\(name) decides by a hold that does not know of the thaw", at: time)
                }
            }
        }
    }
}
