import Cryptography
import RoleKit
import Wire

/// An order of the Simplex machine to its owner, carried out in list order.
package enum SimplexEffect: Hashable, Sendable {
    /// Must be on disk before the broadcast of the same vote leaves (design section 4).
    case persist(VoteRow)
    /// Keep, so that it can be shown after a restart; replaces none.
    case keep(Certificate)
    case broadcastVote(Vote)
    case broadcastCertificate(Certificate)
    /// This node leads the slot on a base that it can prove eligible (Rule 3).
    case lead(LeadDuty)
    /// Notar of a block is reached: whoever lacks the block may now ask for it (Rule 2).
    case notarized(Certificate)
    /// The block and all its ancestors are final; no slot up to it is voted on again.
    case finalized(Certificate)
    /// Replaces the timer of the same name.
    case setTimer(SimplexTimer, afterMilliseconds: UInt64)
    case cancelTimer(SimplexTimer)
    /// A member contradicted itself; said once a member, slot and duty.
    case accuse(Evidence)
    /// Two certificates that exclude each other: more than a third of the chain is corrupt.
    case conflict(Certificate, Certificate)
    /// A valid vote by the own key that this node has not cast: the key is used elsewhere, or votes were lost.
    case impostor(Vote)
    /// Something from a peer was of no use.
    case dropped(SimplexFault)
}

/// A slot to build for, and on what.
package struct LeadDuty: Hashable, Sendable {
    package var slot: Slot
    package var parentSlot: Slot
    package var parent: Digest

    package init(slot: Slot, parentSlot: Slot, parent: Digest) {
        self.slot = slot
        self.parentSlot = parentSlot
        self.parent = parent
    }
}

/// Why a vote or certificate was dropped; counted by reason.
package enum SimplexFault: String, Hashable, Sendable, CaseIterable {
    case wrongChain = "wrong_chain"
    case wrongEpoch = "wrong_epoch"
    case unknownMember = "unknown_member"
    case badSignature = "bad_signature"
    /// Fewer than a quorum of distinct members, or stray bits.
    case noQuorum = "no_quorum"
    /// Further above the final slot than slots are open: this node is behind.
    case tooFarAhead = "too_far_ahead"
    /// At or below the final slot.
    case stale
    case duplicate
    /// Who votes in the slot is not known here yet: this node is behind.
    case unknownEpoch = "unknown_epoch"
    /// A second vote of one member for one duty of a slot.
    case contradiction
}
