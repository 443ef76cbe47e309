import Cryptography
import Wire

/// Mined blocks that a Byzantine miner keeps to itself for a while, so that others mine beside them.
struct WithheldBlocks: Sendable {
    private var blocks: [(block: Block, inputs: UInt64)] = []
    /// Every block that was ever withheld.
    private var known: Set<Digest> = []

    func knows(_ block: Block) -> Bool { known.contains(block.hash) }

    /// Keeps a block until its miner has heard so many things.
    mutating func keep(_ block: Block, forInputs inputs: UInt64) {
        known.insert(block.hash)
        blocks.append((block, inputs))
    }

    /// Whether a block is still kept.
    func keeps(_ block: Block) -> Bool { blocks.contains { $0.block.hash == block.hash } }

    /// Something has been heard.
    ///
    /// - Returns: what is shown now.
    mutating func due() -> [Block] {
        guard !blocks.isEmpty else { return [] }
        for index in blocks.indices { blocks[index].inputs -= 1 }
        let due = blocks.filter { $0.inputs == 0 }.map(\.block)
        blocks.removeAll { $0.inputs == 0 }
        return due
    }
}

extension ByzantineCore {
    /// Whether an own mined block is kept from everybody for a while.
    mutating func withholds(_ block: Block) -> Bool {
        guard block.header.workTarget > 0, block.header.builder == context.signer.publicKey else { return false }
        if withheld.knows(block) { return withheld.keeps(block) }
        guard gives(in: .withheldBlock, oneIn: 2) else { return false }
        withheld.keep(block, forInputs: 1 + random.below(100))
        return true
    }
}
