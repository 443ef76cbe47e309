import Cryptography
import Wire

/// A fact that reaches the Simplex machine.
package enum SimplexInput: Hashable, Sendable {
    /// Own votes and certificates are back in memory; slots may be entered from now on.
    case started
    /// The owner holds the candidate's body, has executed it, and everything outside consensus allows it.
    case candidateValid(CandidateReference)
    /// From a peer; nothing about it has been checked.
    case vote(Vote)
    /// From a peer; nothing about it has been checked.
    case certificate(Certificate)
    /// The book has learned who votes in more slots.
    case electorateKnown
    /// Whether transactions wait at the own node, so that a slot without a block is a fault and no idleness.
    case work(Bool)
    case timerFired(SimplexTimer)
}

/// What Simplex needs to know of a candidate (Simplex.md 1.3).
package struct CandidateReference: Hashable, Sendable {
    package var slot: Slot
    package var hash: Digest
    /// 0 for genesis.
    package var parentSlot: Slot
    package var parent: Digest

    package init(slot: Slot, hash: Digest, parentSlot: Slot, parent: Digest) {
        self.slot = slot
        self.hash = hash
        self.parentSlot = parentSlot
        self.parent = parent
    }

    package init(_ header: BlockHeader) {
        self.init(slot: header.slot, hash: header.hash, parentSlot: header.parentSlot, parent: header.parent)
    }
}

/// Timers of the machine.
package enum SimplexTimer: UInt8, Hashable, Sendable, CaseIterable {
    /// The earliest skip timeout of an entered slot (Rule 6).
    case skip = 1
    /// No new final block for a while (Rule 8).
    case standstill = 2
}
