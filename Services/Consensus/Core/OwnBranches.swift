import Chain
import Cryptography
import OrderedCollections
import Wire

/// What this notary's own validators follow (R7): the external validity of records on the notary chain.
struct OwnBranches: Sendable {
    private struct Head: Sendable {
        var block: Digest
        var crosses: [CrossData]
    }

    /// What is known of a record.
    enum Standing: Hashable, Sendable {
        case followed
        /// This notary's validator has not said yet what it follows at that height.
        case unknown(ChainID, Height)
        /// This notary's validator has not said that this block of a mined chain is notarized and valid.
        case unseen(ChainID, Digest)
        /// It follows another block, or the cross data are not those of the block.
        case contradicted(ChainID, Height)
    }

    private var heads: [ChainID: [Height: Head]] = [:]
    private var newest: [ChainID: Height] = [:]
    private var generations: [ChainID: UInt64] = [:]
    /// Set by a release: until a head of that generation is heard, nothing is learned above that height.
    private var releases: [ChainID: (generation: UInt64, above: Height)] = [:]
    /// Where each branch was last said to end.
    private var ends: [ChainID: Digest] = [:]
    /// Notaries' signatures that this notary's own validators call wrong; oldest first.
    private var wrongSignatures: OrderedSet<Digest> = []

    /// Blocks of mined chains that own validators found notarized and valid, with their cross data; oldest first.
    private var mined: [ChainID: OrderedDictionary<Digest, [CrossData]>] = [:]

    /// Blocks of a mined chain remembered.
    static let minedRemembered = 1_024
    /// Heights remembered a chain.
    static let remembered: Height = 8_192

    init(network: Network) {
        for chain in network.chains { heads[chain.id] = [:] }
        for chain in network.chains where chain.engine == .pow { mined[chain.id] = [:] }
    }

    /// One of this notary's validators shows a signature under a candidate that it found invalid: only that makes such evidence stand.
    ///
    /// - Returns: whether that is new.
    mutating func learn(_ evidence: Evidence) -> Bool {
        guard evidence.kind == .signedInvalid, let offence = try? Offence(evidence), wrongSignatures.append(offence.entry.id).inserted
        else { return false }
        if wrongSignatures.count > Limits.offencesWaiting { wrongSignatures.removeFirst() }
        return true
    }

    /// What own validators called wrong: nobody says it again to a node that starts anew.
    var wrongSignatureBytes: [UInt8] { wrongSignatures.flatMap(\.bytes) }

    /// Reads what `wrongSignatureBytes` wrote.
    mutating func restore(wrongSignatures bytes: [UInt8]) {
        for start in stride(from: 0, to: bytes.count, by: Digest.byteCount) {
            if let id = Digest(Array(bytes[start..<min(start + Digest.byteCount, bytes.count)])) { wrongSignatures.append(id) }
        }
    }

    /// This notary's validator knows a notarized block of a mined chain. Nothing but its record makes it final, and nothing can have been
    /// signed that relies on another one: so any such block may be recorded whose parent is (R7).
    mutating func learn(_ block: Notarized) { learn(block.header.chain, mined: block.header.hash, crosses: block.crosses) }

    /// One that the validator handed over.
    mutating func learnCandidate(_ block: Block) {
        learn(block.header.chain, mined: block.hash, crosses: block.transactions.compactMap(CrossData.init))
    }

    private mutating func learn(_ chain: ChainID, mined hash: Digest, crosses: [CrossData]) {
        guard let count = mined[chain]?.count else { return }
        mined[chain]?[hash] = crosses
        if count >= OwnBranches.minedRemembered { mined[chain]?.removeFirst() }
    }

    /// One of a new generation has left its branch: what was heard of the old one from that height on is void.
    ///
    /// - Returns: whether the branch ends elsewhere than it was last said to.
    @discardableResult mutating func learn(_ head: BranchHead) -> Bool {
        guard head.generation >= generations[head.chain] ?? 0, head.generation >= releases[head.chain]?.generation ?? 0 else { return false }
        if head.generation > generations[head.chain] ?? 0 { void(head.chain, above: head.height) }
        generations[head.chain] = head.generation
        releases[head.chain] = nil
        learn(head.chain, height: head.height, block: head.block, crosses: head.crosses)
        defer { ends[head.chain] = head.block }
        return ends[head.chain] != head.block
    }

    /// This notary lets go of what lies above a height, until its validator speaks of a new generation.
    mutating func forget(_ chain: ChainID, above height: Height, generation: UInt64) {
        guard generations[chain] ?? 0 < generation else { return }
        void(chain, above: height)
        releases[chain] = (generation, height)
    }

    /// What is known from a height on is asked for again.
    mutating func void(_ chain: ChainID, above height: Height) {
        guard let last = newest[chain], last > height else { return }
        for gone in height + 1...last { heads[chain]?[gone] = nil }
        newest[chain] = height
    }

    /// A block that this notary's validator handed over as the one it follows.
    mutating func learn(_ block: Block) {
        learn(
            block.header.chain, height: block.header.height, block: block.hash, crosses: block.transactions.compactMap(CrossData.init))
    }

    private mutating func learn(_ chain: ChainID, height: Height, block: Digest, crosses: [CrossData]) {
        guard heads[chain] != nil, releases[chain].map({ height <= $0.above }) ?? true else { return }
        newest[chain] = max(newest[chain] ?? 0, height)
        heads[chain]?[height] = Head(block: block, crosses: crosses)
        if height > OwnBranches.remembered { heads[chain]?[height - OwnBranches.remembered] = nil }
    }

    /// The worst standing among a block's records.
    ///
    /// - Parameter isNotarized: a notary that does not lie has then found the accusations in it right, and the mined blocks in it valid, which is
    ///   all they need, and may be the last to know of them; a branch binds this notary whatever the others follow.
    func standing(of block: Block, isNotarized: Bool) -> Standing {
        for transaction in block.transactions {
            if case .evidence(let offence) = transaction.kind, offence.evidence.kind == .signedInvalid, !isNotarized,
                !wrongSignatures.contains(offence.entry.id)
            {
                return .unknown(offence.evidence.chain, 0)
            }
            guard case .record(let record) = transaction.kind else { continue }
            let header = record.final.header
            if let known = mined[header.chain] {
                guard let crosses = known[header.hash] else {
                    if isNotarized { continue }
                    return .unseen(header.chain, header.hash)
                }
                guard crosses == record.crosses else { return .contradicted(header.chain, header.height) }
                continue
            }
            guard let head = heads[header.chain]?[header.height] else { return .unknown(header.chain, header.height) }
            guard head.block == header.hash, head.crosses == record.crosses else { return .contradicted(header.chain, header.height) }
        }
        return .followed
    }
}
