/// Puts together what both chains of each peg say (invariant 2): nothing appears that has not left the other chain, and custody is what is out
/// and on its way.
struct PegAudit {
    private(set) var violations: [Violation] = []

    /// - Parameters:
    ///   - replays: every sub-chain's, after its last block.
    ///   - partial: chains whose newest blocks may not have been judged.
    init(_ replays: [(chain: String, replay: ChainReplay)], partial: Set<String>) {
        let ledgers = Dictionary(replays.map { ($0.chain, $0.replay.ledger) }) { first, _ in first }
        for contract in PegAudit.pegs(of: ledgers.values.sorted { $0.chain.id < $1.chain.id }) {
            guard let main = ledgers[contract.sides[0].chain], let side = ledgers[contract.sides[1].chain] else { continue }
            let isPartial = partial.contains(main.chain.id) || partial.contains(side.chain.id)
            let toIssue = judge(contract.id, 1, from: main, to: side, isPartial: isPartial)
            let toRelease = judge(contract.id, 3, from: side, to: main, isPartial: isPartial)
            let custody = UInt128(main.lanes[contract.id, default: 0])
            let backed = UInt128(side.outstanding(of: contract)) + toIssue + toRelease
            if custody != backed, !isPartial {
                report(main.chain.id, "\(contract.id) has \(custody) in custody, and \(backed) is out on \(side.chain.id) and on the way")
            }
        }
    }

    /// One version of each peg: all have the same sides.
    private static func pegs(of ledgers: [LedgerModel]) -> [AuditContract] {
        var pegs: [String: AuditContract] = [:]
        for ledger in ledgers {
            for contract in ledger.network.contracts + ledger.contracts.values.map(\.model.contract) where contract.peg != nil { pegs[contract.id] = contract }
        }
        return pegs.values.sorted { $0.id < $1.id }
    }

    /// Looks at all orders of a kind in one direction.
    ///
    /// - Returns: how much is on its way.
    private mutating func judge(_ peg: String, _ kind: UInt8, from origin: LedgerModel, to target: LedgerModel, isPartial: Bool) -> UInt128 {
        var underWay: UInt128 = 0
        for item in origin.items.values where item.kind == kind && item.contract == peg {
            if target.items[BridgeItemModel.key(kind + 1, peg, item.order)] == nil { underWay += UInt128(item.amount) }
        }
        guard !isPartial else { return underWay }
        for item in target.items.values.sorted(by: { $0.height < $1.height }) where item.kind == kind + 1 && item.contract == peg {
            let left = origin.items[BridgeItemModel.key(kind, peg, item.order)]
            let isSame = left.map { $0.amount == item.amount && $0.receiver == item.receiver && $0.sender == item.sender } ?? false
            if !isSame { report(target.chain.id, "\(item.amount) appeared by order \(Layout.short(item.order)) of \(peg), which \(origin.chain.id) does not have so") }
        }
        return underWay
    }

    private mutating func report(_ chain: String, _ detail: String) { violations.append(Violation(.bridge, chain: chain, height: 0, detail)) }
}
