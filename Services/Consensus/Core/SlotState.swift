import Cryptography
import RoleKit
import Wire

/// What a Simplex machine knows of one slot above the final one.
package struct SlotState: Sendable {
    /// Candidates that the owner found valid, in the order found; at most `Limits.candidatesPerSlot`.
    var valid: [CandidateReference] = []
    /// First Notar vote of each member, by position.
    var notarVotes: [Vote?] = []
    /// First Skip or Final vote of each member, by position.
    var decideVotes: [Vote?] = []
    /// Certificate for Notar of some block.
    var notarized: Certificate?
    /// Certificate for Skip.
    var skipped: Certificate?
    /// What this node has voted; never changed once set.
    var ownNotar: OwnVote?
    var ownDecide: OwnVote?
    /// When the slot was entered and how long it may take; nil before.
    var entry: Entry?
    /// Contradictions of this slot already shown, by position and duty.
    var accused: [Accusation] = []

    /// A vote of the own node. Without the signed bytes it is honoured but cannot be sent again.
    package struct OwnVote: Hashable, Sendable {
        package var kind: VoteKind
        package var hash: Digest
        package var vote: Vote?
    }

    struct Entry: Hashable, Sendable {
        var atMilliseconds: UInt64
        /// Rule 6, fixed on entry.
        var timeoutMilliseconds: UInt64
    }

    struct Accusation: Hashable, Sendable {
        var position: Int
        var duty: VoteDuty
    }

    /// First vote of a member for a duty.
    func vote(of position: Int, _ duty: VoteDuty) -> Vote? {
        let votes = duty == .notar ? notarVotes : decideVotes
        return position < votes.count ? votes[position] : nil
    }

    mutating func record(_ vote: Vote, of position: Int) {
        if vote.statement.kind.duty == .notar {
            SlotState.put(vote, at: position, in: &notarVotes)
        } else {
            SlotState.put(vote, at: position, in: &decideVotes)
        }
    }

    private static func put(_ vote: Vote, at position: Int, in votes: inout [Vote?]) {
        while votes.count <= position { votes.append(nil) }
        votes[position] = vote
    }

    func own(_ duty: VoteDuty) -> OwnVote? { duty == .notar ? ownNotar : ownDecide }

    mutating func setOwn(_ vote: OwnVote) {
        precondition(own(vote.kind.duty) == nil, "a duty of a slot is voted once")
        if vote.kind.duty == .notar { ownNotar = vote } else { ownDecide = vote }
    }

    /// Gives an own vote its signed bytes back.
    mutating func restoreOwn(_ vote: Vote) {
        if vote.statement.kind.duty == .notar { ownNotar?.vote = vote } else { ownDecide?.vote = vote }
    }
}

extension VoteKind {
    /// Skip and Final share a duty, so that one key of the vote store forbids both.
    var duty: VoteDuty { self == .notar ? .notar : .decide }
}

/// The slots above the final one, as far as anything is known of them.
struct SlotWindow: Sendable {
    /// First slot kept.
    private(set) var first: Slot
    private var states: [SlotState] = []
    /// The most slots kept.
    private let maximum: UInt64

    init(first: Slot, maximum: UInt64) {
        self.first = first
        self.maximum = maximum
    }

    /// First slot not kept.
    var end: Slot { first + UInt64(states.count) }
    /// Slots kept, ascending.
    var range: Range<Slot> { first..<end }

    private static let unknown = SlotState()

    /// The state of a slot; empty where nothing is known.
    /// - Precondition: reading, `slot` is not below `first`; writing, it also is within the window.
    subscript(slot: Slot) -> SlotState {
        // No `_read`: Swift 6.3 frees what such an accessor lends before the reader has copied it (found by valgrind).
        get {
            precondition(slot >= first, "slots at or below the final one are forgotten")
            return slot < end ? states[Int(slot - first)] : SlotWindow.unknown
        }
        _modify {
            precondition(slot >= first && slot - first < maximum, "a slot is kept only within the window")
            while slot >= end { states.append(SlotState()) }
            yield &states[Int(slot - first)]
        }
    }

    /// Forgets the slots below `slot`.
    mutating func advance(to slot: Slot) {
        precondition(slot >= first, "the window only moves up")
        states.removeFirst(min(states.count, Int(min(slot - first, UInt64(Int.max)))))
        first = slot
    }
}
