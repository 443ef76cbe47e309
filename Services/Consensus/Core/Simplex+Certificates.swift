import Cryptography
import Determinism
import Wire

extension Simplex {
    /// Takes a peer's certificate after checking all of it.
    ///
    /// A Final certificate is taken however far ahead it is: it needs no room, and it is how a node that was away learns so.
    mutating func receive(_ certificate: Certificate, _ effects: inout [SimplexEffect], at now: Moment) {
        let statement = certificate.statement
        if let fault = fault(of: statement), !(fault == .tooFarAhead && statement.kind == .final) {
            if fault == .stale { comparesWithFinal(certificate, &effects) }
            return effects.append(.dropped(fault))
        }
        let held = heldCertificate(like: statement)
        guard held?.statement != statement else { return effects.append(.dropped(.duplicate)) }
        guard let electorate = settings.electorate(of: statement.slot) else { return effects.append(.dropped(.unknownEpoch)) }
        guard let checks = certificate.checks(electorate: electorate, network: settings.network) else {
            return effects.append(.dropped(.noQuorum))
        }
#if PLANTED_BUGS
        let isUnchecked = PlantedBug.certificateUnchecked.isPlanted
#else
        let isUnchecked = false
#endif
        guard isUnchecked || checks.allSatisfy(settings.verify) else { return effects.append(.dropped(.badSignature)) }
        if let held {
            effects.append(.conflict(held, certificate))
        } else {
            take(certificate, &effects, at: now)
        }
    }

    /// Rule 7: a certificate newly formed or received is sent on, once.
    mutating func take(_ certificate: Certificate, _ effects: inout [SimplexEffect], at now: Moment) {
        let statement = certificate.statement
        precondition(statement.slot > finalSlot, "certificates at or below the final slot are of no use")
        if let electorate = settings.electorate(of: statement.slot) { seen.note(certificate, electorate) }
        effects.append(.keep(certificate))
        effects.append(.broadcastCertificate(certificate))
        switch statement.kind {
        case .notar:
            slots[statement.slot].notarized = certificate
            effects.append(.notarized(certificate))
        case .skip: slots[statement.slot].skipped = certificate
        case .final:
            if isOpen(statement.slot) { reportConflicts(with: certificate, &effects) }
            finalize(certificate, &effects)
            restartStandstill(&effects)
        }
    }

    /// A block and its ancestors are final: slots up to it are over.
    private mutating func finalize(_ certificate: Certificate, _ effects: inout [SimplexEffect]) {
        finalSlot = certificate.statement.slot
        finalHash = certificate.statement.hash
        finalCertificate = certificate
        floor = max(floor, finalSlot)
        slots.advance(to: finalSlot + 1)
        effects.append(.finalized(certificate))
    }

    /// Final excludes Skip of its slot (Lemma 2.1) and Notar of any other block (Lemmas 2.2, 2.3).
    private func reportConflicts(with final: Certificate, _ effects: inout [SimplexEffect]) {
        let state = slots[final.statement.slot]
        if let skipped = state.skipped { effects.append(.conflict(skipped, final)) }
        if let notarized = state.notarized, notarized.statement.hash != final.statement.hash {
            effects.append(.conflict(notarized, final))
        }
    }

    /// The certificate held about the same slot that says the same or excludes this one.
    private func heldCertificate(like statement: Statement) -> Certificate? {
        guard isOpen(statement.slot) else { return nil }
        switch statement.kind {
        case .notar: return slots[statement.slot].notarized
        case .skip: return slots[statement.slot].skipped
        case .final: return nil
        }
    }

    /// A second, different Final certificate of the newest final slot shows that the chain is corrupt (Lemma 2.4).
    private func comparesWithFinal(_ certificate: Certificate, _ effects: inout [SimplexEffect]) {
        let statement = certificate.statement
        guard let finalCertificate, statement.kind == .final, statement.slot == finalSlot, statement.hash != finalHash,
            let electorate = settings.electorate(of: statement.slot),
            let checks = certificate.checks(electorate: electorate, network: settings.network), checks.allSatisfy(settings.verify)
        else { return }
        effects.append(.conflict(finalCertificate, certificate))
    }
}
