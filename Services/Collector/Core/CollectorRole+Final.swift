import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension CollectorRole {
    /// Follows final blocks: ends what they hold and what they exclude, and tells the devices concerned.
    mutating func follow(_ blocks: [FinalBlock], at now: Moment) -> [RoleEffect] {
        guard isFollowing, !blocks.isEmpty else { return [] }
        var operations: [StoreOperation] = []
        var news: [RoleEffect] = []
        var kept: [RoleEffect] = []
        for item in blocks {
            let block = item.block
            guard case .valid = tree.validate(block, isFinal: true) else { return persisted(operations) + kept + news + stopFollowing(block) }
            _ = tree.finalize(block.hash)
            newestFinal = item.final
            if let final = item.final { kept += desk.settle(&tree, final)?.effects ?? [] }
            if let final = item.final { kept += snapshots.follow(block, final, &tree) }
            for (index, (transaction, outcome)) in zip(block.transactions, block.outcomes).enumerated() {
                operations += conclude(transaction, outcome, index: UInt64(index), in: block.header, at: now)
                news += notices(of: transaction)
                for rival in pending.rivals(of: transaction) {
                    let (stored, told) = end(rival, transaction.reasonForRivals, at: now)
                    operations += stored
                    news += told
                }
            }
            for id in pending.takePassed(at: block.header.time) {
                let (stored, told) = end(id, .deadlinePassed, at: now)
                operations += stored
                news += told
            }
            operations += legs.takePassed(at: block.header.time)
            operations += outcomes.stored(of: block)
        }
        return persisted(operations) + kept + news
    }

    private func persisted(_ operations: [StoreOperation]) -> [RoleEffect] { operations.isEmpty ? [] : [.persist(operations)] }

    /// Takes a transaction's answer from the chain.
    private mutating func conclude(
        _ transaction: Transaction, _ outcome: Outcome, index: UInt64, in header: BlockHeader, at now: Moment
    ) -> [StoreOperation] {
        let own = pending.remove(transaction.id)
        let known = outcomes[transaction.id]
        var entry = Outcomes.Entry(
            rejection: outcome.rejection, height: header.height, index: index,
            acceptedMilliseconds: own?.acceptedMilliseconds ?? known?.acceptedMilliseconds ?? 0,
            finalMilliseconds: known?.finalMilliseconds ?? (isCaughtUp ? now.wallMilliseconds : header.time))
        outcomes.record(transaction.id, entry)
        var operations: [StoreOperation] = own.map { [.delete(.accepted, key: $0.key)] } ?? []
        if let xid = transaction.xid {
            entry.rejection = entry.rejection ?? transaction.reasonOfEnd
            outcomes.record(xid, entry)
            if case .decision = transaction.claim, let row = legs.remove(xid) { operations.append(row) }
            if case .resolution = transaction.claim { resolutions.forget(xid) }
        }
        return operations
    }

    /// Gives an acknowledged transaction its reasoned rejection outside any block, kept on disk (invariant 7).
    ///
    /// - Returns: what to store, and what to tell the devices concerned.
    mutating func end(_ id: Digest, _ reason: Reason, at now: Moment) -> (stored: [StoreOperation], told: [RoleEffect]) {
        guard let item = pending.remove(id) else { preconditionFailure("only what is pending ends") }
        let stored = ended.record(id, reason) + [.delete(.accepted, key: item.key)]
        let clients = watchers.watching(anyOf: accountsConcerned(by: item.item.transaction))
        return (stored, [.count(.rejected, by: 1)] + clients.map { .push(client: $0, .status(status(of: id))) })
    }

    /// A quorum of both sides adopted what the rules refuse: more than a third is corrupt, or this code is wrong.
    private mutating func stopFollowing(_ block: Block) -> [RoleEffect] {
        isFollowing = false
        return [
            .raise(
                code: "invalid_final_block",
                detail: "chain \(chain) made block \(block.header.height) final, which is invalid here; this collector answers as of the block before",
                severity: .critical)
        ]
    }

    /// News of a transaction that has just become final, for the devices that watch its accounts.
    private func notices(of transaction: Transaction) -> [RoleEffect] {
        let clients = watchers.watching(anyOf: accountsConcerned(by: transaction))
        guard !clients.isEmpty else { return [] }
        var names: [Digest] = []
        switch transaction.kind {
        // Nobody but the network sent these: only the whole matters to a device.
        case .settle, .refund, .record, .status: break
        default: names.append(transaction.id)
        }
        if let xid = transaction.xid { names.append(xid) }
        let states = names.map { status(of: $0) }
        return clients.flatMap { client in states.map { .push(client: client, .status($0)) } }
    }

    /// Accounts whose devices are told of a transaction's end: sender, receiver, initiator.
    private func accountsConcerned(by transaction: Transaction) -> [PublicKey] {
        switch transaction.kind {
        case .register(let register): [register.account]
        case .transfer(let transfer): [transfer.sender, transfer.receiver]
        case .open(let cross): parties(of: cross)
        case .confirm(let confirm): parties(of: confirm.cross)
        case .refuse(let refuse): parties(of: refuse.cross)
        case .cancel(let cancel): parties(of: cancel.cross)
        case .settle(let resolution), .refund(let resolution):
            tree.ledger.cross(resolution.xid)?.legs.flatMap { [$0.debit, $0.credit] } ?? []
        case .bond(let order), .unbond(let order): [order.account]
        case .lock(let order), .redeem(let order): [order.sender]
        case .issue(let proof), .release(let proof): proof.item.map { [$0.receiver] } ?? []
        case .record, .evidence, .candidacy, .ballot, .closing, .status, .deploy, .adopt, .pause, .heed, .join: []
        }
    }

    private func parties(of cross: CrossTransaction) -> [PublicKey] {
        [cross.initiator] + cross.legs.flatMap { [$0.debit, $0.credit] }
    }
}

extension Transaction {
    /// Why a cross transaction that this one ended came to nothing; nil when it did not.
    fileprivate var reasonOfEnd: Reason? {
        switch kind {
        case .refuse: .refusedByReceiver
        case .cancel: .cancelledByInitiator
        case .refund(let resolution) where resolution.frozen != nil: .chainFrozen
        case .refund(let resolution):
            switch resolution.evidence.proof.value.flatMap({ CrossEntry(decoding: $0) })?.decision {
            case .refused: .refusedByReceiver
            case .cancelled: .cancelledByInitiator
            case .committed, .some(.none), nil: .deadlinePassed
            }
        case .register, .transfer, .open, .confirm, .settle, .record, .evidence, .candidacy, .ballot, .closing, .bond, .unbond, .status, .deploy, .adopt,
            .lock, .issue, .redeem, .release, .pause, .heed, .join:
            nil
        }
    }
}
