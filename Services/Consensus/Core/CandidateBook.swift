import Cryptography
import OrderedCollections
import RoleKit
import Wire

/// Candidates above the final slot, with how far each has come towards a vote.
struct CandidateBook: Sendable {
    enum Stage: Hashable, Sendable {
        /// The signatures of its transactions are being checked under this token.
        case checking(token: UInt64)
        /// Signatures hold; it may still wait for its parent, its notary certificate or this notary's branch.
        case waiting
        /// Executed, and Simplex knows it.
        case valid
    }

    struct Entry: Sendable {
        var block: Block
        var stage: Stage
        /// Voted for before a restart.
        var isVoted = false
    }

    private var entries: OrderedDictionary<Digest, Entry> = [:]
    /// Notary certificates, also of bodies that have not come yet.
    private var certificates: OrderedDictionary<Digest, CertifiedCandidate> = [:]

    /// Bodies kept at once.
    static let maximum = 512

    var count: Int { entries.count }
    var isFull: Bool { entries.count >= CandidateBook.maximum }
    /// In order of arrival.
    var hashes: [Digest] { Array(entries.keys) }

    subscript(hash: Digest) -> Entry? {
        get { entries[hash] }
        set { entries[hash] = newValue }
    }

    /// A candidate this node voted for before it was restarted.
    mutating func restore(_ block: Block) { entries[block.hash] = Entry(block: block, stage: .waiting, isVoted: true) }

    mutating func certify(_ certified: CertifiedCandidate) { certificates[certified.header.hash] = certified }

    func certified(_ hash: Digest) -> CertifiedCandidate? { certificates[hash] }

    /// Headers of all certificates, in order of arrival.
    var certifiedHeaders: [BlockHeader] { certificates.values.map(\.header) }

    func hash(checking token: UInt64) -> Digest? {
        entries.elements.first { $0.value.stage == .checking(token: token) }?.key
    }

    /// Another candidate of the same slot.
    func other(ofSlot slot: Slot, than hash: Digest) -> Block? {
        entries.values.first { $0.block.header.slot == slot && $0.block.hash != hash }?.block
    }

    func count(ofSlot slot: Slot) -> Int {
        entries.values.reduce(0) { $0 + ($1.block.header.slot == slot ? 1 : 0) }
    }

    /// How many candidates of a slot one node has made.
    func count(ofSlot slot: Slot, by builder: PublicKey) -> Int {
        entries.values.reduce(0) { $0 + ($1.block.header.slot == slot && $1.block.header.builder == builder ? 1 : 0) }
    }

    /// Whether a block's body or its certificate has still to come: one without the other is of no use.
    func lacks(_ hash: Digest) -> Bool { entries[hash] == nil || certificates[hash] == nil }

    /// Parents that waiting candidates name and that are not here, each once.
    func missingParents(known: (Digest) -> Bool) -> [Digest] {
        var missing: [Digest] = []
        for entry in entries.values where entry.stage == .waiting {
            let parent = entry.block.header.parent
            if lacks(parent), !known(parent), !missing.contains(parent) { missing.append(parent) }
        }
        return missing
    }

    /// Forgets what a final block has overtaken.
    mutating func forget(throughSlot slot: Slot) {
        entries.removeAll { $0.value.block.header.slot <= slot }
        certificates.removeAll { $0.value.header.slot <= slot }
    }

    /// Forgets one candidate with its certificate.
    mutating func drop(_ hash: Digest) {
        entries[hash] = nil
        certificates[hash] = nil
    }

    /// Forgets what is known not to descend from a final block.
    mutating func forgetRivals(of final: Digest, height: Height) {
        let headers = (entries.values.map(\.block.header) + certificates.values.map(\.header)).sorted { $0.height < $1.height }
        var rivals: Set<Digest> = []
        for header in headers where (header.height == height + 1 && header.parent != final) || rivals.contains(header.parent) {
            rivals.insert(header.hash)
        }
        guard !rivals.isEmpty else { return }
        entries.removeAll { rivals.contains($0.key) }
        certificates.removeAll { rivals.contains($0.key) }
    }

    /// Where a block's rows lie: those of a slot together, so that a final block can delete all that it overtakes.
    static func key(_ header: BlockHeader) -> UInt64 { header.slot << 16 | (header.hash.a & 0xFFFF) }
    static func lastKey(ofSlot slot: Slot) -> UInt64 { slot << 16 | 0xFFFF }
}
