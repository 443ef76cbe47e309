import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// The newest block that the notary chain has recorded of this chain, and what shows it.
struct NewestRecord: Sendable {
    var entry: ChainHead
    var head: RecordedHead
}

extension MinedConsensusRole {
    /// The notary chain has recorded a block: it and all below it are final.
    mutating func learn(_ recorded: Recorded, at now: Moment) -> [RoleEffect] {
        guard recorded.chain == chain else { return [.count(.peerFault, by: 1)] }
        guard let head = recorded.head else { return [] }
        guard let entry = head.entry(of: chain) else { return [.count(.peerFault, by: 1)] }
        guard entry.height > max(tree.finalHeight, record?.entry.height ?? 0) else { return [] }
        guard head.notary.header.chain == .notary, tree.finalityFault(in: head.notary) == nil else { return [.count(.badSignature, by: 1)] }
        record = NewestRecord(entry: entry, head: head)
        return connect(at: now)
    }

    /// Adopts everything up to the newest recorded block, as far as bodies and certificates are here.
    mutating func connect(at now: Moment) -> [RoleEffect] {
        guard let record else { return [] }
        guard record.entry.height > tree.finalHeight else {
            self.record = nil
            return []
        }
        guard let path = path(to: record.entry.hash) else { return watchForMissing() }
        for block in path {
            guard case .valid = tree.validate(block, isFinal: true) else { return invalidFinal(block, "the notary chain's record makes") }
        }
        let items = proven(path, by: .recorded(record.head))
        self.record = nil
        var kept: [RoleEffect] = []
        for item in items { kept += finalize(item) }
        return store(items, at: now) + kept + announce(items) + sayLead()
    }

    /// Makes the next block of the tree final, and a snapshot when one is due.
    private mutating func finalize(_ item: FinalBlock) -> [RoleEffect] {
        guard let final = item.final else { preconditionFailure("a final block is shown to be final") }
        _ = tree.finalize(item.block.hash)
        return snapshots.follow(item.block, final, &tree)
    }

    /// One commit carries the blocks and the end of what they overtake.
    mutating func store(_ items: [FinalBlock], at now: Moment) -> [RoleEffect] {
        guard let last = items.last else { return [] }
        lastFinalMilliseconds = now.monotonicMilliseconds
        finalProof = last.final
        remember(items)
        return [.persist(items.map { .put(.blocks, key: $0.block.header.height, value: $0.encoded) } + moveUp())]
    }

    /// Whatever does not descend from the final block counts no more.
    mutating func moveUp() -> [StoreOperation] {
        candidates.forget(throughSlot: tree.finalSlot)
        candidates.forgetRivals(of: tree.finalHash, height: tree.finalHeight)
        branch.rebase(onto: tree.finalHash, height: tree.finalHeight)
        let last = CandidateBook.lastKey(ofSlot: tree.finalSlot)
        return [.deleteThrough(.candidates, key: last), .deleteThrough(.certified, key: last)]
    }

    /// Adopts a final block that a peer handed over; trusts the peer for nothing.
    ///
    /// - Returns: nil when it is of no use.
    mutating func adopt(_ item: FinalBlock, at now: Moment) -> [RoleEffect]? {
        guard let final = item.final, final.header.chain == chain, final.header.height == tree.finalHeight + 1,
            final.header.parent == tree.finalHash, tree.finalityFault(in: final) == nil, case .valid = tree.validate(item.block, isFinal: true)
        else { return nil }
        let kept = finalize(item)
        return store([item], at: now) + kept
    }
}
