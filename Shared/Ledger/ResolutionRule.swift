import Cryptography
import Determinism
import Wire

/// Rules R3, R4 and R5: one hold, one end. What is true of the deciding chain's final blocks stays true, and the two rules
/// exclude each other there, so a settle and a refund of one xid can never both find evidence.
extension LedgerState {
    /// Rule R3: the held value goes to the credit accounts, if the deciding leg is final on the deciding chain.
    ///
    /// Reasons are found in this order: unknownCross, crossAlreadyEnded, evidenceMissing, evidenceInvalid, then alreadyDecided
    /// when the transaction was refused or cancelled, and notReady while it is undecided.
    mutating func applySettle(_ resolution: Resolution, at block: OpenBlock, foreign: ForeignBlocks) -> Application {
        switch heldEntry(resolution, foreign: foreign) {
        case .failure(let reason):
            return .invalid(reason)
        case .success(let (entry, finding)):
            switch finding.entry?.decision ?? .none {
            case .none: return .invalid(.notReady)
            case .refused, .cancelled: return .invalid(.alreadyDecided)
            case .committed:
                resolve(entry, .settled, at: block)
                return .applied
            }
        }
    }

    /// Rule R4: the held value returns to the debit accounts, if on the deciding chain a refusal or a cancellation is final, or
    /// a final block strictly past the deadline has nothing decided.
    ///
    /// Reasons are found in this order: unknownCross, crossAlreadyEnded, evidenceMissing, evidenceInvalid, then alreadyDecided
    /// when the deciding leg was executed, and notReady while it still may be.
    ///
    /// Or, third case, the deciding chain is frozen at the block that the evidence names, and nothing was committed up to there. That it
    /// still is, as of the notary block that this block knows, is for whoever knows the notary chain (N-10).
    mutating func applyRefund(_ resolution: Resolution, at block: OpenBlock, foreign: ForeignBlocks) -> Application {
        if let frozen = resolution.frozen { return applyFrozenRefund(resolution, frozen, at: block, foreign: foreign) }
        switch heldEntry(resolution, foreign: foreign) {
        case .failure(let reason):
            return .invalid(reason)
        case .success(let (entry, finding)):
            switch finding.entry?.decision ?? .none {
            case .committed: return .invalid(.alreadyDecided)
#if PLANTED_BUGS
            case _ where PlantedBug.brakeStopsRefund.isPlanted && pauses.contains { $0.level == .paused }: return .invalid(.paused)
            case .none where PlantedBug.refundTooEarly.isPlanted:
                resolve(entry, .refunded, at: block)
                return .applied
#endif
            case .none where finding.header.time <= entry.deadline: return .invalid(.notReady)
            case .none, .refused, .cancelled:
                resolve(entry, .refunded, at: block)
                return .applied
            }
        }
    }

    private mutating func applyFrozenRefund(
        _ resolution: Resolution, _ frozen: StateEvidence, at block: OpenBlock, foreign: ForeignBlocks
    ) -> Application {
        guard let entry = cross(resolution.xid), entry.holdStatus != .none else { return .invalid(.unknownCross) }
        guard entry.holdStatus == .held else { return .invalid(.crossAlreadyEnded) }
        let status: ChainStatus
        switch EvidenceCheck.status(of: entry.decidingChain, in: frozen, foreign: foreign) {
        case .failure(let reason): return .invalid(reason)
        case .success(let found): status = found
        }
        guard status.isFrozen else { return .invalid(.notReady) }
        // Where nothing of the chain is recorded, nothing is decided; the entry alone is the evidence.
        if status.height > 0 {
            guard status.hash == resolution.evidence.block else { return .invalid(.evidenceInvalid) }
            switch heldEntry(resolution, foreign: foreign) {
            case .failure(let reason): return .invalid(reason)
            case .success(let (_, finding)):
                if finding.entry?.decision == .committed { return .invalid(.alreadyDecided) }
            }
        } else if resolution.evidence != frozen {
            return .invalid(.evidenceInvalid)
        }
        resolve(entry, .refunded, at: block)
        return .applied
    }

    /// The entry to resolve, which is held, and what the deciding chain says of it.
    private func heldEntry(
        _ resolution: Resolution, foreign: ForeignBlocks
    ) -> Result<(CrossEntry, EvidenceCheck.Finding), Reason> {
        guard let entry = cross(resolution.xid), entry.holdStatus != .none else { return .failure(.unknownCross) }
#if PLANTED_BUGS
        if PlantedBug.holdResolvedTwice.isPlanted, entry.holdStatus != .held {
            var held = entry
            held.holdStatus = .held
            return EvidenceCheck.finding(about: entry.xid, on: entry.decidingChain, in: resolution.evidence, foreign: foreign).map { (held, $0) }
        }
#endif
        guard entry.holdStatus == .held else { return .failure(.crossAlreadyEnded) }
        return EvidenceCheck.finding(about: entry.xid, on: entry.decidingChain, in: resolution.evidence, foreign: foreign)
            .map { (entry, $0) }
    }

    /// Ends a hold. It cannot fail: accounts are never closed, and room for the asset is not asked for.
    private mutating func resolve(_ held: CrossEntry, _ status: HoldStatus, at block: OpenBlock) {
        precondition(held.holdStatus == .held && status != .held, "a hold is resolved once")
        var entry = held
        entry.holdStatus = status
        entry.resolvedHeight = block.height
        write(entry)
        for leg in entry.legs {
            guard let place = place(of: status == .settled ? leg.credit : leg.debit) else {
                preconditionFailure("the accounts of a hold exist")
            }
#if PLANTED_BUGS
            if PlantedBug.settlePaysTwice.isPlanted, status == .settled { credit(place, leg.amount, of: leg.asset) }
#endif
            credit(place, leg.amount, of: leg.asset)
        }
    }
}
