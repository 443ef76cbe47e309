import Chain
import Cryptography
import OrderedCollections
import RoleKit
import Wire

/// What the consensus of every engine keeps of its chain, and how it serves it to others.
protocol ChainKeeper {
    var context: RoleContext { get }
    var book: ElectorateBook { get }
    var tree: BlockTree { get set }
    var candidates: CandidateBook { get }
    var finalProof: FinalHeader? { get }
    var recentFinals: OrderedDictionary<Digest, Height> { get set }
    var snapshots: SnapshotKeeper { get set }
    var snapshotService: SnapshotService { get set }
    var fetch: SnapshotFetch { get }
    var repair: BlockRepair { get set }
    var desk: HandoverDesk { get set }
    var headerDesk: HeaderDesk { get set }
}

extension ChainKeeper {
    /// The chain.
    var chain: ChainID { context.address.chain }
    var network: Network { context.network }
    /// The newest final block.
    var finalHead: (height: Height, hash: Digest) { (tree.finalHeight, tree.finalHash) }

    /// Whether a peer's word that the chain is far ahead is worth asking for a snapshot.
    func isFarBehind(_ head: Height) -> Bool {
        fetch.mayBegin && head > tree.finalHeight && head - tree.finalHeight > context.snapshots.blocksBehind
    }

    /// Final blocks that can be asked for by hash.
    mutating func remember(_ items: [FinalBlock]) {
        for item in items { recentFinals[item.block.hash] = item.block.header.height }
        while recentFinals.count > recentFinalsMaximum { recentFinals.removeFirst() }
    }

    private var recentFinalsMaximum: Int { 256 }

    /// Serves final blocks by height, candidates and recent final blocks by hash, snapshots, and the newest final header.
    mutating func answer(_ request: Request, token: UInt64) -> [RoleEffect] {
        switch request {
        case .fetchBlocks(let chain, let from, let limit):
            guard chain == self.chain else { return refuse(token, .wrongChain) }
            guard from <= tree.finalHeight else { return [.reply(token: token, .blocks([], head: tree.finalHeight))] }
            return [.read(token: token, .blocks, from: from, limit: min(limit, Limits.blocksPerAnswer))]
        case .fetchBlock(let chain, let hash):
            guard chain == self.chain else { return refuse(token, .wrongChain) }
            if let entry = candidates[hash] {
                let item = FinalBlock(block: entry.block, final: nil, certified: candidates.certified(hash))
                return [.reply(token: token, .blocks([item], head: tree.finalHeight))]
            }
            guard let height = recentFinals[hash] else { return refuse(token, .notFound) }
            return [.read(token: token, .blocks, from: height, limit: 1)]
        case .head(let chain):
            guard chain == self.chain else { return refuse(token, .wrongChain) }
            return [.reply(token: token, .head(finalProof, height: tree.finalHeight))]
        case .fetchSnapshot(let chain, let height, let part):
            guard chain == self.chain else { return refuse(token, .wrongChain) }
            return snapshotService.requested(height: height, part: part, token: token, snapshots)
        case .fetchHeaders(let chain, let from, let limit):
            guard chain == self.chain else { return refuse(token, .wrongChain) }
            return headerDesk.requested(from: from, limit: limit, head: tree.finalHeight, token: token)
        case .fetchAccountProof(let chain, let account):
            guard chain == self.chain, let final = finalProof else { return refuse(token, chain == self.chain ? .notReady : .wrongChain) }
            tree.moveToFinal()
            return [.reply(token: token, .accountProof(final, tree.ledger.proofOfAccount(account)))]
        case .fetchHandovers(let chain, let from): return desk.requested(chain, from: from, token: token, read: token)
        default: return refuse(token, .notAllowed)
        }
    }

    func refuse(_ token: UInt64, _ reason: Reason) -> [RoleEffect] {
        [.reply(token: token, .failure(reason, detail: "\(context.address) does not have it"))]
    }

    /// Rows for a question; the read's token is the request's.
    mutating func served(token: UInt64, _ rows: [StoredRow]) -> [RoleEffect] {
        if let effects = desk.served(token: token, rows) { return effects }
        if let effects = repair.served(token: token, rows, head: finalHead) { return effects }
        var keeper = snapshots
        defer { snapshots = keeper }
        if let effects = snapshotService.served(token: token, rows, &keeper) { return effects }
        let (whole, effects) = repair.sift(rows, head: finalHead)
        if let answer = headerDesk.served(token: token, whole, head: tree.finalHeight, network.id) { return [answer] + effects }
        return [.reply(token: token, .blocks(from: whole, network: network.id, head: tree.finalHeight))] + effects
    }
}
