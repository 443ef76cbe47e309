import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

extension MinedConsensusRole {
    /// A candidate's body, from its miner or from a peer that was asked.
    mutating func candidate(_ block: Block, at now: Moment) -> [RoleEffect] {
        let header = block.header
        guard header.chain == chain else { return [.count(.peerFault, by: 1)] }
        guard isOpen(header), candidates[header.hash] == nil else { return [.count(.duplicate, by: 1)] }
        guard tree.builderFault(of: block) == nil else { return [.count(.badSignature, by: 1)] }
        // What the notaries have signed is taken in any case: it may be recorded.
        guard candidates.certified(header.hash) != nil || !isCrowded(header) else { return [.count(.overloaded, by: 1)] }
        guard case .success(let checks) = tree.signatureChecks(for: block) else { return [.count(.peerFault, by: 1)] }
        let token = nextToken()
        candidates[header.hash] = .init(block: block, stage: .checking(token: token))
        return [.count(.received, by: 1), .check(token: token, checks)]
    }

    /// Whether a block lies so near above the newest recorded one that it can still be shown to be final.
    private func isOpen(_ header: BlockHeader) -> Bool {
        header.height > tree.finalHeight && header.height - tree.finalHeight <= Limits.unrecordedBlocks
            && (header.height > tree.finalHeight + 1 || header.parent == tree.finalHash)
    }

    private func isCrowded(_ header: BlockHeader) -> Bool {
        candidates.isFull || candidates.count(ofSlot: header.slot, by: header.builder) >= Limits.candidatesPerMiner
    }

    mutating func checked(token: UInt64, _ answers: [Bool], at now: Moment) -> [RoleEffect] {
        guard let hash = candidates.hash(checking: token) else { return [] }
        guard answers.allSatisfy({ $0 }) else {
            candidates[hash] = nil
            return [.count(.badSignature, by: 1)]
        }
        candidates[hash]?.stage = .waiting
        return judgeAll(at: now)
    }

    /// A candidate's notary certificate (S891, S893): without one no node mines on a block.
    mutating func certified(_ certified: CertifiedCandidate, at now: Moment) -> [RoleEffect] {
        let header = certified.header
        guard header.chain == chain else { return [.count(.peerFault, by: 1)] }
        guard isOpen(header), candidates.certified(header.hash) == nil else { return [.count(.duplicate, by: 1)] }
        guard tree.certificateFault(in: certified) == nil else { return [.count(.badSignature, by: 1)] }
        candidates.certify(certified)
        return judgeAll(at: now) + (isMissingSomething ? watchForMissing() : [])
    }

    /// Looks at every candidate that waits, until nothing moves any more, and then at what the notary chain has recorded.
    mutating func judgeAll(at now: Moment) -> [RoleEffect] {
        let tip = branch.tip
        var effects: [RoleEffect] = []
        var hasMoved = true
        while hasMoved {
            hasMoved = false
            for hash in candidates.hashes {
                guard let entry = candidates[hash], entry.stage == .waiting, let more = judge(entry.block) else { continue }
                effects += more
                hasMoved = true
            }
        }
        effects += connect(at: now)
        return effects + (branch.tip == tip ? [] : sayLead())
    }

    /// - Returns: nil when the candidate must go on waiting.
    private mutating func judge(_ block: Block) -> [RoleEffect]? {
        guard let certified = candidates.certified(block.hash), branch.contains(block.header.parent) else { return nil }
        switch tree.validate(block) {
        case .valid: break
        // Who voted on another chain's block is being asked for.
        case .invalid(let reason, _) where reason.isIgnorance: return nil
        case .invalid, .missingParent:
            candidates.drop(block.hash)
            return [.count(.refused, by: 1), .note("candidate \(block.hash) at height \(block.header.height) is invalid here")]
        }
        candidates[block.hash]?.stage = .valid
        branch.insert(block.header)
        let key = CandidateBook.key(block.header)
        return [.persist([.put(.candidates, key: key, value: block.encoded), .put(.certified, key: key, value: certified.encoded)])]
    }
}
