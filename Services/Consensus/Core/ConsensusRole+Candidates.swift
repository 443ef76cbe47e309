import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension ConsensusRole {
    /// A candidate's body, from its builder or from a peer that was asked.
    mutating func candidate(_ block: Block, at now: Moment) -> [RoleEffect] {
        let header = block.header
        guard header.chain == chain else { return [.count(.peerFault, by: 1)] }
        guard simplex.isOpen(header.slot), header.height > tree.finalHeight else { return [.count(.duplicate, by: 1)] }
        guard candidates[header.hash] == nil else { return [.count(.duplicate, by: 1)] }
        guard tree.builderFault(of: block) == nil else { return [.count(.badSignature, by: 1)] }
        guard !candidates.isFull, candidates.count(ofSlot: header.slot) < Limits.candidatesPerSlot else {
            return [.count(.overloaded, by: 1)]
        }
        var effects = accuseDouble(block)
        guard case .success(let checks) = tree.signatureChecks(for: block) else { return effects + [.count(.peerFault, by: 1)] }
        let token = nextToken()
        candidates[header.hash] = .init(block: block, stage: .checking(token: token))
        effects.append(.count(.received, by: 1))
        effects.append(.check(token: token, checks))
        return effects
    }

    /// Two candidates of one leader for one slot are evidence (faults case 22).
    private func accuseDouble(_ block: Block) -> [RoleEffect] {
        guard let other = candidates.other(ofSlot: block.header.slot, than: block.hash), candidates.count(ofSlot: block.header.slot) == 1
        else { return [] }
        func exhibit(_ block: Block) -> [UInt8] {
            CertifiedCandidate(header: block.header, builderSignature: block.builderSignature, notary: nil).encoded
        }
        let evidence = Evidence(chain: chain, kind: .doubleCandidate, first: exhibit(other), second: exhibit(block))
        return [
            .publish(.evidence, .evidence(evidence)),
            .raise(
                code: "double_candidate", detail: "\(block.header.builder) signed two candidates for slot \(block.header.slot) of \(chain)",
                severity: .critical),
        ]
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

    /// A candidate's notary certificate (S891, S893): the condition without which no node votes.
    mutating func certified(_ certified: CertifiedCandidate, at now: Moment) -> [RoleEffect] {
        let header = certified.header
        guard header.chain == chain else { return [.count(.peerFault, by: 1)] }
        guard simplex.isOpen(header.slot), candidates.certified(header.hash) == nil else { return [.count(.duplicate, by: 1)] }
        guard tree.certificateFault(in: certified) == nil else { return [.count(.badSignature, by: 1)] }
        candidates.certify(certified)
        var effects = judgeAll(at: now) + connect(at: now)
        if candidates[header.hash] == nil { effects += watchForMissing() }
        return effects
    }

    /// Looks again at every candidate that waits, until nothing moves any more: one may be the parent of another.
    mutating func judgeAll(at now: Moment) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        var hasMoved = true
        while hasMoved {
            hasMoved = false
            for hash in candidates.hashes {
                guard let entry = candidates[hash], entry.stage == .waiting, let more = judge(entry.block, at: now) else { continue }
                effects += more
                hasMoved = true
            }
        }
        // Nobody says again by itself what a validator follows: a record that waits for it makes this node ask.
        return awaitsBranch ? effects + watchForMissing() : effects
    }

    /// Whether a record or a freeze waits for what this notary's validators follow.
    private var awaitsBranch: Bool {
        isNotaryChain
            && candidates.hashes.contains { hash in
                guard let entry = candidates[hash], entry.stage == .waiting else { return false }
                return standing(of: entry.block) != .followed
                    || entry.block.transactions.contains {
                        guard case .status(let change) = $0.kind, change.isFreeze else { return false }
                        return !stands.granted.contains(.init(candidate: hash, chain: change.chain))
                    }
            }
    }

    func standing(of block: Block) -> OwnBranches.Standing {
        branches.standing(of: block, isNotarized: simplex.isNotarized(slot: block.header.slot, hash: block.hash))
    }

    /// Whether a candidate does not agree with the notary chain as this node has read it; empty effects when it has to wait. What a quorum
    /// has notarized is past that question.
    private mutating func disagreement(_ block: Block) -> [RoleEffect]? {
        guard let view = reader?.view, !simplex.isNotarized(slot: block.header.slot, hash: block.hash) else { return nil }
        switch view.judge(block, parent: tree.notaryHead(of: block.header.parent)) {
        case .fine: return nil
        case .unread: return []
        case .fault(let reason, _):
            candidates[block.hash] = nil
            return [.count(.refused, by: 1), .note("candidate \(block.hash) does not agree with the notary chain: \(reason.code)")]
        }
    }

    /// - Returns: nil when the candidate must go on waiting.
    private mutating func judge(_ block: Block, at now: Moment) -> [RoleEffect]? {
        guard candidates.certified(block.hash) != nil, tree.contains(block.header.parent) else { return nil }
        if isNotaryChain, let effects = awaited(block) { return effects.isEmpty ? nil : effects }
        if let effects = disagreement(block) { return effects.isEmpty ? nil : effects }
        guard isTimely(block.header, at: now) else { return nil }
        switch tree.validate(block) {
        case .valid: break
        // Who voted on another chain's block is being asked for; that a chain has joined is said again.
        case .invalid(let reason, _) where reason.isIgnorance: return nil
        case .invalid, .missingParent:
            candidates[block.hash] = nil
            return [.count(.refused, by: 1), .note("candidate \(block.hash) at height \(block.header.height) is invalid here")]
        }
        candidates[block.hash]?.stage = .valid
        return step(.candidateValid(CandidateReference(block.header)), at: now)
    }

    /// Chain time within a bound of the own clock. A block that is already notarized is past that question.
    private func isTimely(_ header: BlockHeader, at now: Moment) -> Bool {
        if simplex.isNotarized(slot: header.slot, hash: header.hash) { return true }
        let wall = now.wallMilliseconds
        return (header.time > wall ? header.time - wall : wall - header.time) <= Limits.chainTimeSkewMilliseconds
    }
}
