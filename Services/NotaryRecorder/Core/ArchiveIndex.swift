import Crypto
import Wire

/// Where transactions lie in the archive: by transaction id and by xid, in memory, made anew from the archive at start.
struct ArchiveIndex: Sendable {
    /// A transaction's place.
    struct Place: Hashable, Sendable {
        /// Position of the chain.
        var chain: UInt16
        var transaction: UInt16
        var height: Height
    }

    private var places: [Digest: [Place]] = [:]
    /// Notary block that records a sub-chain block.
    private var records: [Digest: Height] = [:]
    /// Newest height of each chain that a final notary block records.
    private(set) var recordedHeights: [ChainID: Height] = [:]

    mutating func add(_ block: Block, position: Int) {
        for (offset, transaction) in block.transactions.enumerated() {
            switch transaction.kind {
            case .record, .evidence: continue
            default: break
            }
            let place = Place(chain: UInt16(position), transaction: UInt16(offset), height: block.header.height)
            places[transaction.id, default: []].append(place)
            if let xid = transaction.xid { places[xid, default: []].append(place) }
        }
    }

    /// A final notary block at `height` records a sub-chain block.
    mutating func recorded(_ header: BlockHeader, at height: Height) {
        records[header.hash] = height
        recordedHeights[header.chain] = max(recordedHeights[header.chain] ?? 0, header.height)
    }

    /// Places of a transaction id or xid, in the order in which they became final here.
    func places(of id: Digest) -> [Place] { places[id] ?? [] }

    /// Height of the notary block that records a block; nil while none does.
    func record(of block: Digest) -> Height? { records[block] }
}
