import Cryptography
import DequeModule
import Wire

/// Candidates heard and not executed: one of them may become the parent to build on. The newest `Limits.builderBodies`.
struct CandidateBodies: Sendable {
    private var blocks: [Digest: Block] = [:]
    private var order: Deque<Digest> = []

    subscript(hash: Digest) -> Block? { blocks[hash] }

    mutating func insert(_ block: Block) {
        guard blocks[block.hash] == nil else { return }
        blocks[block.hash] = block
        order.append(block.hash)
        if order.count > Limits.builderBodies { blocks[order.removeFirst()] = nil }
    }

    /// Whether no more candidates of a header's slot are kept; on a mined chain, no more of its miner.
    func isCrowded(_ header: BlockHeader, engine: Engine) -> Bool {
        let rivals = order.compactMap { blocks[$0]?.header }.filter { $0.slot == header.slot }
        return engine == .pow
            ? rivals.filter { $0.builder == header.builder }.count >= Limits.candidatesPerMiner : rivals.count >= Limits.candidatesPerSlot
    }

    /// Forgets what a final block has overtaken.
    mutating func forget(throughHeight height: Height) {
        let gone = order.filter { (blocks[$0]?.header.height ?? 0) <= height }
        guard !gone.isEmpty else { return }
        for hash in gone { blocks[hash] = nil }
        order = order.filter { blocks[$0] != nil }
    }
}
