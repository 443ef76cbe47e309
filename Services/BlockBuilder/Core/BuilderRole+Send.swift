import Cryptography
import Determinism
import RoleKit
import Wire

extension BuilderRole {
    /// Sends the open slot's candidate, and its certificate when there is one (S840, A12); sent again until the slot is over.
    mutating func send(at now: Moment) -> [RoleEffect] {
        guard case .proposed(var proposal) = stage else { return [] }
        let turn = proposal.sendings
        proposal.sendings += 1
        stage = .proposed(proposal)
        var effects: [RoleEffect] = [.count(.sent, by: 1)]
        let calls = proposal.certified == nil ? hand(proposal.block, at: now) : []
        effects += calls.isEmpty ? [.publish(.candidate(chain), .candidate(proposal.block))] : calls
        if let certified = proposal.certified { effects.append(.publish(.certification(chain), .certified(certified))) }
        effects.append(.setTimer(Timers.resend, afterMilliseconds: resendMilliseconds(afterTurn: turn)))
        return effects
    }

    mutating func resend(at now: Moment) -> [RoleEffect] { goOn(at: now) ?? send(at: now) }

    /// Hands the candidate to the next notaries, as many as the strategy says; nobody is left when all have had their turn.
    private mutating func hand(_ block: Block, at now: Moment) -> [RoleEffect] {
        guard let count = context.notaryStrategy.count else { return [] }
        var current = round.flatMap { $0.block == block.hash ? $0 : nil } ?? NotaryRound(of: block.hash, among: turns(for: block))
        for missed in current.giveUp(at: now) {
            latencies[missed.node, default: SmoothedLatency()].failed(afterMilliseconds: missed.elapsedMilliseconds)
        }
        var calls: [RoleEffect] = []
        for node in current.next(count) {
            let call = nextCall()
            current.note(call, to: node, at: now)
            calls.append(
                .call(
                    call, service: Service.name(.validator, chain: chain, node: node), .validate(block),
                    timeoutMilliseconds: network.timing.candidateResendMilliseconds))
        }
        round = current
        return calls
    }

    private func turns(for block: Block) -> [String] {
        let nodes = notaries(of: block.header).map(\.node)
        return context.notaryStrategy.turns(of: nodes.count, slot: block.header.slot, draw: block.hash) { latencies[nodes[$0]]?.rank ?? 0 }.map { nodes[$0] }
    }

    /// Who certifies a candidate.
    private func notaries(of header: BlockHeader) -> [Electorate.Member] {
        book.electorate(of: .notary, epoch: header.epoch)?.members ?? book.network.notary.genesisElectorate.members
    }

    /// Whether a key is a notary node's in an epoch that may be responsible for a height that is open here: a chain that has stood still
    /// needs those of long ago.
    private func isNotary(_ node: String, _ key: PublicKey) -> Bool {
        let newest = book.newestEpoch(of: .notary)
        return (min(book.notaryEpoch(of: chain, height: tree.finalHeight + 1), newest)...newest).contains { epoch in
            book.electorate(of: .notary, epoch: epoch)?.members.contains { $0.node == node && $0.key == key } ?? false
        }
    }

    /// A notary took the candidate, and passes it on, or did not: when none has that was asked, the next ones have their turn.
    ///
    /// - Returns: nil when no notary was asked with this call.
    mutating func notaryAnswered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect]? {
        var isTaken = false
        if case .validate(taken: true) = response { isTaken = true }
        guard let asked = round?.end(call, isTaken: isTaken, at: now) else { return nil }
        if isTaken {
            latencies[asked.node, default: SmoothedLatency()].answered(afterMilliseconds: asked.elapsedMilliseconds)
        } else {
            latencies[asked.node, default: SmoothedLatency()].failed(afterMilliseconds: network.timing.candidateResendMilliseconds)
        }
        guard round?.isOpen == false, case .proposed(let proposal) = stage, proposal.certified == nil else { return [] }
        // The timer spaces the attempts out when every notary says no at once.
        return [.setTimer(Timers.resend, afterMilliseconds: BuilderRole.nextNotaryMilliseconds)]
    }

    private static let nextNotaryMilliseconds: UInt64 = 20
    /// Doublings of the time between two sendings.
    private static let resendDoublings = 4

    private func resendMilliseconds(afterTurn turn: Int) -> UInt64 {
        network.timing.candidateResendMilliseconds << UInt64(min(turn, BuilderRole.resendDoublings))
    }

    /// A notary's word on a candidate (S850, S860).
    mutating func receive(_ verdict: NotaryVerdict, publisher: String, at now: Moment) -> [RoleEffect] {
        guard verdict.chain == chain, let address = RoleAddress(publisher), address.role == .validator, address.chain == chain,
            isNotary(address.node, verdict.notary)
        else { return [.count(.peerFault, by: 1)] }
        if case .deferred(let foreign, let height, _) = verdict.verdict, foreign != chain,
            let block = reliance(of: verdict.block, on: foreign, height)
        {
            // Also of other leaders' candidates: what they relied on, this node would rely on next.
            doubts.heard(block, by: verdict.notary, at: now)
        }
        guard case .proposed(var proposal) = stage, proposal.block.hash == verdict.block else { return receiveLate(verdict) }
        defer { if case .proposed(let current) = stage, current.block.hash == proposal.block.hash { stage = .proposed(proposal) } }
        switch verdict.verdict {
        case .signed(let epoch, let slot, let height, let signature):
            return signed(&proposal, epoch: epoch, slot: slot, height: height, signature, by: verdict.notary)
        case .deferred(let chain, let height, let reason):
            return [.note("notary \(address.node) waits for block \(height) of \(chain): \(reason)")]
        case .refused(let transaction, let reason):
            let note = RoleEffect.note("notary \(address.node) refused candidate \(verdict.block): \(reason.code)")
            guard let transaction, proposal.refuse(transaction, by: verdict.notary) else { return [.count(.refused, by: 1), note] }
            return [.count(.refused, by: 1), note] + reconsider(transaction, now: now) + mineAnew(at: now)
        }
    }

    /// The block of another chain's height that a candidate relies on; nil when the candidate is not here.
    private func reliance(of candidate: Digest, on chain: ChainID, _ height: Height) -> Digest? {
        var block = bodies[candidate] ?? tree.candidate(candidate)
        if case .proposed(let proposal) = stage, proposal.block.hash == candidate { block = proposal.block }
        return block?.foreign.first { $0.header.chain == chain && $0.header.height == height }?.hash
    }

    func signed(
        _ proposal: inout Proposal, epoch: Epoch, slot: Slot, height: Height, _ signature: Signature, by notary: PublicKey
    ) -> [RoleEffect] {
        let header = proposal.block.header
        guard epoch == header.epoch, slot == header.slot, height == header.height else { return [.count(.peerFault, by: 1)] }
        guard proposal.needs(notary) else { return [] }
        let message = Domain.notary.preimage(network: network.id, NotaryStatement(header, epoch: epoch).payload)
        guard context.verify(SignatureCheck(key: notary, signature: signature, message: message)) else {
            return [.count(.badSignature, by: 1)]
        }
        guard let certified = proposal.add(signature, by: notary) else { return [] }
        return [.publish(.certification(chain), .certified(certified))]
    }
}
