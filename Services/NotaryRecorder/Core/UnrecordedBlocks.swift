import Cryptography
import DequeModule
import Wire

/// Final sub-chain blocks that the notary chain has not recorded, oldest first per chain.
struct UnrecordedBlocks: Sendable {
    private struct Lane: Sendable {
        var chain: ChainID
        var records: Deque<Record> = []
        /// What this notary's own validator follows (R7), for the heights in question.
        var endorsed: [Height: Digest] = [:]
    }

    private var lanes: [Lane]

    /// Blocks kept a chain; a chain that is further ahead of its record waits in the archive.
    static let maximum = 4_096

    init(chains: [ChainID]) { lanes = chains.map { Lane(chain: $0) } }

    var count: Int { lanes.reduce(0) { $0 + $1.records.count } }

    /// Newest height kept of the chain at a position; nil when none is.
    func newestHeight(_ position: Int) -> Height? { lanes[position].records.last?.final.header.height }

    func isFull(_ position: Int) -> Bool { lanes[position].records.count >= UnrecordedBlocks.maximum }

    /// A block of the chain at a position has become final.
    mutating func append(_ record: Record, position: Int) {
        if let newest = newestHeight(position) {
            precondition(record.final.header.height == newest + 1, "unrecorded blocks are contiguous")
        }
        lanes[position].records.append(record)
    }

    /// This notary's validator of a chain follows `block` at `height`.
    mutating func endorse(_ chain: ChainID, height: Height, block: Digest) {
        guard let position = lanes.firstIndex(where: { $0.chain == chain }) else { return }
        lanes[position].endorsed[height] = block
    }

    /// What this notary's validator of a chain follows at a height, as far as it has said.
    func endorsed(_ chain: ChainID, at height: Height) -> Digest? { lanes.first { $0.chain == chain }?.endorsed[height] }

    /// Chains whose next block to be recorded waits for this notary's validator to say that it follows it.
    func unendorsed(after heads: (ChainID) -> Height) -> [(chain: ChainID, height: Height)] {
        lanes.compactMap { lane in
            let next = heads(lane.chain) + 1
            guard lane.endorsed[next] == nil, lane.records.contains(where: { $0.final.header.height == next }) else { return nil }
            return (lane.chain, next)
        }
    }

    /// Whether the chain at a position holds nothing that could be recorded next.
    func lacks(_ next: Height, position: Int) -> Bool {
        guard let first = lanes[position].records.first else { return true }
        return first.final.header.height > next
    }

    /// Lowest height kept of the chain at a position; nil when none is.
    func firstHeight(_ position: Int) -> Height? { lanes[position].records.first?.final.header.height }

    /// Forgets the blocks of the chain at a position from a height up.
    mutating func truncate(from height: Height, position: Int) {
        lanes[position].records.removeAll { $0.final.header.height >= height }
    }

    /// Empties the lane of the chain at a position, to be filled from the archive.
    mutating func clear(position: Int) { lanes[position].records.removeAll() }

    /// Blocks up to a height are recorded on the final notary chain.
    mutating func forget(_ chain: ChainID, through height: Height) {
        guard let position = lanes.firstIndex(where: { $0.chain == chain }) else { return }
        while let first = lanes[position].records.first, first.final.header.height <= height { lanes[position].records.removeFirst() }
        lanes[position].endorsed = lanes[position].endorsed.filter { $0.key > height }
    }

    /// The final header kept of a chain at a height.
    func final(of chain: ChainID, at height: Height) -> FinalHeader? {
        lanes.first { $0.chain == chain }?.records.first { $0.final.header.height == height }?.final
    }

    /// Records that may follow, given the recorded heads: contiguous, endorsed, chains in turn, at most `limit`.
    func candidates(after heads: (ChainID) -> Height, limit: Int, unless isLeftOut: (ChainID) -> Bool) -> [Record] {
        var records: [Record] = []
        for lane in lanes where !isLeftOut(lane.chain) {
            var next = heads(lane.chain) + 1
            for record in lane.records where record.final.header.height >= next {
                guard records.count < limit, record.final.header.height == next, lane.endorsed[next] == record.final.hash else { break }
                records.append(record)
                next += 1
            }
        }
        return records
    }
}
