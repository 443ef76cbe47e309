import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Pauses (G-5): what notaries' operators want stopped, and what is proposed when enough of them want it.
extension RecorderRole {
    /// A notary's wish: passed on by whoever holds it, so that it outlives restarts.
    mutating func hear(_ consent: PauseConsent) -> Bool {
        guard electorates.contains(where: { $0.contains(consent.authorization.key) }), isOpen(consent.change) else { return false }
        if pauses.has(consent) { return true }
        guard context.verify(consent.check(network: network.id)) else { return false }
        return pauses.add(consent)
    }

    /// Whether a change is the next one of its target, and changes something.
    private func isOpen(_ change: PauseChange) -> Bool {
        if case .chain(let chain) = change.target, view.hasLeft(chain) { return false }
        let present = view.pauses.first { $0.change.target == change.target }?.change
        return change.number == (present?.number ?? 0) + 1 && change.level != present?.level ?? .open
    }

    /// Changes that may stand in a block on the ledger's state.
    func pausesToTake(_ ledger: LedgerState, slot: Slot?) -> [Pause] {
        guard !pauses.targets.isEmpty, let notaries = ledger.notaries(of: slot ?? tree.finalSlot + 1) else { return [] }
        let members = notaries.members.map(\.key)
        let ready = pauses.targets.compactMap { target -> Pause? in
            guard ledger.mayPause(target) else { return nil }
            let present = ledger.pause(of: target)
            // Of two things that are wanted, what stops more comes first.
            for level in PauseLevel.allCases.reversed() where level != present?.level ?? .open {
                let change = PauseChange(target: target, level: level, number: (present?.number ?? 0) + 1)
                let pause = Pause(change: change, consents: pauses.authorizations(for: change, members: members))
                if StateCheck.fault(in: pause, from: present?.level ?? .open, notaries: notaries) == nil { return pause }
            }
            return nil
        }
        return Array(ready.prefix(Limits.pausesPerBlock))
    }

    /// The notary chain has changed how far a target is stopped.
    mutating func tell(_ change: PauseChange) -> RoleEffect {
        pauses.forget(change.target, through: change.number)
        let what = change.target.text
        return switch change.level {
        case .open: .raise(code: "resumed", detail: "new business with \(what) goes on", severity: .warning)
        case .observed: .raise(code: "pause_observed", detail: "new business with \(what) goes on, and is counted", severity: .warning)
        case .paused: .raise(code: "paused", detail: "new business with \(what) is stopped; what is held is resolved", severity: .warning)
        }
    }

    /// How all targets stand that were ever stopped, or that somebody wants stopped.
    func pauseStates() -> [PauseState] {
        let members = electorates.flatMap(\.members)
        let known = view.pauses.map(\.change.target)
        return (known + pauses.targets.filter { !known.contains($0) }).prefix(Limits.pauseTargets).map { target in
            let present = view.pauses.first { $0.change.target == target }
            let wishes = pauses.all.filter { $0.change.target == target }.compactMap { consent in
                members.first { $0.key == consent.authorization.key }.map { PauseState.Wish(level: consent.change.level, notary: $0.node) }
            }
            return PauseState(
                target: target, level: present?.change.level ?? .open, number: present?.change.number ?? 0, notaryHeight: present?.notaryHeight ?? 0,
                wishes: wishes)
        }
    }
}
