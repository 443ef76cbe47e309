import Cryptography
import Determinism
import Wire

extension Simplex {
    /// Remembers a candidate that the owner found valid: the fourth condition of Rule 4.
    mutating func admit(_ candidate: CandidateReference) {
        guard isOpen(candidate.slot), candidate.parentSlot >= finalSlot, candidate.parentSlot < candidate.slot else { return }
        guard !slots[candidate.slot].valid.contains(candidate) else { return }
        // Only one of a slot's candidates can ever be notarized, so room is kept for that one.
        let isWanted = slots[candidate.slot].notarized?.statement.hash == candidate.hash
        guard isWanted || slots[candidate.slot].valid.count < Limits.candidatesPerSlot else { return }
        slots[candidate.slot].valid.append(candidate)
    }

    /// Rule 4: votes Notar for every candidate for which all four conditions can be proven.
    ///
    /// - Returns: whether a vote was cast.
    mutating func notarizeProvenCandidates(_ effects: inout [SimplexEffect], at now: Moment) -> Bool {
        var didVote = false
        for slot in slots.range where slot > max(floor, finalSlot) {
            // Rule 4, condition 1: no Notar vote of this node in the slot.
            guard slots[slot].ownNotar == nil, settings.ownPosition(in: slot) != nil else { continue }
            // Rule 4, condition 4 was established by whoever said that the candidate is valid.
            guard let candidate = slots[slot].valid.first(where: { hasEligibleParent($0) }) else { continue }
            cast(.notar, slot: slot, hash: candidate.hash, &effects, at: now)
            didVote = true
        }
        return didVote
    }

    /// Rule 4, conditions 2 and 3: Notar of the parent is reached, and Skip of every slot between.
    private func hasEligibleParent(_ candidate: CandidateReference) -> Bool {
        guard candidate.parentSlot >= finalSlot, isNotarized(slot: candidate.parentSlot, hash: candidate.parent) else { return false }
        return (candidate.parentSlot + 1..<candidate.slot).allSatisfy { slots[$0].skipped != nil }
    }

    /// Rule 5: votes Final for every slot whose block this node notarized, is notarized, and which it has not skipped.
    ///
    /// - Returns: whether a vote was cast.
    mutating func finalizeNotarizedSlots(_ effects: inout [SimplexEffect], at now: Moment) -> Bool {
        var didVote = false
        for slot in slots.range where slot > max(floor, finalSlot) {
#if PLANTED_BUGS
            if PlantedBug.finalAfterSkip.isPlanted, slots[slot].ownDecide?.kind == .skip, let own = slots[slot].ownNotar,
                slots[slot].notarized?.statement.hash == own.hash
            {
                slots[slot].ownDecide = nil
            }
#endif
            // Rule 5, condition 1: own Notar. Condition 2: its certificate. Condition 3: no own Skip; Skip and Final share a duty.
            guard let hash = slots[slot].ownNotar?.hash, slots[slot].notarized?.statement.hash == hash, slots[slot].ownDecide == nil,
                settings.ownPosition(in: slot) != nil
            else { continue }
            cast(.final, slot: slot, hash: hash, &effects, at: now)
            didVote = true
        }
        return didVote
    }
}
