import Cryptography
import Wire

/// Invariants 5 and 6: of one xid all legs are settled or all refunded, settled only after the deciding leg, refunded never with
/// it; each hold is made once, resolved once, decided once.
package struct CrossOracle: Sendable {
    private struct Book {
        var decidingChain: ChainID
        var deadline: ChainTime
        var heldAt: [(chain: ChainID, height: Height)] = []
        var resolved: [(chain: ChainID, height: Height, isSettled: Bool)] = []
        var decision: (kind: UInt8, height: Height)?
    }

    /// A block said that another chain's block shows something; looked up at the end, when that chain is known.
    private enum Claim {
        case held(xid: Digest, chain: ChainID, BlockHeader)
        case decided(xid: Digest, BlockHeader)
        case notCommitted(xid: Digest, deadline: ChainTime, BlockHeader)
    }

    /// A chain of which nothing is known but what others took from it.
    var corrupt: ChainID?
    private var books: [Digest: Book] = [:]
    private var order: [Digest] = []
    private var claims: [Claim] = []

    package init() {}

    /// How many cross transactions ended each way: settled, refunded, still held.
    package var totals: (settled: Int, refunded: Int, open: Int) {
        var totals = (settled: 0, refunded: 0, open: 0)
        for xid in order {
            guard let book = books[xid], !book.heldAt.isEmpty else { continue }
            if book.resolved.count < book.heldAt.count {
                totals.open += 1
            } else if book.resolved.allSatisfy(\.isSettled) {
                totals.settled += 1
            } else {
                totals.refunded += 1
            }
        }
        return totals
    }

    /// How a cross transaction has ended; nil while something is held, or when nothing was.
    package func isSettled(_ xid: Digest) -> Bool? {
        guard let book = books[xid], !book.heldAt.isEmpty, book.resolved.count == book.heldAt.count else { return nil }
        return book.resolved.allSatisfy(\.isSettled)
    }

    /// What is known of a cross transaction, for who looks for the reason of a finding.
    package func description(of xid: Digest) -> String {
        guard let book = books[xid] else { return "nothing" }
        let held = book.heldAt.map { "\($0.chain) \($0.height)" }.joined(separator: " ")
        let resolved = book.resolved.map { "\($0.chain) \($0.height) \($0.isSettled ? "settled" : "refunded")" }.joined(separator: " ")
        return "held [\(held)] resolved [\(resolved)] decision of \(book.decidingChain) \(book.decision?.kind ?? 0)"
    }

    package func decidingChain(of xid: Digest) -> ChainID? { books[xid]?.decidingChain }

    private mutating func open(_ cross: CrossTransaction) {
        if books[cross.xid] == nil {
            books[cross.xid] = Book(decidingChain: cross.legs[cross.legs.count - 1].chain, deadline: cross.deadline)
            order.append(cross.xid)
        }
    }

    package mutating func held(_ cross: CrossTransaction, on chain: ChainID, at height: Height, time: UInt64, _ findings: inout Findings) {
        open(cross)
        if books[cross.xid]?.heldAt.contains(where: { $0.chain == chain }) == true {
            findings.report(.once, "\(cross.xid) is held twice on \(chain)", at: time)
        }
        books[cross.xid]?.heldAt.append((chain, height))
    }

    /// - Parameter decision: 1 committed, 2 refused, 3 cancelled.
    package mutating func decided(_ cross: CrossTransaction, _ decision: UInt8, at height: Height, time: UInt64, _ findings: inout Findings) {
        open(cross)
        guard let book = books[cross.xid] else { return }
        if let before = book.decision {
            findings.report(.once, "\(cross.xid) is decided \(before.kind), then \(decision)", at: time)
        }
        if decision == 1, book.resolved.contains(where: { !$0.isSettled }) {
            findings.report(.atomicity, "\(cross.xid) is committed after it was refunded", at: time)
        }
        if decision != 1, book.resolved.contains(where: \.isSettled) {
            findings.report(.atomicity, "\(cross.xid) is refused after it was settled", at: time)
        }
        books[cross.xid]?.decision = (decision, height)
    }

    /// Rule R8: a freeze makes void what a chain's blocks above its height did. Who relied on it nevertheless is found in the end.
    package mutating func frozen(_ chain: ChainID, above height: Height) {
        for xid in order {
            guard var book = books[xid] else { continue }
            if book.decidingChain == chain, let decision = book.decision, decision.height > height { book.decision = nil }
            book.heldAt.removeAll { $0.chain == chain && $0.height > height }
            book.resolved.removeAll { $0.chain == chain && $0.height > height }
            books[xid] = book
        }
    }

    package mutating func claimHeld(_ xid: Digest, on chain: ChainID, evidence: BlockHeader) {
        claims.append(.held(xid: xid, chain: chain, evidence))
    }

    package mutating func resolved(
        _ xid: Digest, isSettled: Bool, on chain: ChainID, at height: Height, deadline: ChainTime, evidence: BlockHeader, isByFreeze: Bool = false,
        time: UInt64, _ findings: inout Findings
    ) {
        guard let book = books[xid] else { return }
        if book.resolved.contains(where: { $0.chain == chain }) {
            findings.report(.once, "\(xid) is resolved twice on \(chain)", at: time)
        }
        if book.resolved.contains(where: { $0.isSettled != isSettled }) {
            findings.report(.atomicity, "\(xid) is settled on one chain and refunded on another", at: time)
        }
        if let decision = book.decision, (decision.kind == 1) != isSettled {
            findings.report(.atomicity, "\(xid) is \(isSettled ? "settled" : "refunded") on \(chain), but the decision is \(decision.kind)", at: time)
        }
        books[xid]?.resolved.append((chain, height, isSettled))
        // What is refunded by a freeze is judged with the freezes.
        guard !isByFreeze else { return }
        claims.append(isSettled ? .decided(xid: xid, evidence) : .notCommitted(xid: xid, deadline: deadline, evidence))
    }

    /// Why holds were given back, and how many were settled.
    package var rules: RuleTally {
        var tally = RuleTally()
        for xid in order {
            guard let book = books[xid] else { continue }
            tally.add(.hold, UInt64(book.heldAt.count))
            if book.decision?.kind == 1 { tally.add(.decidingLeg) }
            for item in book.resolved {
                switch book.decision?.kind {
                case _ where item.isSettled: tally.add(.settlement)
                case 2: tally.add(.refundAfterRefusal)
                case 3: tally.add(.refundAfterCancellation)
                default: tally.add(.refundAfterDeadline)
                }
            }
        }
        return tally
    }

    /// Judges what had to wait until every chain was known.
    package func finish(_ history: HistoryOracle, at time: UInt64, _ findings: inout Findings) {
        for claim in claims { check(claim, history, at: time, &findings) }
        for xid in order {
            guard let book = books[xid], book.decidingChain != corrupt else { continue }
            for item in book.resolved where item.isSettled != (book.decision?.kind == 1) {
                findings.report(.atomicity, "\(xid) ended on \(item.chain) against the decision on \(book.decidingChain)", at: time)
            }
            for hold in book.heldAt where hold.chain != corrupt && !book.resolved.contains(where: { $0.chain == hold.chain }) {
                let head = history.blocks(of: book.decidingChain).last?.header.fields.time ?? 0
                if book.decision != nil || head > book.deadline {
                    findings.report(.atomicity, "\(xid) is still held on \(hold.chain), though it can be resolved: \(description(of: xid))", at: time)
                }
            }
            if book.decision?.kind == 1, book.heldAt.isEmpty, corrupt == nil {
                findings.report(.atomicity, "\(xid) is committed and nothing was ever held", at: time)
            }
        }
    }

    private func check(_ claim: Claim, _ history: HistoryOracle, at time: UInt64, _ findings: inout Findings) {
        let header: BlockHeader
        let holds: Bool
        switch claim {
        case .held(let xid, let chain, let block):
            header = block
            holds = books[xid]?.heldAt.contains { $0.chain == chain && $0.height <= block.height } ?? false
        case .decided(let xid, let block):
            header = block
            holds = books[xid]?.decision.map { $0.kind == 1 && $0.height <= block.height } ?? false
        case .notCommitted(let xid, let deadline, let block):
            header = block
            let decision = books[xid]?.decision
            let isRefused = decision.map { $0.kind != 1 && $0.height <= block.height } ?? false
            holds = isRefused || block.fields.time > deadline && decision?.kind != 1
        }
        if header.chain == corrupt { return }
        if history.hash(of: header.chain, at: header.height) != header.hash || history.blocks(of: header.chain).count < header.height {
            findings.report(.atomicity, "evidence names \(header.chain) \(header.height), which is not final", at: time)
        } else if !holds {
            findings.report(.atomicity, "evidence in \(header.chain) \(header.height) does not show what was claimed: \(claim)", at: time)
        }
    }
}
