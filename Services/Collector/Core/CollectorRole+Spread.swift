import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension CollectorRole {
    /// Publishes transactions to the chain's builders, in messages of bounded count and size.
    func spread(_ items: [PendingTransactions.Item]) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        var batch: [PooledTransaction] = []
        var size = 0
        func flush() {
            guard !batch.isEmpty else { return }
            effects.append(
                .publish(.transactions(chain), .accepted(AcceptedTransactions(node: context.address.node, transactions: batch))))
            batch = []
            size = 0
        }
        for pooled in items.map(\.pooled) {
            let bytes = pooled.transaction.count + pooled.foreign.reduce(0) { $0 + $1.encoded.count }
            if batch.count == Limits.acceptedBatch || size + bytes > Limits.acceptedBatchBytes { flush() }
            batch.append(pooled)
            size += bytes
        }
        flush()
        return effects
    }

    /// Publishes again what has not ended; gives what no block can hold any more its reasoned rejection.
    mutating func republish(at now: Moment) -> [RoleEffect] {
        isRepublishing = false
        let due = pending.takeDue(at: now, limit: Limits.republishPerTurn)
        var alive: [PendingTransactions.Item] = []
        var operations: [StoreOperation] = []
        var news: [RoleEffect] = []
        for item in due {
            if case .invalid(let reason) = tree.trial(item.item), !reason.isTemporary, !reason.concernsCopyOnly {
                let (stored, told) = end(item.item.transaction.id, reason, at: now)
                operations += stored
                news += told
            } else {
                alive.append(item)
            }
        }
        let isMoreDue = due.count == Limits.republishPerTurn
        return (operations.isEmpty ? [] : [.persist(operations)]) + news + spread(alive) + tellConsents(at: now)
            + armRepublish(afterMilliseconds: isMoreDue ? CollectorRole.pacingMilliseconds : network.timing.republishMilliseconds / 4 + 1)
    }

    /// Between two turns of publishing again when there is more than one turn's worth.
    private static let pacingMilliseconds: UInt64 = 50

    /// Sees to it that `republish` runs while anything is pending, or consents are missing.
    mutating func armRepublish(afterMilliseconds milliseconds: UInt64) -> [RoleEffect] {
        guard pending.count > 0 || legs.hasBegun, !isRepublishing else { return [] }
        isRepublishing = true
        return [.setTimer(Timers.republish, afterMilliseconds: milliseconds)]
    }
}
