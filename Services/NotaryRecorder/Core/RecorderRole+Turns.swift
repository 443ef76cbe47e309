import Ledger
import Wire

/// What a slot's leader may put into its candidate although some notaries may not be able to follow it.
///
/// Such a candidate can fail, and binds those that have voted for it until another block of its height is final. So attempts are rare,
/// one at a time, and most slots hold nothing but what every notary agrees to.
enum Turn: Hashable, Sendable {
    case ordinary
    /// Freezing a chain, even one of which some notary relies on more than is recorded.
    case freeze
    /// Recording a block of a chain that is known to have two final blocks of that height.
    case record
    /// Accusing a notary of having signed what is invalid, which each notary judges by itself.
    case judgement
}

extension RecorderRole {
    /// The turn of a slot. One slot more than there are leaders lies between two attempts, so that each leader comes to try all kinds.
    func turn(of slot: Slot) -> Turn {
        let leaders = leaderCount(of: slot)
        // Attempts go round the leaders; from round to round each changes what it tries, be there an even or an odd number of them.
        let (round, leader) = (slot / (leaders + 1) + leaders - 1).quotientAndRemainder(dividingBy: leaders)
        switch slot % (leaders + 1) {
        case 0: return (round + leader).isMultiple(of: 2) ? .freeze : .record
        case min(2, leaders): return .judgement
        default: return .ordinary
        }
    }

    /// Leaders that take turns at a slot's time.
    private func leaderCount(of slot: Slot) -> UInt64 {
        UInt64(book.electorate(of: .notary, slot: slot)?.members.count ?? network.notary.nodes.count)
    }

    /// Whether something waits for a turn: blocks are then made sooner than the heartbeat asks, so that it comes.
    func awaitsTurn(_ ledger: LedgerState) -> Bool {
        !offencesToRecord(at: nil).isEmpty || !statusChanges(ledger, slot: nil).isEmpty
            || network.chains.contains { isContested($0.id, after: ledger.head(of: $0.id)?.height ?? 0, ledger) && ledger.status(of: $0.id)?.isFrozen != true }
    }

    /// Failed slots between a candidate and its parent from which on the candidate holds less. One may be a leader that is down.
    static let failedSlotsOfSparse: UInt64 = 2

    /// Whether a chain may be recorded in the candidate of a slot led.
    ///
    /// A notary cannot follow a record that relies on a branch it is not on (R7), and one such record keeps all else in its candidate from
    /// being final. So where slots have failed, an attempt holds nothing but itself, and any other candidate the records of one chain or of
    /// none: what hinders one chain does not hold up the rest.
    func mayRecord(_ chain: ChainID, in lead: Lead, isContested: Bool) -> Bool {
        guard lead.slot > lead.parentSlot + RecorderRole.failedSlotsOfSparse else { return true }
        switch turn(of: lead.slot) {
        case .record: return isContested
        case .freeze, .judgement: return false
        case .ordinary: break
        }
        let leaders = leaderCount(of: lead.slot)
        // Goes round all chains and none for every leader, and from slot to slot.
        let choice = (lead.slot / leaders + lead.slot % leaders) % UInt64(network.chains.count + 1)
        return network.chains.firstIndex { $0.id == chain } == Int(choice)
    }
}
