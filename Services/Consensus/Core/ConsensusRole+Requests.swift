import Chain
import Crypto
import RoleKit
import Wire

extension ConsensusRole {
    /// Serves final blocks by height, candidates and recent final blocks by hash, and the newest final header.
    mutating func requested(_ request: Request, token: UInt64) -> [RoleEffect] {
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
        case .fetchSigned(let chain, let signer):
            guard chain == self.chain else { return refuse(token, .wrongChain) }
            return [.reply(token: token, .signed(simplex.newestVotes(of: signer)))]
        case .fetchHandovers(let chain, let from): return desk.requested(chain, from: from, token: token, read: token)
        default: return refuse(token, .notAllowed)
        }
    }

    private func refuse(_ token: UInt64, _ reason: Reason) -> [RoleEffect] {
        [.reply(token: token, .failure(reason, detail: "\(context.address) does not have it"))]
    }

    /// Rows for a question; the read's token is the request's.
    mutating func served(token: UInt64, _ rows: [StoredRow]) -> [RoleEffect] {
        if let effects = desk.served(token: token, rows) { return effects }
        if let effects = repair.served(token: token, rows, head: finalHead) { return effects }
        if let effects = snapshotService.served(token: token, rows, &snapshots) { return effects }
        let (whole, effects) = repair.sift(rows, head: finalHead)
        return [.reply(token: token, .blocks(from: whole, network: network.id, head: tree.finalHeight))] + effects
    }
}
