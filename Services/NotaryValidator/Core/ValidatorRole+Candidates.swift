import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension ValidatorRole {
    /// S850: a candidate to be judged.
    mutating func candidate(_ block: Block, at now: Moment, isToBeSigned: Bool = true) -> [RoleEffect] {
        let header = block.header
        guard header.chain == context.address.chain, isFollowing else { return [.count(.peerFault, by: 1)] }
        guard !isRejoining else { return [.note("candidate \(header.hash) is not judged: this validator has to catch up first")] }
        guard !isToBeSigned || seat(for: header) != nil else { return [] }
        guard header.slot > tipSlot, header.height > tipHeight, header.slot <= tipSlot + tree.chain.slotsAhead else {
            return [.count(.duplicate, by: 1)]
        }
        if let entry = pending[header.hash] {
            if isToBeSigned, !entry.isToBeSigned { pending[header.hash]?.isToBeSigned = true }
            return [.count(.duplicate, by: 1)]
        }
        if tree.contains(header.hash) {
            guard isToBeSigned else { return [] }
            pending[header.hash] = .init(block: block, stage: .waiting, isToBeSigned: true)
            return judge(header.hash, at: now)
        }
        if header.height == tipHeight + 1, header.parent != tipHash { return refuse(block, .wrongParent, transaction: nil) }
        if let reason = tree.builderFault(of: block), reason != .epochUnknown { return refuse(block, reason, transaction: nil) }
        guard !pending.isFull, !isCrowded(header) || !isToBeSigned else {
            return [.count(.overloaded, by: 1)]
        }
        let checks: [SignatureCheck]
        switch signatureChecks(of: block) {
        case .success(let found): checks = found
        case .failure(let rejection): return refuse(block, rejection.reason, transaction: rejection.transaction)
        }
        let token = nextToken()
        pending[header.hash] = .init(block: block, stage: .checking(token: token), isToBeSigned: isToBeSigned)
        return [.count(.received, by: 1), .check(token: token, checks)]
    }

    /// The signatures of a block's transactions that have not been found good before (A11).
    private func signatureChecks(of block: Block) -> Result<[SignatureCheck], Rejection> {
        var checks: [SignatureCheck] = []
        for transaction in block.transactions where !checkedTransactions.contains(ValidatorRole.name(transaction)) {
            switch StateCheck.signatureChecks(for: transaction, network: network, chain: context.address.chain) {
            case .success(let more): checks += more
            case .failure(let reason): return .failure(Rejection(reason: reason, transaction: transaction.id))
            }
        }
        return .success(checks)
    }

    /// Names exact bytes, signatures included: an id does not cover those.
    private static func name(_ transaction: Transaction) -> Digest { Blake2b.hash(transaction.bytes) }

    /// The signature checks of a candidate are done.
    mutating func checked(token: UInt64, _ answers: [Bool], at now: Moment) -> [RoleEffect] {
        guard let hash = pending.hash(checking: token), let entry = pending[hash] else { return [] }
        guard answers.allSatisfy({ $0 }) else {
            pending[hash] = nil
            return [.count(.badSignature, by: 1)] + refuse(entry.block, .badSignature, transaction: nil)
        }
        for transaction in entry.block.transactions { checkedTransactions.insert(ValidatorRole.name(transaction)) }
        pending[hash]?.stage = .waiting
        return judge(hash, at: now)
    }

    /// Signs, refuses or defers a candidate whose signatures hold.
    mutating func judge(_ hash: Digest, at now: Moment) -> [RoleEffect] {
        guard let entry = pending[hash], entry.stage == .waiting else { return [] }
        let block = entry.block
        if entry.isToBeSigned, block.header.height <= recorded.height {
            // A block of that height is recorded: a signature under another one would never count, and could mislead (N-11).
            pending[hash] = nil
            return [.count(.duplicate, by: 1)]
        }
        if entry.isToBeSigned, let reason = clockFault(block.header, at: now) { return clockRefusal(hash, reason) }
        if entry.isToBeSigned, let pledge = branch.pledges.last {
            return deferJudgement(block, .notary, pledge.notaryHeight, "a vote of this notary may end the chain here")
        }
        if entry.isToBeSigned, isBeyondLead(block.header) {
            return deferJudgement(block, block.header.chain, block.header.height, "the chain is too far above its record")
                + askNotarized(block.header.parent)
        }
        if entry.isToBeSigned, let effects = disagreement(block) { return effects }
        if entry.isToBeSigned, let unrecorded = firstUnrecorded(of: block) {
            return deferJudgement(block, unrecorded.chain, unrecorded.height, "other notaries may take over: evidence has to be recorded first")
        }
        if let missing = siblings.firstUnknown(of: block.foreign.map(\.header), recorded: record(of:)) {
            return deferJudgement(block, missing.chain, missing.height, "the evidence's block is not on this notary's branch yet")
                + askSibling(missing.chain, missing.height) + [.setTimer(Timers.candidates, afterMilliseconds: network.timing.fetchMilliseconds)]
        }
        if let other = siblings.firstContradicted(of: block.foreign.map(\.header)) {
            pending[hash] = nil
            return [
                .raise(
                    code: "off_branch", detail: "candidate \(hash) of \(block.header.chain) relies on \(other.chain) block \(other.height) off this notary's branch",
                    severity: .critical)
            ] + deferJudgement(block, other.chain, other.height, "the evidence's block is off this notary's branch")
        }
        switch tree.validate(block) {
        case .valid:
            guard tree.descends(hash, from: tipHash) else {
                pending[hash] = nil
                return refuse(block, .wrongParent, transaction: nil)
            }
            // With the parent known: does it agree with the notary chain?
            if entry.isToBeSigned, let effects = disagreement(block) { return effects }
            if entry.isToBeSigned, let stopped = stoppedLongAgo(in: block) {
                return deferJudgement(
                    block, block.header.chain, block.header.height, "the chain has to take in a pause that stops transaction \(stopped)")
                    + [.setTimer(Timers.candidates, afterMilliseconds: network.timing.standstillMilliseconds)]
            }
            pending[hash] = nil
            let effects = entry.isToBeSigned ? sign(block, at: now) : []
            return effects + retryPending(at: now) + growMined(at: now)
        case .missingParent(let parent):
            return deferJudgement(block, block.header.chain, block.header.height - 1, "the parent is not known here") + askParent(parent)
                + [.setTimer(Timers.candidates, afterMilliseconds: network.timing.fetchMilliseconds)]
        case .invalid(let reason, _) where reason.isIgnorance:
            return deferJudgement(block, block.header.chain, block.header.height, "who voted on a block it names is not known here yet")
                + [.setTimer(Timers.candidates, afterMilliseconds: network.timing.fetchMilliseconds)]
        case .invalid(let reason, let transaction):
            pending[hash] = nil
            return refuse(block, reason, transaction: transaction)
        }
    }

    func record(of chain: ChainID) -> Height { reader.view[chain]?.height ?? 0 }

    /// Whether a candidate does not agree with the notary chain as far as it has been read, or runs too far ahead of its record; nil when it
    /// does agree, or its parent is not here yet (N-10).
    private mutating func disagreement(_ block: Block) -> [RoleEffect]? {
        let header = block.header
        guard tree.contains(header.parent) else { return nil }
        let wait: RoleEffect = .setTimer(Timers.candidates, afterMilliseconds: network.timing.fetchMilliseconds)
        guard header.height <= recorded.height + Limits.unrecordedAhead else {
            return deferJudgement(block, .notary, reader.view.height + 1, "the chain runs too far ahead of its record") + [wait]
                + askNotarized(header.parent)
        }
        switch reader.view.judge(block, parent: tree.notaryHead(of: header.parent)) {
        case .fine: return nil
        case .unread(let height):
            return deferJudgement(block, .notary, height, "the notary block that the header names is not known here yet") + [wait]
        case .fault(let reason, let transaction):
            pending[header.hash] = nil
            return refuse(block, reason, transaction: transaction)
        }
    }

    /// Judges again what was waiting for something that may have come.
    mutating func retryPending(at now: Moment) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for hash in pending.hashes where pending[hash]?.stage == .waiting { effects += judge(hash, at: now) }
        return effects
    }

    private func clockFault(_ header: BlockHeader, at now: Moment) -> Reason? {
        let wall = now.wallMilliseconds
        let skew = header.time > wall ? header.time - wall : wall - header.time
        return skew <= Limits.chainTimeSkewMilliseconds ? nil : .wrongTime
    }

    private mutating func clockRefusal(_ hash: Digest, _ reason: Reason) -> [RoleEffect] {
        guard let block = pending[hash]?.block else { return [] }
        pending[hash] = nil
        return refuse(block, reason, transaction: nil)
    }

    /// What this notary signs a candidate with; nil when it is none of the notaries of the candidate's epoch: then it only follows.
    func seat(for header: BlockHeader) -> Signer? {
        book.electorate(of: .notary, epoch: header.epoch).flatMap { context.keys.seat(in: $0)?.signer }
    }

    /// S860: the body is stored before the signature leaves (faults case 26).
    private mutating func sign(_ block: Block, at now: Moment) -> [RoleEffect] {
        guard clockFault(block.header, at: now) == nil, let signer = seat(for: block.header) else { return [] }
        let statement = NotaryStatement(block.header, epoch: block.header.epoch)
        let signature = signer.sign(.notary, network: network.id, statement.payload)
        let verdict = NotaryVerdict(
            chain: block.header.chain, block: block.hash, notary: signer.publicKey,
            verdict: .signed(epoch: statement.epoch, slot: statement.slot, height: statement.height, signature: signature))
        signedSlot = max(signedSlot, block.header.slot)
        let view = reader.view
        var operations = reliances.add(block) { view[$0]?.height ?? 0 }
        operations.append(.put(.candidates, key: ValidatorRole.candidateKey(block.header), value: block.encoded))
        return [.persist(operations)] + [.count(.sent, by: 1), .publish(.certification(block.header.chain), .verdict(verdict))]
    }

    /// Rows of a slot lie together, so that a final block can delete all that it overtakes.
    static func candidateKey(_ header: BlockHeader) -> UInt64 { header.slot << 16 | (header.hash.a & 0xFFFF) }

    private mutating func refuse(_ block: Block, _ reason: Reason, transaction: Digest?) -> [RoleEffect] {
        let verdict = NotaryVerdict(
            chain: block.header.chain, block: block.hash, notary: (seat(for: block.header) ?? context.signer).publicKey,
            verdict: .refused(transaction: transaction, reason: reason))
        return [
            .count(.refused, by: 1), .note("refused candidate \(block.hash) at height \(block.header.height): \(reason.code)"),
            .publish(.certification(block.header.chain), .verdict(verdict)),
        ] + accuseSigners(of: block, reason)
    }

    private func deferJudgement(_ block: Block, _ chain: ChainID, _ height: Height, _ reason: String) -> [RoleEffect] {
        let verdict = NotaryVerdict(
            chain: block.header.chain, block: block.hash, notary: (seat(for: block.header) ?? context.signer).publicKey,
            verdict: .deferred(chain: chain, height: height, reason: reason))
        return [.publish(.certification(block.header.chain), .verdict(verdict))]
    }

    mutating func askParent(_ hash: Digest) -> [RoleEffect] {
        [
            .call(
                Calls.parent + nextToken(), service: Service.name(.consensus, chain: context.address.chain),
                .fetchBlock(chain: context.address.chain, hash: hash), timeoutMilliseconds: network.timing.fetchMilliseconds * 2)
        ]
    }

    /// A parent that was asked for has come.
    mutating func parentAnswered(_ response: Response, at now: Moment) -> [RoleEffect] {
        guard case .blocks(let blocks, _) = response, let item = blocks.first else { return [] }
        let rival = (item.certified.map { noteRival($0, body: item.block) } ?? []) + learnRival(item.block)
        return rival + candidate(item.block, at: now, isToBeSigned: false) + (item.certified.map { notarized($0, at: now) } ?? [])
    }
}
