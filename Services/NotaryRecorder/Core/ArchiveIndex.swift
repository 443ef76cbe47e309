import Cryptography
import Determinism
import RoleKit
import Wire

/// Where transactions lie in the archive: by transaction id, by xid, and, for sub-chain blocks, by the hash that a notary block records.
///
/// The newest blocks are indexed in memory. Once there are enough of them, their entries go to disk together and sorted, which costs a
/// tenth of adding each when its block comes; a start reads only the blocks above. On disk an entry has the first 8 bytes of an id, so
/// whoever follows it compares the whole.
package struct ArchiveIndex: Sendable {
    /// A transaction's place.
    package struct Place: Hashable, Sendable {
        /// Position of the chain.
        var chain: UInt8
        var transaction: UInt16
        package var height: Height

        /// The form on disk: chain 8 bits, height 40, transaction 16.
        package var packed: UInt64 { UInt64(chain) << 56 | height << 16 | UInt64(transaction) }

        package init(chain: Int, transaction: Int, height: Height) {
            precondition(height < 1 << 40 && chain < 1 << 8 && transaction < 1 << 16, "places fit 64 bits")
            (self.chain, self.transaction, self.height) = (UInt8(chain), UInt16(transaction), height)
        }

        init(packed: UInt64) {
            chain = UInt8(packed >> 56)
            height = packed >> 16 & (1 << 40 - 1)
            transaction = UInt16(packed & 0xFFFF)
        }
    }

    /// What of a chain's archive is indexed on disk: the blocks up to a height, and the hash of the last.
    package struct Mark: Hashable, Sendable {
        var height: Height
        var hash: Digest

        init(height: Height, hash: Digest) { (self.height, self.hash) = (height, hash) }

        /// Reads what `encoded` wrote; nil for anything else.
        init?(_ bytes: [UInt8]) {
            guard bytes.count == 8 + Digest.byteCount, let hash = Digest(Array(bytes[8...])) else { return nil }
            height = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
            guard height < 1 << 39 else { return nil }
            self.hash = hash
        }

        var encoded: [UInt8] { height.bigEndianBytes + hash.bytes }
    }

    /// Entries that wait in memory before they go to disk together.
    static let pendingMaximum = 16_384
    /// Entries on disk looked at for one question.
    static let placesMaximum = 64

    private let pendingMaximum: Int
    private let blocksMaximum: Height
    private var places: [Digest: [Place]] = [:]
    private var pending: [IndexEntry] = []
    private var blocks: Height = 0
    /// Newest block of each chain that is indexed, by position; nil for none.
    private var marks: [Mark?]

    /// - Parameter marks: what is indexed on disk already, by position of the chain.
    package init(policy: SnapshotPolicy, marks: [Mark?]) {
        pendingMaximum = min(ArchiveIndex.pendingMaximum, policy.transactions)
        blocksMaximum = policy.blocks
        self.marks = marks
    }

    /// A block of the archive, in the order of its chain.
    package mutating func add(_ block: Block, position: Int) {
        for (offset, transaction) in block.transactions.enumerated() {
            let place = Place(chain: position, transaction: offset, height: block.header.height)
            switch transaction.kind {
            case .record(let record): add(record.final.hash, place)
            default:
                add(transaction.id, place)
                if let xid = transaction.xid { add(xid, place) }
            }
        }
        marks[position] = Mark(height: block.header.height, hash: block.hash)
        blocks += 1
    }

    private mutating func add(_ id: Digest, _ place: Place) {
        places[id, default: []].append(place)
        pending.append(IndexEntry(key: id.a, place: place.packed))
    }

    /// The archive of a chain goes back to a block: what is indexed above it is forgotten, and what waits goes to disk, which says what it
    /// then has. Entries that are on disk stay; whoever asks passes over places that the archive has not come to.
    package mutating func rewind(_ position: Int, to height: Height, _ hash: Digest) -> [StoreOperation] {
        guard let mark = marks[position], mark.height > height else { return [] }
        pending.removeAll { Int(Place(packed: $0.place).chain) == position && Place(packed: $0.place).height > height }
        marks[position] = height == 0 ? nil : Mark(height: height, hash: hash)
        return flush() + (height == 0 ? [.delete(.facts, key: UInt64(position))] : [])
    }

    /// Whether so much waits that it should go to disk.
    var isFull: Bool { pending.count >= pendingMaximum || blocks >= blocksMaximum }

    /// Everything that waits, to be stored in one commit, which also says what is then on disk.
    mutating func flush() -> [StoreOperation] {
        defer {
            places.removeAll(keepingCapacity: true)
            pending.removeAll(keepingCapacity: true)
            blocks = 0
        }
        let facts = marks.enumerated().compactMap { position, mark in
            mark.map { StoreOperation.put(.facts, key: UInt64(position), value: $0.encoded) }
        }
#if PLANTED_BUGS
        if PlantedBug.indexUnwritten.isPlanted { return facts }
#endif
        return [.index(.places, pending.sorted())] + facts
    }

    /// Places of an id on disk and in memory, each once; those on disk may be another's whose id begins alike. A chain that has gone back and
    /// come again may have a transaction where it was before.
    package func places(of id: Digest, stored: [StoredRow]) -> [Place] {
        var found: [Place] = []
        for place in stored.map({ Place(packed: $0.key) }) + (places[id] ?? []) where !found.contains(place) { found.append(place) }
        return found
    }
}
