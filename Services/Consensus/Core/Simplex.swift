import Cryptography
import Determinism
import RoleKit
import Wire

/// Simplex consensus of one node on one chain: the published Rules 1 to 8 with windows of one slot (Simplex.md section 3.1), and
/// nothing else. Slots start at 1; slot 0 is genesis.
///
/// ```
/// candidate valid ─▶ Notar ─▶ certificate ─▶ Final ─▶ certificate ─▶ block and ancestors final
///        timeout  ─▶ Skip  ─▶ certificate ─▶ next slot
/// ```
///
/// Bodies, validity, storage and transport belong to the owner: they reach this value as facts and leave it as orders. Safety
/// needs three things of it: one Notar a slot, never both Skip and Final for a slot, and no vote that was not stored first.
package struct Simplex: Machine {
    package let settings: SimplexSettings
    /// Largest slot known to be final; 0 for genesis.
    package internal(set) var finalSlot: Slot = 0
    /// Its block.
    package internal(set) var finalHash: Digest
    /// What shows it; nil for genesis.
    package internal(set) var finalCertificate: Certificate?
    /// Nothing is ever voted at or below this slot.
    package internal(set) var floor: Slot = 0
    /// Rule 1: the smallest slot not cleared, once started; every slot up to it has been entered.
    package internal(set) var frontier: Slot = 0
    /// The frontier whose leader has been found (Rule 3).
    var ledFrontier: Slot = 0
    /// Slots above the final one.
    var slots: SlotWindow
    /// When work became known; nil while none is.
    var workSinceMilliseconds: UInt64?
    var isStarted = false
    /// When the skip timer that is set runs out.
    var skipTimerMilliseconds: UInt64?
    var standstill = Standstill()
    /// The newest votes seen of every member, for those that ask what their key has signed.
    var seen = SeenVotes()

    /// A machine as the store left it. It votes and sends nothing before `.started`.
    ///
    /// - Parameter recovered: own votes are honoured even when their bytes cannot be read.
    package init(settings: SimplexSettings, recovered: SimplexRecovery = SimplexRecovery()) {
        self.settings = settings
        finalHash = settings.genesis
        slots = SlotWindow(first: 1, maximum: settings.slotsAhead)
        recover(recovered)
    }

    package mutating func apply(_ input: SimplexInput, at now: Moment) -> [SimplexEffect] {
        var effects: [SimplexEffect] = []
        switch input {
        case .started:
            isStarted = true
            resend(&effects, at: now)
        case .candidateValid(let candidate): admit(candidate)
        case .vote(let vote): receive(vote, &effects, at: now)
        case .certificate(let certificate): receive(certificate, &effects, at: now)
        case .work(let isKnown): setWork(isKnown, at: now)
        // An electorate that was waited for: votes and the lead of its slots are looked at again.
        case .electorateKnown: break
        case .timerFired(.skip):
            skipTimerMilliseconds = nil
            skipOverdueSlots(&effects, at: now)
        case .timerFired(.standstill): resend(&effects, at: now)
        }
        pursue(&effects, at: now)
        checkInvariants()
        return effects
    }

    /// Takes every step that has become provable, until none is left.
    private mutating func pursue(_ effects: inout [SimplexEffect], at now: Moment) {
        guard isStarted else { return }
        var changed = true
        while changed {
            changed = advanceFrontier(&effects, at: now)
            if notarizeProvenCandidates(&effects, at: now) { changed = true }
            if finalizeNotarizedSlots(&effects, at: now) { changed = true }
        }
        armSkipTimer(&effects, at: now)
    }

    /// Whether Notar of this block is reached as far as this node can prove: by certificate, or because it is final (Lemma 2.3).
    package func isNotarized(slot: Slot, hash: Digest) -> Bool {
        if slot == finalSlot { return hash == finalHash }
        guard slot > finalSlot, slot < slots.end else { return false }
        return slots[slot].notarized?.statement.hash == hash
    }

    /// Whether a slot is one that this node keeps candidates and votes for.
    package func isOpen(_ slot: Slot) -> Bool {
        slot > finalSlot && slot - finalSlot <= settings.slotsAhead
    }

    private func checkInvariants() {
        precondition(slots.first == finalSlot + 1, "the window starts above the final slot")
        precondition(floor >= finalSlot, "no vote can be cast at or below a final slot")
        precondition(!isStarted || frontier > finalSlot, "a final slot is cleared")
    }
}

extension Simplex {
    /// Slots above the final one for which something is kept.
    package var openSlots: Range<Slot> { slots.range }

    /// The block of a slot for which Notar is reached; nil when none is known.
    package func notarizedHash(slot: Slot) -> Digest? {
        guard slot > finalSlot, slot < slots.end else { return nil }
        return slots[slot].notarized?.statement.hash
    }
}
