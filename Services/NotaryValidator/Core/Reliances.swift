import Cryptography
import OrderedCollections
import RoleKit
import Wire

/// Which unrecorded blocks of other chains this validator's signatures rely on, as long as they may count (R7): a signature binds its
/// notary until its candidate can no longer become final, that is, until another block of that height is recorded, or a rival that relies
/// on another branch is certified; a candidate that is recorded binds until what it relied on is recorded too.
struct Reliances: Sendable {
    struct Entry: Hashable, Sendable {
        /// The other chain, and the highest of its blocks that the candidate relies on.
        var chain: ChainID
        var height: Height
        /// The candidate.
        var candidateHeight: Height
        var candidate: Digest

        /// chain padded to 32, height u64, candidate's height u64, candidate 32.
        var encoded: [UInt8] { chain.text.padded.bytes + height.bigEndianBytes + candidateHeight.bigEndianBytes + candidate.bytes }

        init(chain: ChainID, height: Height, candidateHeight: Height, candidate: Digest) {
            (self.chain, self.height, self.candidateHeight, self.candidate) = (chain, height, candidateHeight, candidate)
        }

        init?(_ bytes: [UInt8]) {
            guard bytes.count == 80, let chain = Digest(bytes[..<32])?.paddedName.flatMap({ ChainID($0) }), let candidate = Digest(bytes[48...])
            else { return nil }
            func number(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
            self.init(chain: chain, height: number(32), candidateHeight: number(40), candidate: candidate)
        }
    }

    private var entries: OrderedDictionary<UInt64, Entry> = [:]
    private var next: UInt64 = 1
    /// Entries were lost with the disk: nothing is known to be free.
    private(set) var isIncomplete = false

    init(_ rows: [StoredRow], isIncomplete: Bool) {
        self.isIncomplete = isIncomplete
        for row in rows {
            next = max(next, row.key + 1)
            guard !row.isDamaged, let entry = Entry(row.value) else {
                self.isIncomplete = true
                continue
            }
            entries[row.key] = entry
        }
    }

    /// A candidate is about to be signed.
    ///
    /// - Parameter recorded: the recorded height of a chain; what is recorded binds nobody.
    mutating func add(_ block: Block, recorded: (ChainID) -> Height) -> [StoreOperation] {
        var operations: [StoreOperation] = []
        var chains: [ChainID] = []
        for header in block.foreign.map(\.header) where header.chain != .notary && header.height > recorded(header.chain) {
            if !chains.contains(header.chain) { chains.append(header.chain) }
        }
        for chain in chains {
            let height = block.foreign.reduce(0) { $1.header.chain == chain ? max($0, $1.header.height) : $0 }
            let entry = Entry(chain: chain, height: height, candidateHeight: block.header.height, candidate: block.hash)
            guard !entries.values.contains(entry) else { continue }
            entries[next] = entry
            operations.append(.put(.reliances, key: next, value: entry.encoded))
            next += 1
        }
        return operations
    }

    /// Drops what binds no longer.
    mutating func drop(_ isOver: (Entry) -> Bool) -> [StoreOperation] {
        var operations: [StoreOperation] = []
        for (key, entry) in entries where isOver(entry) { operations.append(.delete(.reliances, key: key)) }
        guard !operations.isEmpty else { return [] }
        entries.removeAll { isOver($0.value) }
        return operations
    }

    /// Whether no signature that may count relies on an unrecorded block.
    var isEmpty: Bool { !isIncomplete && entries.isEmpty }

    /// Whether a signature under another candidate of a height binds this notary.
    func binds(at candidateHeight: Height, otherThan candidate: Digest) -> Bool {
        entries.values.contains { $0.candidateHeight == candidateHeight && $0.candidate != candidate }
    }

    /// Heights of candidates that rely on a block of `chain` above a height, each once.
    func candidateHeights(relyingOn chain: ChainID, above height: Height) -> [Height] {
        var heights: [Height] = []
        for entry in entries.values where entry.chain == chain && entry.height > height && !heights.contains(entry.candidateHeight) {
            heights.append(entry.candidateHeight)
        }
        return heights
    }

    /// Whether no signature that may count relies on a block of `chain` above a height.
    func isFree(_ chain: ChainID, above height: Height) -> Bool {
        !isIncomplete && !entries.values.contains { $0.chain == chain && $0.height > height }
    }
}
