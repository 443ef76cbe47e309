import Crypto
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

    /// How many candidates of a slot are kept.
    func count(ofSlot slot: Slot) -> Int { order.reduce(0) { $0 + (blocks[$1]?.header.slot == slot ? 1 : 0) } }

    /// Forgets what a final block has overtaken.
    mutating func forget(throughHeight height: Height) {
        let gone = order.filter { (blocks[$0]?.header.height ?? 0) <= height }
        guard !gone.isEmpty else { return }
        for hash in gone { blocks[hash] = nil }
        order = order.filter { blocks[$0] != nil }
    }
}
