import Chain
import Cryptography
import Determinism
import OrderedCollections
import RoleKit
import Wire

/// The notarized blocks of a mined chain above the newest recorded one, as one notary's validator knows them.
struct MinedBlocks: Sendable {
    /// By hash, also of blocks that are not here yet.
    var certificates: OrderedDictionary<Digest, CertifiedCandidate> = [:]
    var branch: HeaviestBranch
    /// Blocks told to the other roles of the notary, and whether as confirmed.
    var told: [Digest: Bool] = [:]
    /// Blocks asked for since the last telling.
    var asked: Set<Digest> = []
    /// Candidates that were in the store when the role started, and are not below the record: some of them were notarized.
    var stored: [BlockHeader] = []
    var isTimerSet = false

    init(root: Digest, height: Height) { branch = HeaviestBranch(root: root, height: height) }

    /// Certificates kept at once.
    static let maximum = 512

    /// A block has been recorded.
    mutating func rebase(onto hash: Digest, height: Height) {
        branch.rebase(onto: hash, height: height)
        stored.removeAll { $0.height <= height }
        let headers = certificates.values.map(\.header).sorted { $0.height < $1.height }
        for header in headers {
            let isRival = header.height == height + 1 ? header.parent != hash : header.height > height + 1 && gone.contains(header.parent)
            if header.height <= height || isRival {
                gone.insert(header.hash)
                certificates[header.hash] = nil
                told[header.hash] = nil
            }
        }
        gone.removeAll()
        asked.removeAll()
    }

    /// Those found to lead nowhere, while certificates are sifted.
    private var gone: Set<Digest> = []
}

extension ValidatorRole {
    private var isMined: Bool { tree.chain.engine == .pow }

    /// Whether no more candidates of a header's slot are taken on; on a mined chain, no more of its miner.
    func isCrowded(_ header: BlockHeader) -> Bool {
        isMined
            ? pending.count(ofSlot: header.slot, by: header.builder) >= Limits.candidatesPerMiner
                || header.height - tree.finalHeight > Limits.unrecordedBlocks
            : pending.count(ofSlot: header.slot) >= Limits.candidatesPerSlot
    }

    /// A quorum of notaries has signed a candidate of a mined chain.
    mutating func notarized(_ certified: CertifiedCandidate, at now: Moment) -> [RoleEffect] {
        let header = certified.header
        guard isMined, header.chain == context.address.chain, header.height > tree.finalHeight,
            header.height - tree.finalHeight <= Limits.unrecordedBlocks, mined.certificates[header.hash] == nil,
            mined.certificates.count < MinedBlocks.maximum
        else { return [] }
        guard tree.certificateFault(in: certified) == nil else { return [.count(.badSignature, by: 1)] }
        mined.certificates[header.hash] = certified
        // Nobody else may have it once the block is recorded, and the chain's nodes need it to take that block.
        let stored: RoleEffect = .persist([.put(.certified, key: ValidatorRole.candidateKey(header), value: certified.encoded)])
        return [stored] + growMined(at: now)
    }

    /// Certificates that were stored before this start.
    mutating func recoverMined(_ rows: [StoredRow]) {
        guard isMined else { return }
        for row in rows where !row.isDamaged && mined.certificates.count < MinedBlocks.maximum {
            guard let certified = try? CertifiedCandidate(decoding: row.value), certified.header.height > tree.finalHeight else { continue }
            mined.certificates[certified.header.hash] = certified
        }
    }

    /// Takes up into the tree of notarized blocks what has become ready, and tells the notary's other roles.
    mutating func growMined(at now: Moment) -> [RoleEffect] {
        guard isMined, !mined.certificates.isEmpty else { return [] }
        var effects: [RoleEffect] = []
        for header in mined.certificates.values.map(\.header).sorted(by: { $0.height < $1.height }) where !mined.branch.contains(header.hash) {
            guard tree.contains(header.hash) else {
                if pending[header.hash] == nil { effects += askMined(header.hash) }
                continue
            }
            guard mined.branch.contains(header.parent) else {
                if mined.certificates[header.parent] == nil { effects += askMined(header.parent) }
                continue
            }
            mined.branch.insert(header)
        }
        return effects + sayMined() + armMined()
    }

    /// A body or a certificate is missing.
    private mutating func askMined(_ hash: Digest) -> [RoleEffect] { mined.asked.insert(hash).inserted ? askParent(hash) : [] }

    /// A candidate may not be signed before more is recorded. What it stands on should be notarized: whoever does not know that asks. Where all
    /// have lost what they knew by starting anew, there is no newer block to tell of it.
    mutating func askNotarized(_ hash: Digest) -> [RoleEffect] {
        guard isMined, !mined.branch.contains(hash), mined.certificates[hash] == nil else { return [] }
        return askMined(hash) + armMined()
    }

    /// Asks which of the candidates that this role had signed before it started are notarized, as long as it knows of no notarized block: nodes
    /// keep certificates, and say them once.
    mutating func askStored() -> [RoleEffect] {
        guard isMined, mined.branch.tip == mined.branch.root, !mined.stored.isEmpty else { return [] }
        return mined.stored.flatMap { askNotarized($0.hash) }
    }

    private mutating func armMined() -> [RoleEffect] {
        guard !mined.isTimerSet else { return [] }
        mined.isTimerSet = true
        return [.setTimer(Timers.mined, afterMilliseconds: network.timing.standstillMilliseconds)]
    }

    /// Says what has not been said: blocks that are notarized, and those that may be recorded.
    private mutating func sayMined() -> [RoleEffect] {
        guard isFollowing, !isRejoining else { return [] }
        let confirmed = Set(mined.branch.confirmed(tree.chain.work?.confirmations ?? 0).map(\.hash))
        var effects: [RoleEffect] = []
        for header in mined.branch.headers {
            let isConfirmed = confirmed.contains(header.hash)
            guard mined.told[header.hash] != isConfirmed, let certified = mined.certificates[header.hash],
                let block = tree.candidate(header.hash)
            else { continue }
            mined.told[header.hash] = isConfirmed
            effects.append(
                .publish(
                    .branch(header.chain),
                    .notarized(
                        Notarized(
                            notary: context.address.node, certified: certified, crosses: block.transactions.compactMap(CrossData.init),
                            isConfirmed: isConfirmed))))
        }
        return effects
    }

    /// Says again what is not recorded yet, and asks again for what is missing.
    mutating func tellMined(at now: Moment) -> [RoleEffect] {
        mined.isTimerSet = false
        mined.told.removeAll()
        mined.asked.removeAll()
        return askStored() + growMined(at: now)
    }

    /// The chain's newest recorded block has moved up.
    mutating func moveMined() {
        if isMined { mined.rebase(onto: tree.finalHash, height: tree.finalHeight) }
    }

    /// Serves a valid candidate with its certificate: to the notary's consensus, which a record of it waits for, and to miners.
    mutating func serveMined(_ hash: Digest, token: UInt64) -> [RoleEffect] {
        guard let block = tree.candidate(hash) else {
            let failure: RoleEffect = .reply(token: token, .failure(.notFound, detail: "this candidate is not here"))
            return isMined && hash != tree.finalHash && !isRejoining ? [failure] + askMined(hash) : [failure]
        }
        let reply: RoleEffect = .reply(
            token: token, .blocks([FinalBlock(block: block, final: nil, certified: mined.certificates[hash])], head: tree.finalHeight))
        // Who asks has no use for the block without its certificate, which this role has lost if it was started anew.
        return isRejoining ? [reply] : [reply] + askNotarized(hash)
    }
}
