import Cryptography
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

    /// A signature that is judged when the replay has come to what its signer may have read.
    private struct Signed {
        var block: Digest
        var node: String
        var from: Height
        var time: UInt64
    }

    /// Candidates that rely on blocks of other chains.
    private var candidates: [Digest: Candidate] = [:]
    /// Newest epoch that a notary has closed, by what is final.
    private var promises: [Promise: Epoch] = [:]
    /// Newest notary block that anybody has shown to be final. A liar may show one before any honest node has stored it.
    private var shownHeight: Height = 0
    private var signed: [Signed] = []

    /// What is shown further ahead of the honest nodes is made up.
    private static let aheadMaximum: Height = 8

    private mutating func candidate(_ block: Block) {
        let relied = block.foreign.map(\.header).filter { $0.chain != .notary }.map { (chain: $0.chain, height: $0.height) }
        if !relied.isEmpty { candidates[block.hash] = Candidate(chain: block.header.chain, epoch: block.header.epoch, relied: relied) }
    }

    /// Somebody, honest or not, says this.
    mutating func heard(_ message: Message, replayed: Height) {
        switch message {
        case .candidate(let block): candidate(block)
        case .final(let final): show(final, replayed)
        case .handover(let handover): show(handover.final, replayed)
        default: break
        }
    }

    /// Somebody, honest or not, answers this.
    mutating func heard(_ response: Response, replayed: Height) {
        switch response {
        case .blocks(let blocks, _): for final in blocks.compactMap(\.final) { show(final, replayed) }
        case .handovers(let handovers): for handover in handovers { show(handover.final, replayed) }
        default: break
        }
    }

    private mutating func show(_ final: FinalHeader, _ replayed: Height) {
        let height = final.header.height
        if final.header.chain == .notary, height > shownHeight, height <= replayed + ClosingOracle.aheadMaximum { shownHeight = height }
    }

    /// An honest notary has signed a candidate.
    mutating func sign(_ block: Digest, by node: String, at time: UInt64) {
        if candidates[block] != nil { signed.append(Signed(block: block, node: node, from: shownHeight, time: time)) }
    }

    /// Judges what was signed by a notary chain that is no shorter than any that the signers can have read.
    mutating func judge(_ replay: ReplayOracle, replayed: Height, _ findings: inout Findings) {
        for item in signed where item.from <= replayed {
            if let fault = fault(item.block, by: item.node, replay) { findings.report(.atomicity, fault, at: item.time) }
        }
        signed.removeAll { $0.from <= replayed }
    }

    /// A final notary block has a closing.
    mutating func closed(_ closing: Closing, _ election: ElectionOracle) {
        guard closing.epoch < UInt64(election.terms.count) else { return }
        guard let member = election.terms[Int(closing.epoch)].members.first(where: { $0.key == closing.notary }) else { return }
        promises[Promise(node: member.node, chain: closing.chain)] = closing.epoch
    }

    /// What a signature broke; nil when nothing.
    private func fault(_ hash: Digest, by node: String, _ replay: ReplayOracle) -> String? {
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
