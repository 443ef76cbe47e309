import Cryptography
import Determinism
import Wire

extension Simplex {
    /// Rule 1: enters slots up to the smallest one that is not cleared, and leads it when it is this node's (Rule 3).
    ///
    /// - Returns: whether the frontier moved.
    mutating func advanceFrontier(_ effects: inout [SimplexEffect], at now: Moment) -> Bool {
        let before = frontier
        var slot = max(frontier, finalSlot + 1)
        enter(slot, at: now)
        while isCleared(slot), isOpen(slot + 1) {
            slot += 1
            enter(slot, at: now)
        }
        frontier = slot
        if frontier > ledFrontier { takeLead(of: frontier, &effects) }
        return frontier > before
    }

    /// Rule 1: Notar of any block, Skip, or Final of this or a later slot. Final slots have left the window.
    func isCleared(_ slot: Slot) -> Bool {
        slots[slot].notarized != nil || slots[slot].skipped != nil
    }

    /// A window of one slot becomes active.
    private mutating func enter(_ slot: Slot, at now: Moment) {
        guard slots[slot].entry == nil else { return }
        slots[slot].entry = SlotState.Entry(
            atMilliseconds: now.monotonicMilliseconds,
            timeoutMilliseconds: settings.skipTimeoutMilliseconds(slot: slot, finalSlot: finalSlot))
    }

    /// Rule 3.
    private mutating func takeLead(of slot: Slot, _ effects: inout [SimplexEffect]) {
        guard let electorate = settings.electorate(of: slot) else { return }
        ledFrontier = slot
        guard slot > floor, !isCleared(slot), electorate.leader(of: slot).key == settings.seat(in: slot)?.signer.publicKey else { return }
        effects.append(.lead(base(for: slot)))
    }

    /// Rule 3: the largest slot below with Notar reached; every slot between has a Skip certificate, for it is cleared and by
    /// nothing else. It always exists (Lemma 3.3).
    private func base(for slot: Slot) -> LeadDuty {
        var candidate = slot - 1
        while candidate > finalSlot {
            let state = slots[candidate]
            if let notarized = state.notarized {
                return LeadDuty(slot: slot, parentSlot: candidate, parent: notarized.statement.hash)
            }
            precondition(state.skipped != nil, "every slot below the frontier is cleared")
            candidate -= 1
        }
        return LeadDuty(slot: slot, parentSlot: finalSlot, parent: finalHash)
    }
}
