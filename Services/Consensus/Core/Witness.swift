import Cryptography
import RoleKit
import Wire

/// What a node knows of its own votes when it starts, and what its peers have seen of them (V-10).
///
/// The two records of a store show when one of them was lost or set back. When both were, only others can tell: so a node asks before
/// it signs, and signs nothing once it has been shown a vote of its key that its record does not have.
struct Witness: Sendable {
    private struct Key: Hashable {
        var slot: Slot
        var duty: VoteDuty
    }

    /// Peers to be asked, by call; those that have answered are gone.
    private(set) var waiting: [String]
    private var calls: [UInt64: String] = [:]
    private(set) var answered: [String] = []
    /// How often peers have been asked.
    private var rounds: UInt64 = 0
    /// Answers without which the node does not sign. With fewer peers in reach it could not take part in a quorum anyway.
    private let needed: Int
    private let known: [Key: Digest]
    private let forgottenBelow: Slot
    /// Whether votes have been seen that the record does not have.
    var mustNotSign: Bool
    /// Whether the node has begun to take part.
    var isDone = false

    init(peers: [String], votes: [VoteRow], forgottenBelow: Slot, mustNotSign: Bool) {
        waiting = peers
        needed = Quorum.size(of: peers.count + 1) - 1
        known = Dictionary(votes.map { (Key(slot: $0.slot, duty: $0.duty), $0.hash) }, uniquingKeysWith: { first, _ in first })
        self.forgottenBelow = forgottenBelow
        self.mustNotSign = mustNotSign
    }

    /// Whether enough peers have answered, by count and by their weight in an electorate that this node votes in.
    ///
    /// - Parameter own: this node's name; its key may differ between electorates.
    func isSatisfied(_ electorates: [Electorate], own: String) -> Bool {
        answered.count >= needed
            && electorates.allSatisfy { electorate in
                electorate.isQuorum(electorate.members.indices.filter { place in
                    electorate.members[place].node == own || answered.contains(electorate.members[place].node)
                })
            }
    }

    /// Peers that have not answered and are not being asked.
    var unasked: [String] { waiting.filter { !calls.values.contains($0) } }

    /// How long to wait before those that gave no answer are asked again: briefly at first, because nodes that start together miss each
    /// other's first question.
    mutating func pauseMilliseconds(_ timing: Timing) -> UInt64 {
        defer { rounds += 1 }
        return min((timing.fetchMilliseconds / 10) << min(rounds, 5), timing.fetchMilliseconds * 3)
    }

    mutating func asked(_ peer: String, call: UInt64) { calls[call] = peer }

    /// Whether the call was such a question; a peer that gave no answer is asked again.
    mutating func finish(_ call: UInt64, isAnswered: Bool) -> Bool {
        guard let peer = calls.removeValue(forKey: call) else { return false }
        if isAnswered, let place = waiting.firstIndex(of: peer) {
            waiting.remove(at: place)
            answered.append(peer)
        }
        return true
    }

    /// Whether the record has a vote of this node. What was forgotten lies at or below a final slot and can hurt nobody.
    func knows(_ statement: Statement) -> Bool {
        statement.slot < forgottenBelow || known[Key(slot: statement.slot, duty: statement.kind.duty)] == statement.hash
    }
}
