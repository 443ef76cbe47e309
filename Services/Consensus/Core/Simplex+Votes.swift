import Cryptography
import Determinism
import RoleKit
import Wire

extension Simplex {
    /// Signs, orders to store, then to send, a vote of this node. The only place where a vote is made.
    ///
    /// - Precondition: the slot is above the floor and the duty unused, and this node votes in it: the callers have proven their rule.
    mutating func cast(_ kind: VoteKind, slot: Slot, hash: Digest, _ effects: inout [SimplexEffect], at now: Moment) {
        precondition(slot > floor && slot > finalSlot, "nothing is voted at or below a final slot")
        precondition(isStarted, "nothing is voted before own votes are recovered")
        guard let (position, signer) = settings.seat(in: slot) else { preconditionFailure("only the slot's voters vote in it") }
        let vote = Vote(settings.statement(kind, slot, hash), network: settings.network, signer: signer)
        slots[slot].setOwn(SlotState.OwnVote(kind: kind, hash: hash, vote: vote))
#if PLANTED_BUGS
        if PlantedBug.voteNotStored.isPlanted, kind != .notar {
            effects.append(.broadcastVote(vote))
            return count(vote, of: position, &effects, at: now)
        }
#endif
        effects.append(
            .persist(
                VoteRow(
                    chain: settings.chain.id, epoch: vote.statement.epoch, slot: slot, duty: kind.duty, hash: hash, bytes: vote.encoded)))
        effects.append(.broadcastVote(vote))
        count(vote, of: position, &effects, at: now)
    }

    /// Takes a peer's vote: the first of a member for a duty counts, a different second one is evidence.
    mutating func receive(_ vote: Vote, _ effects: inout [SimplexEffect], at now: Moment) {
        if let fault = fault(of: vote.statement) { return effects.append(.dropped(fault)) }
        guard let electorate = settings.electorate(of: vote.statement.slot) else { return effects.append(.dropped(.unknownEpoch)) }
        guard let position = electorate.position(of: vote.voter) else { return effects.append(.dropped(.unknownMember)) }
        let statement = vote.statement
        let first = slots[statement.slot].vote(of: position, statement.kind.duty)
        guard first?.statement != statement else { return effects.append(.dropped(.duplicate)) }
        guard settings.verify(vote.check(network: settings.network)) else { return effects.append(.dropped(.badSignature)) }
        if let first {
            accuse(position, first, vote, &effects)
        } else {
            if position == settings.ownPosition(in: statement.slot) { honour(vote, &effects) }
            count(vote, of: position, &effects, at: now)
        }
    }

    /// Why a statement cannot be used here; nil when it can.
    func fault(of statement: Statement) -> SimplexFault? {
        guard statement.chain == settings.chain.id else { return .wrongChain }
        guard statement.epoch == settings.chain.epoch(of: statement.slot) else { return .wrongEpoch }
        guard statement.slot > finalSlot else { return .stale }
        return isOpen(statement.slot) ? nil : .tooFarAhead
    }

    /// A valid vote of the own key that this value did not cast: it binds this node all the same.
    private mutating func honour(_ vote: Vote, _ effects: inout [SimplexEffect]) {
        let statement = vote.statement
        if let own = slots[statement.slot].own(statement.kind.duty) {
            // Recovered without its bytes, and heard again: then it can be sent again.
            guard own.kind == statement.kind, own.hash == statement.hash else { return effects.append(.impostor(vote)) }
            slots[statement.slot].restoreOwn(vote)
            return
        }
        slots[statement.slot].setOwn(SlotState.OwnVote(kind: statement.kind, hash: statement.hash, vote: vote))
        effects.append(.impostor(vote))
    }

    /// Two votes of one member for one duty of a slot. The first goes on counting; the pair is shown once.
    private mutating func accuse(_ position: Int, _ first: Vote, _ second: Vote, _ effects: inout [SimplexEffect]) {
        let accusation = SlotState.Accusation(position: position, duty: first.statement.kind.duty)
        let slot = first.statement.slot
        guard !slots[slot].accused.contains(accusation) else { return effects.append(.dropped(.contradiction)) }
        slots[slot].accused.append(accusation)
        effects.append(
            .accuse(Evidence(chain: settings.chain.id, kind: .doubleVote, first: first.encoded, second: second.encoded)))
        if position == settings.ownPosition(in: slot) { effects.append(.impostor(second)) }
    }

    /// Records a member's first vote for a duty; at a quorum the certificate is formed (Rule 7).
    mutating func count(_ vote: Vote, of position: Int, _ effects: inout [SimplexEffect], at now: Moment) {
        let statement = vote.statement
        slots[statement.slot].record(vote, of: position)
        seen.note(vote)
        guard !holds(statement), let electorate = settings.electorate(of: statement.slot) else { return }
        let votes = statement.kind.duty == .notar ? slots[statement.slot].notarVotes : slots[statement.slot].decideVotes
        let agreeing = votes.indices.filter { votes[$0]?.statement == statement }
        guard electorate.isQuorum(agreeing) else { return }
        let signatures = agreeing.compactMap { position in votes[position].map { (position: position, signature: $0.signature) } }
        let certificate = Certificate(statement: statement, signers: SignerSet(signatures, of: electorate.count))
        take(certificate, &effects, at: now)
    }

    private func holds(_ statement: Statement) -> Bool {
        switch statement.kind {
        case .notar: slots[statement.slot].notarized != nil
        case .skip: slots[statement.slot].skipped != nil
        case .final: false
        }
    }
}
