import Cryptography
import RoleKit
import Wire

/// The newest vote of each duty that was seen of every member, alone or in a certificate; signatures have been checked.
struct SeenVotes: Sendable {
    private struct Newest: Sendable {
        var notar: Vote?
        var decide: Vote?
    }

    private var members: [PublicKey: Newest] = [:]

    mutating func note(_ vote: Vote) {
        let isNotar = vote.statement.kind.duty == .notar
        let known = isNotar ? members[vote.voter]?.notar : members[vote.voter]?.decide
        guard known.map({ $0.statement.slot < vote.statement.slot }) ?? true else { return }
        if isNotar { members[vote.voter, default: Newest()].notar = vote } else { members[vote.voter, default: Newest()].decide = vote }
    }

    /// - Precondition: the certificate's signers are members of the electorate.
    mutating func note(_ certificate: Certificate, _ electorate: Electorate) {
        for (position, signature) in zip(certificate.signers.positions, certificate.signers.signatures) {
            note(Vote(certificate.statement, voter: electorate.members[position].key, signature: signature))
        }
    }

    /// At most one a duty.
    func votes(of member: PublicKey) -> [Vote] { [members[member]?.notar, members[member]?.decide].compactMap { $0 } }
}

extension Simplex {
    /// The newest votes seen of a member.
    package func newestVotes(of member: PublicKey) -> [Vote] { seen.votes(of: member) }
}
