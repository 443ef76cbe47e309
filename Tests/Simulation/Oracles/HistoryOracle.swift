import Cryptography
import Wire

/// A final block as the oracles keep it.
package struct ObservedBlock: Sendable {
    package var header: BlockHeader
    package var transactions: [Transaction]
    package var outcomes: [Outcome]
    package var foreign: [FinalHeader]

    package init(header: BlockHeader, transactions: [Transaction], outcomes: [Outcome], foreign: [FinalHeader]) {
        self.header = header
        self.transactions = transactions
        self.outcomes = outcomes
        self.foreign = foreign
    }
}

/// Invariant 3: at most one final hash per (chain, height), and what is recorded on the notary chain is that hash.
/// Also keeps the one history that the other oracles replay.
package struct HistoryOracle: Sendable {
    private struct Position: Hashable {
        var chain: ChainID
        var height: Height
    }

    private var hashes: [Position: Digest] = [:]
    private var blocks: [ChainID: [ObservedBlock]] = [:]
    /// Instance → newest height it stored.
    private var stored: [String: Height] = [:]
    /// Blocks seen before their parents.
    private var early: [Position: ObservedBlock] = [:]

    package init() {}

    /// Final blocks of a chain, from height 1.
    package func blocks(of chain: ChainID) -> [ObservedBlock] { blocks[chain] ?? [] }

    /// The known final hash at a height.
    package func hash(of chain: ChainID, at height: Height) -> Digest? { hashes[Position(chain: chain, height: height)] }

    /// Newest height an instance stored.
    package func height(of instance: String) -> Height { stored[instance] ?? 0 }

    /// Somebody calls a hash final or recorded.
    package mutating func claim(_ hash: Digest, chain: ChainID, height: Height, by source: String, at time: UInt64, _ findings: inout Findings) {
        let position = Position(chain: chain, height: height)
        guard let known = hashes[position] else {
            hashes[position] = hash
            return
        }
        if known != hash {
            findings.report(.singleHistory, "\(source) has \(hash) final at \(chain) \(height), others have \(known)", at: time)
        }
    }

    /// An instance stored a final block.
    ///
    /// - Returns: blocks that now continue the one history, in order.
    package mutating func stored(
        _ block: ObservedBlock, by instance: String, at time: UInt64, _ findings: inout Findings
    ) -> [ObservedBlock] {
        noteHeight(block.header.height, by: instance, at: time, &findings)
        return take(block, from: instance, at: time, &findings)
    }

    /// A recorder archived a final block.
    ///
    /// - Returns: blocks that now continue the one history, in order.
    package mutating func archived(_ block: ObservedBlock, at time: UInt64, _ findings: inout Findings) -> [ObservedBlock] {
        take(block, from: "an archive", at: time, &findings)
    }

    private mutating func take(
        _ block: ObservedBlock, from source: String, at time: UInt64, _ findings: inout Findings
    ) -> [ObservedBlock] {
        let chain = block.header.chain
        let height = block.header.height
        claim(block.header.hash, chain: chain, height: height, by: source, at: time, &findings)
        guard hashes[Position(chain: chain, height: height)] == block.header.hash else { return [] }
        let next = Height(blocks[chain]?.count ?? 0) + 1
        guard height >= next else { return [] }
        early[Position(chain: chain, height: height)] = block
        var ready: [ObservedBlock] = []
        while let block = early.removeValue(forKey: Position(chain: chain, height: next + Height(ready.count))) { ready.append(block) }
        blocks[chain, default: []].append(contentsOf: ready)
        return ready
    }

    /// An instance has caught up by the state of a final block.
    package mutating func jumped(_ header: BlockHeader, by instance: String, at time: UInt64, _ findings: inout Findings) {
        claim(header.hash, chain: header.chain, height: header.height, by: "a snapshot of \(instance)", at: time, &findings)
        stored[instance] = max(stored[instance] ?? 0, header.height)
    }

    /// A node's final blocks are stored one after the other; after a crash it may store its last ones again.
    package mutating func noteHeight(_ height: Height, by instance: String, at time: UInt64, _ findings: inout Findings) {
        let before = stored[instance] ?? 0
        if height > before + 1 {
            findings.report(.singleHistory, "\(instance) stored height \(height) after \(before): a hole", at: time)
        }
        stored[instance] = max(before, height)
    }
}
