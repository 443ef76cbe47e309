import Chain
import Cryptography
import Ledger
import RoleKit
import Wire

extension CollectorRole {
    /// Where a transaction, by id, or a cross transaction, by xid, stands as this collector knows it.
    func status(of name: Digest) -> Status {
        if let entry = tree.ledger.cross(name) { return status(of: entry) }
        if let item = pending[name] { return Status(id: name, state: .pending, acceptedMilliseconds: item.acceptedMilliseconds) }
        if let outcome = outcomes[name] { return status(name, outcome.rejection == nil ? .final : .rejected, outcome) }
        if let reason = ended[name] { return Status(id: name, state: .rejected, reason: reason) }
        return Status(id: name, state: legs[name] == nil ? .unknown : .pending)
    }

    private func status(of entry: CrossEntry) -> Status {
        let state: Status.State =
            switch (entry.holdStatus, entry.decision) {
            case (.settled, _): .settled
            case (.refunded, _): .refunded
            case (_, .committed): .committed
            case (_, .refused), (_, .cancelled): .refused
            case (.rejected, .none): .rejected
            case (.held, .none): .held
            case (.none, .none): .unknown
            }
        if let outcome = outcomes[entry.xid] { return status(entry.xid, state, outcome) }
        return Status(id: entry.xid, state: state, height: entry.newestHeight)
    }

    private func status(_ name: Digest, _ state: Status.State, _ outcome: Outcomes.Entry) -> Status {
        Status(
            id: name, state: state, reason: outcome.rejection, height: outcome.height, index: outcome.index,
            acceptedMilliseconds: outcome.acceptedMilliseconds, finalMilliseconds: outcome.finalMilliseconds)
    }

    /// An account as of the newest final block.
    func view(of key: PublicKey) -> AccountView {
        let account = tree.ledger.account(key)
        return AccountView(
            account: key, exists: account != nil, height: tree.finalHeight, nonceBase: account?.nonces.base ?? 0,
            balances: account?.balances.list ?? [], held: tree.ledger.held(by: key), time: tree.finalTime)
    }

    /// What the chain holds for cross transactions at its newest final block.
    func holds(_ query: HoldsQuery) -> Holds {
        let (entries, count) = tree.ledger.holds(query)
        return Holds(entries: entries.map(\.encoded), count: UInt64(count), height: tree.finalHeight, time: tree.finalTime)
    }

    /// What stands behind the chain's nodes at its newest final block.
    var stakes: Stakes {
        Stakes(entries: tree.ledger.stakes.map(\.encoded), epochs: tree.ledger.epochEntries.map(\.encoded), height: height)
    }
}
