import Foundation
import Schema
import SwiftProtobuf

/// Everything that the nodes of one chain stored about it, put together by height.
struct ChainBook {
    /// One block as some nodes stored it.
    struct Copy {
        var header: ParsedHeader
        var block: PBBlock
        /// Nodes that hold exactly this.
        var nodes: [String]
        /// What is wrong with the body by itself.
        var faults: [String]
    }

    /// A final header as a node stored it beside the block.
    struct Proof {
        var final: PBFinalHeader
        var node: String
        /// Hash of the block it stands beside.
        var block: Bytes
    }

    /// All that is known of one height.
    struct Entry {
        var copies: [Copy] = []
        var proofs: [Proof] = []
    }

    let chain: AuditChain
    private(set) var entries: [UInt64: Entry] = [:]
    private(set) var nodes: [String] = []
    private(set) var violations: [Violation] = []

    init(chain: AuditChain) {
        self.chain = chain
    }

    /// The highest height that any node holds.
    var end: UInt64 { entries.keys.max() ?? 0 }

    /// Adds one node's store of the chain.
    mutating func add(_ store: StoreSnapshot) {
        nodes.append(store.node)
        var expected: UInt64 = 1
        for row in store.rows("blocks") {
            if row.key != expected {
                let missing = expected == row.key - 1 ? "block \(expected) is" : "blocks \(expected) to \(row.key - 1) are"
                report(.replay, expected, store, "\(missing) missing from the store, which goes on with \(row.key)")
            }
            expected = row.key + 1
            add(row, of: store)
        }
    }

    private mutating func report(_ invariant: Invariant, _ height: UInt64, _ store: StoreSnapshot, _ detail: String) {
        violations.append(Violation(invariant, chain: chain.id, height: height, node: store.node, detail))
    }

    private mutating func add(_ row: StoreSnapshot.Row, of store: StoreSnapshot) {
        guard let stored = try? PBFinalBlock(serializedBytes: row.value), stored.hasBlock, let header = ParsedHeader(stored.block.header) else {
            return report(.readable, row.key, store, "the stored block cannot be read")
        }
        guard header.chain == chain.id, header.height == row.key else {
            return report(.replay, row.key, store, "holds block \(header.height) of \(header.chain) in its place")
        }
        if stored.hasFinal {
            entries[row.key, default: Entry()].proofs.append(Proof(final: stored.final, node: store.node, block: header.hash))
        } else {
            report(.certificates, row.key, store, "the block is stored without its certificates")
        }
        place(stored.block, header, of: store)
    }

    private mutating func place(_ block: PBBlock, _ header: ParsedHeader, of store: StoreSnapshot) {
        let height = header.height
        if let same = entries[height]?.copies.firstIndex(where: { $0.block == block }) {
            entries[height]?.copies[same].nodes.append(store.node)
            return
        }
        let faults = ChainBook.bodyFaults(block, header)
        for fault in faults { report(.replay, height, store, fault) }
        entries[height, default: Entry()].copies.append(Copy(header: header, block: block, nodes: [store.node], faults: faults))
    }

    /// Whether a body is the one that its header commits to.
    private static func bodyFaults(_ block: PBBlock, _ header: ParsedHeader) -> [String] {
        var faults: [String] = []
        if block.transactions.count != header.transactionCount || block.outcomes.count != header.transactionCount
            || header.transactionCount > AuditLimits.blockTransactions {
            faults.append("the block has \(block.transactions.count) transactions and \(block.outcomes.count) outcomes, its header says \(header.transactionCount)")
        } else if TransactionTreeModel.root(of: block.transactions.map { Bytes($0) }, outcomes: Bytes(block.outcomes)) != header.transactionsRoot {
            faults.append("the block's transactions are not those that its header commits to")
        }
        let foreign = block.foreign.map { Sodium.hash(.block, Bytes($0.header)) }
        let root = foreign.isEmpty ? Layout.zeroHash : Sodium.hash(.foreign, foreign.flatMap { $0 })
        if root != header.foreignRoot { faults.append("the block's foreign headers are not those that its header commits to") }
        if Set(foreign).count != foreign.count { faults.append("the block names a foreign header twice") }
        if foreign.count > AuditLimits.foreignHeaders { faults.append("the block names \(foreign.count) foreign headers") }
        return faults
    }
}

/// One chain's final branch: of every height the copy that the audit takes as the chain's.
struct Branch {
    let chain: AuditChain
    /// From height 1, without gaps.
    private(set) var blocks: [ChainBook.Copy] = []
    /// Hashes of every block, also above a gap.
    private(set) var hashes: [UInt64: Bytes] = [:]
    private(set) var violations: [Violation] = []

    /// Takes, at every height, the copy whose body is right, that follows the block before, and that most nodes hold.
    ///
    /// - Parameter certified: block hashes whose certificates are right in form.
    init(_ book: ChainBook, genesis: Bytes, certified: Set<Bytes>) {
        chain = book.chain
        var parent = genesis
        var isWhole = true
        for height in book.entries.keys.sorted() {
            guard let copies = book.entries[height]?.copies, !copies.isEmpty else { continue }
            let best = copies.indices.max { left, right in
                Branch.rank(copies[left], parent, certified) < Branch.rank(copies[right], parent, certified)
            }
            guard let best else { continue }
            let copy = copies[best]
            report(copies, chosen: copy, at: height)
            if height == UInt64(blocks.count) + 1, isWhole { blocks.append(copy) } else { isWhole = false }
            hashes[height] = copy.header.hash
            parent = copy.header.hash
        }
        let end = hashes.keys.max() ?? 0
        if UInt64(blocks.count) < end {
            violations.append(
                Violation(
                    .replay, chain: chain.id, height: UInt64(blocks.count) + 1,
                    "no node holds this block, so the chain cannot be replayed beyond it to \(end)"))
        }
    }

    private static func rank(_ copy: ChainBook.Copy, _ parent: Bytes, _ certified: Set<Bytes>) -> Int {
        (certified.contains(copy.header.hash) ? 4_000 : 0) + (copy.header.parent == parent ? 2_000 : 0) + (copy.faults.isEmpty ? 1_000 : 0)
            + copy.nodes.count
    }

    /// Invariant 3: different blocks at one height.
    private mutating func report(_ copies: [ChainBook.Copy], chosen: ChainBook.Copy, at height: UInt64) {
        for copy in copies where copy.header.hash != chosen.header.hash {
            violations.append(
                Violation(
                    .oneFinal, chain: chain.id, height: height, node: copy.nodes.joined(separator: ", "),
                    "holds block \(Layout.short(copy.header.hash)) as final, while \(chosen.nodes.joined(separator: ", ")) "
                        + "hold\(chosen.nodes.count == 1 ? "s" : "") \(Layout.short(chosen.header.hash))"))
        }
    }
}
