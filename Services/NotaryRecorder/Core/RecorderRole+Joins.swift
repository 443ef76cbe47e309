import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Chains that join while the network runs (A16): notaries' operators admit them, a block takes them in, and every role is told.
extension RecorderRole {
    /// Position of the notary chain.
    var notaryPosition: Int { network.founding.count }

    /// How much more rarely than other things it is said again which chains have joined.
    private static let rarity: UInt64 = 3

    /// A notary's word for a chain: passed on by whoever holds it, so that it outlives restarts.
    ///
    /// - Returns: why it is not taken; nil when it is held now.
    mutating func hear(_ admission: Admission) -> Reason? {
        if applications.has(admission) { return nil }
        guard electorates.contains(where: { $0.contains(admission.authorization.key) }) else { return .notAllowed }
        tree.moveToFinal()
        if let reason = tree.ledger.fault(joining: admission.body.chain) { return reason }
        guard admission.checks(network: network.id).allSatisfy(context.verify) else { return .badSignature }
        applications.add(admission)
        return nil
    }

    /// An operator hands one in.
    mutating func admit(_ admission: Admission, token: UInt64) -> [RoleEffect] {
        if let reason = hear(admission) {
            return [.reply(token: token, .failure(reason, detail: "\(admission.body.chain.id) may not join by this word: \(reason.code)"))]
        }
        return [
            .publish(.evidence, .admission(admission)), .reply(token: token, .joins(joins())), .setTimer(Timers.consents, afterMilliseconds: 1),
        ]
    }

    /// Chains that a block on the ledger's state may take in.
    ///
    /// - Parameter slot: the block's; nil for the next one.
    func joinsToTake(slot: Slot?, at now: Moment) -> [Join] {
        let ledger = tree.ledger
        guard let notaries = ledger.notaries(of: slot ?? tree.finalSlot + 1) else { return [] }
        let joins = applications.joins(members: notaries.members.map(\.key)).filter { join in
            StateCheck.fault(in: join, notaries: notaries) == nil && ledger.fault(joining: join.body.chain) == nil
                && join.body.chain.genesisTime < now.wallMilliseconds
        }
        // One a block: two may ask for the same names.
        return Array(joins.prefix(1))
    }

    /// A final block has taken chains in: this role, and all others, begin anew with them.
    mutating func take(_ joining: [ChainID]) -> [RoleEffect] {
        guard !joining.isEmpty else { return [] }
        for chain in joining { applications.forget(chain) }
        return sayJoined()
    }

    /// Says which chains have joined; now and then again, for those who have missed it.
    mutating func sayJoined() -> [RoleEffect] {
        let notices = self.notices()
        let unknown = notices.first { network.chain($0.chain) == nil }
        return notices.map { .publish(.joined, .joined($0)) } + (unknown.map { desk.heard($0) } ?? []) + [
            .setTimer(Timers.joined, afterMilliseconds: network.timing.republishMilliseconds * RecorderRole.rarity)
        ]
    }

    /// Chains that have joined, with what shows it, and those that would.
    mutating func joins() -> Joins { Joins(joined: notices(), applicants: applications.applicants) }

    private mutating func notices() -> [JoinNotice] {
        guard let notaryFinal else { return [] }
        tree.moveToFinal()
        return tree.ledger.joined.map { JoinNotice(chain: $0.chain.id, final: notaryFinal, proof: tree.ledger.proofOfChain($0.chain.id)) }
    }
}
