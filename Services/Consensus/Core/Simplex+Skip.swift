import Cryptography
import Determinism
import Wire

extension Simplex {
    /// Work became known, or there is none left.
    mutating func setWork(_ isKnown: Bool, at now: Moment) {
        if isKnown {
            workSinceMilliseconds = workSinceMilliseconds ?? now.monotonicMilliseconds
        } else {
            workSinceMilliseconds = nil
        }
    }

    /// Rule 6: votes Skip for every entered slot whose timeout has run out, unless it voted Final there.
    mutating func skipOverdueSlots(_ effects: inout [SimplexEffect], at now: Moment) {
#if PLANTED_BUGS
        if PlantedBug.skipNeverVoted.isPlanted { return }
#endif
        for slot in slots.range {
            guard slot >= slots.first, let deadline = skipDeadlineMilliseconds(slot), deadline <= now.monotonicMilliseconds else {
                continue
            }
            cast(.skip, slot: slot, hash: .zero, &effects, at: now)
        }
    }

    /// When this node will vote Skip for a slot; nil when it will not: not entered, no voter of it, decided, at or below the floor, or Skip is
    /// reached already, so that one more vote could form no new certificate.
    ///
    /// An idle slot's block is due a heartbeat after the slot was entered; one with work, as soon as the work is known. Both only
    /// lengthen Rule 6's timeout, and by no more than a heartbeat.
    private func skipDeadlineMilliseconds(_ slot: Slot) -> UInt64? {
        guard slot > floor, let entry = slots[slot].entry, slots[slot].ownDecide == nil, slots[slot].skipped == nil,
            settings.ownPosition(in: slot) != nil
        else { return nil }
        var due = entry.atMilliseconds + settings.timing.heartbeatMilliseconds
        if let workSinceMilliseconds { due = min(due, max(entry.atMilliseconds, workSinceMilliseconds)) }
        return due + entry.timeoutMilliseconds
    }

    /// Sets the timer for the earliest deadline.
    mutating func armSkipTimer(_ effects: inout [SimplexEffect], at now: Moment) {
        var earliest: UInt64?
        for slot in slots.range {
            if let deadline = skipDeadlineMilliseconds(slot) { earliest = min(earliest ?? deadline, deadline) }
        }
        guard earliest != skipTimerMilliseconds else { return }
        skipTimerMilliseconds = earliest
        if let earliest {
            let afterMilliseconds = earliest > now.monotonicMilliseconds ? earliest - now.monotonicMilliseconds : 0
            effects.append(.setTimer(.skip, afterMilliseconds: afterMilliseconds))
        } else {
            effects.append(.cancelTimer(.skip))
        }
    }
}
