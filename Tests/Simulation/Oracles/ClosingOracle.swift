import Crypto
import Wire

/// R7 across elections (E-8), by what notaries sign and by what the notary chain has recorded so far: who has closed an epoch signs nothing
/// of it that relies on an unrecorded block, and neither does a newcomer before its own epoch has begun.
struct ClosingOracle: Sendable {
    private struct Promise: Hashable {
        var node: String
        var chain: ChainID
    }

    private struct Candidate {
        var chain: ChainID
        var epoch: Epoch
        var relied: [(chain: ChainID, height: Height)]
    }

    /// Candidates that rely on blocks of other chains.
    private var candidates: [Digest: Candidate] = [:]
    /// Newest epoch that a notary has closed, by what is final.
    private var promises: [Promise: Epoch] = [:]

    mutating func candidate(_ block: Block) {
        let relied = block.foreign.map(\.header).filter { $0.chain != .notary }.map { (chain: $0.chain, height: $0.height) }
        if !relied.isEmpty { candidates[block.hash] = Candidate(chain: block.header.chain, epoch: block.header.epoch, relied: relied) }
    }

    /// A final notary block has a closing.
    mutating func closed(_ closing: Closing, _ election: ElectionOracle) {
        guard closing.epoch < UInt64(election.terms.count) else { return }
        guard let member = election.terms[Int(closing.epoch)].members.first(where: { $0.key == closing.notary }) else { return }
        promises[Promise(node: member.node, chain: closing.chain)] = closing.epoch
    }

    /// An honest notary has signed a candidate.
    ///
    /// - Returns: what it broke; nil when nothing.
    func signed(_ hash: Digest, by node: String, _ replay: ReplayOracle) -> String? {
        guard let candidate = candidates[hash], let early = candidate.relied.first(where: { $0.height > replay.recordedHeight(of: $0.chain) })
        else { return nil }
        let what = "\(node) signs \(hash) of \(candidate.chain), which relies on \(early.chain) \(early.height) before it is recorded,"
        let election = replay.election
        let present = election.epoch(ofSlot: max(replay.newestSlot(of: .notary), 1))
        let nodes = { (epoch: Epoch) -> [String]? in
            epoch < UInt64(election.terms.count) ? election.terms[Int(epoch)].members.map(\.node).sorted() : nil
        }
        if candidate.epoch > present, let own = nodes(candidate.epoch), (present...candidate.epoch).contains(where: { nodes($0) != own }) {
            return "\(what) in epoch \(candidate.epoch), of which no notary block is final"
        }
        guard let promised = promises[Promise(node: node, chain: candidate.chain)], candidate.epoch <= promised else { return nil }
        // Where the same nodes go on, the promise is over.
        if let next = nodes(promised + 1), (candidate.epoch...promised).allSatisfy({ nodes($0) == next }) { return nil }
        return "\(what) after it has closed epoch \(promised)"
    }
}
