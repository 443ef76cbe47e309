import Cryptography
import Determinism
import Wire

/// How re-sending stands since the last new final block.
struct Standstill: Hashable, Sendable {
    /// Attempts made since then.
    var attempts: UInt64 = 0
    /// Where among the things to send the next attempt goes on.
    var cursor = 0
}

extension Simplex {
    /// Rule 8: sends the newest Final certificate, and every certificate and own vote above it, again.
    ///
    /// At most `Limits.standstillMessages` an attempt, the next attempt going on where this one ended, so that each is sent again
    /// and again (Lemma 3.1) and a long stall cannot fill the links with its own repair.
    mutating func resend(_ effects: inout [SimplexEffect], at now: Moment) {
        guard isStarted else { return }
#if PLANTED_BUGS
        if PlantedBug.nothingSentAgain.isPlanted { return }
#endif
        if let finalCertificate { effects.append(.broadcastCertificate(finalCertificate)) }
        let items = unsettledMessages
        let count = min(items.count, Limits.standstillMessages)
        for offset in 0..<count { effects.append(items[(standstill.cursor + offset) % items.count]) }
        standstill.cursor = items.isEmpty ? 0 : (standstill.cursor + count) % items.count
        effects.append(.setTimer(.standstill, afterMilliseconds: standstillMilliseconds))
        standstill.attempts += 1
    }

    /// The wait after an attempt: T_s, doubled each time up to a fixed multiple, so that the attempts within a skip timeout still
    /// grow without bound with the timeout, as Lemma 3.5 needs.
    private var standstillMilliseconds: UInt64 {
        let growth = standstill.attempts < 16 ? min(1 << standstill.attempts, Timing.standstillGrowthMaximum) : Timing.standstillGrowthMaximum
        return settings.timing.standstillMilliseconds * growth
    }

    /// Certificates and own votes above the final slot, ascending by slot.
    private var unsettledMessages: [SimplexEffect] {
        var items: [SimplexEffect] = []
        for slot in slots.range {
            let state = slots[slot]
            if let notarized = state.notarized { items.append(.broadcastCertificate(notarized)) }
            if let skipped = state.skipped { items.append(.broadcastCertificate(skipped)) }
            if let vote = state.ownNotar?.vote { items.append(.broadcastVote(vote)) }
            if let vote = state.ownDecide?.vote { items.append(.broadcastVote(vote)) }
        }
        return items
    }

    /// A new final block: the wait starts anew, and short.
    mutating func restartStandstill(_ effects: inout [SimplexEffect]) {
        standstill = Standstill()
        guard isStarted else { return }
        effects.append(.setTimer(.standstill, afterMilliseconds: settings.timing.standstillMilliseconds))
    }
}
