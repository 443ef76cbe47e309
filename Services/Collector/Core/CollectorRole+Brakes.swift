import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// Brakes: pauses are handed in as contracts are, and people are told what is near its limit and what waits (G-1 to G-6).
extension CollectorRole {
    /// A validator says that the notary chain has changed how far a target is stopped: that is handed in here.
    mutating func heard(_ notice: PauseNotice, publisher: String, at now: Moment) -> [RoleEffect] {
        guard notice.chain == chain, isNotary(notice.notary, publisher: publisher), notice.final.hash == notice.evidence.block,
            let entry = notice.evidence.proof.value.flatMap({ PauseEntry(decoding: $0) }), entry.target == notice.target
        else { return [.count(.peerFault, by: 1)] }
        guard tree.ledger.pause(of: notice.target)?.number ?? 0 < entry.number else { return [] }
        let heed = Transaction(
            .heed(Heed(target: notice.target, number: entry.number, evidence: notice.evidence)), chain: chain, network: network.id)
        guard standing(of: heed.id) == nil else { return [.count(.duplicate, by: 1)] }
        guard checker.fault(in: notice.final) == nil,
            case .success = EvidenceCheck.pause(notice.target, number: entry.number, in: notice.evidence, foreign: ForeignBlocks([notice.final]))
        else { return [.count(.peerFault, by: 1)] }
        guard pending.count + checks.count < Limits.collectorPending else { return [.count(.overloaded, by: 1)] }
        return accept([Submission(item: BlockItem(transaction: heed, foreign: [notice.final]), tokens: [])], at: now)
    }

    /// What slows value down here, and what waits for it.
    mutating func brakes(at now: Moment) -> BrakeView {
        let waiting = pending.deferrable(atMost: Limits.waitingPerAnswer).compactMap { item -> BrakeView.Waiting? in
            guard let reason = brakeReason(of: item, at: now) else { return nil }
            switch item.transaction.kind {
            case .confirm(let confirm):
                let amount = confirm.cross.decidingLegs.last?.amount ?? 0
                return BrakeView.Waiting(id: confirm.cross.xid, reason: reason, amount: amount, contract: confirm.cross.contract)
            case .issue(let proof), .release(let proof):
                return BrakeView.Waiting(id: proof.order, reason: reason, amount: proof.item?.amount ?? 0, contract: proof.contract)
            default: return nil
            }
        }
        let ledger = tree.ledger
        let held = ledger.assetTotals.filter { $0.holds > 0 }.prefix(Limits.heldPerAnswer).map { Balance(asset: $0.asset, amount: $0.holds) }
        return BrakeView(
            height: tree.finalHeight, time: tree.finalTime, meters: Array(ledger.meters.prefix(Limits.metersPerAnswer)), pauses: ledger.pauses, waiting: waiting,
            held: Array(held))
    }

    /// A status, with what a pending transaction waits for: a brake, or value that is not there yet.
    mutating func explained(_ status: Status, at now: Moment) -> Status {
        guard status.state == .pending, status.reason == nil else { return status }
        let confirm = Transaction.id(kind: 4, chain: chain, xid: status.id, network: network.id)
        var explained = status
        explained.reason = (pending[status.id] ?? pending[confirm]).flatMap { waitingReason(of: $0.item, at: now) }
        return explained
    }

    /// Why a pending transaction cannot be executed on the final state; nil when it can, or when waiting does not help.
    private mutating func waitingReason(of item: BlockItem, at now: Moment) -> Reason? {
        guard case .invalid(let reason) = tree.trial(item, time: max(now.wallMilliseconds, tree.finalTime + 1)) else { return nil }
        return [.capReached, .delayed, .paused, .reserveShort, .insufficientFunds, .tooManyAssets, .unknownContract].contains(reason) ? reason : nil
    }

    /// The brake that a pending transaction waits for, as of the final state; nil when it is none.
    mutating func brakeReason(of item: BlockItem, at now: Moment) -> Reason? {
        guard case .invalid(let reason) = tree.trial(item, time: max(now.wallMilliseconds, tree.finalTime + 1)) else { return nil }
        return [.capReached, .delayed, .paused].contains(reason) ? reason : nil
    }
}
