import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

extension ConsensusRole {
    /// Adopts everything up to the block that Simplex knows to be final, as far as bodies and certificates are here.
    mutating func connect(at now: Moment) -> [RoleEffect] {
        guard let certificate = simplex.finalCertificate, certificate.statement.slot > tree.finalSlot else { return [] }
        guard let path = path(to: certificate.statement.hash) else { return watchForMissing() }
        for block in path {
            guard case .valid = tree.validate(block, isFinal: true) else { return invalidFinal(block, "a quorum made") }
        }
        guard !path.isEmpty else { return [] }
        let items = proven(path, by: .certificate(certificate))
        var kept: [RoleEffect] = []
        for item in items { kept += finalize(item) }
        return store(items, at: now) + kept + announce(items) + sayLead(at: now)
    }

    /// Makes the next block of the tree final, and a snapshot when one is due.
    mutating func finalize(_ item: FinalBlock) -> [RoleEffect] {
        guard let final = item.final else { preconditionFailure("a final block is shown to be final") }
        _ = tree.finalize(item.block.hash)
        return settle(final) + snapshots.follow(item.block, final, &tree)
    }

    /// The first final block past an epoch's cut shows who votes next; its spokesmen say so to everyone.
    private mutating func settle(_ final: FinalHeader) -> [RoleEffect] {
        guard let (handover, effects) = desk.settle(&tree, final) else { return [] }
        guard isSpokesman(of: final.header.slot) else { return effects }
        return effects + [.publish(.handover, .handover(handover))]
    }

    /// One commit carries the blocks, the floor below which no vote is cast, and the end of what they overtake.
    mutating func store(_ items: [FinalBlock], at now: Moment) -> [RoleEffect] {
        guard let last = items.last else { return [] }
        lastFinalMilliseconds = now.monotonicMilliseconds
        finalProof = last.final
        let operations = items.map { StoreOperation.put(.blocks, key: $0.block.header.height, value: $0.encoded) } + overtaken
        remember(items)
        candidates.forget(throughSlot: tree.finalSlot)
        stands.forget(throughSlot: tree.finalSlot)
        stands.granted = stands.granted.filter { candidates[$0.candidate] != nil }
        return [.persist(operations)]
    }

    /// The floor below which no vote is cast, and the end of what the final block has overtaken.
    var overtaken: [StoreOperation] {
        let slot = tree.finalSlot
        return [
            .put(.facts, key: Facts.floor, value: Digest(a: max(simplex.floor, slot), b: 0, c: 0, d: 0).bytes),
            .deleteThrough(.candidates, key: CandidateBook.lastKey(ofSlot: slot)),
            .deleteThrough(.certified, key: CandidateBook.lastKey(ofSlot: slot)),
            .deleteThrough(.certificates, key: slot << 2 | 3),
            .forgetVotes(below: slot + 1),
        ]
    }

    /// Adopts a final block that a peer handed over; trusts the peer for nothing.
    ///
    /// - Returns: nil when it is of no use.
    mutating func adopt(_ item: FinalBlock, at now: Moment) -> [RoleEffect]? {
        guard let final = item.final, final.header.chain == chain, final.header.height == tree.finalHeight + 1,
            final.header.parent == tree.finalHash, tree.finalityFault(in: final) == nil
        else { return nil }
        guard case .valid = tree.validate(item.block, isFinal: true) else {
            // With the right body it would be valid here, unless the chain is corrupt: ask another peer.
            return nil
        }
        let kept = finalize(item)
        let stored = store([item], at: now) + kept
        return stored + take(final.finality, at: now)
    }

    /// Hands Simplex the votes that showed a block to be final.
    mutating func take(_ finality: Finality, at now: Moment) -> [RoleEffect] {
        finality.certificate.map { step(.certificate($0), at: now) } ?? []
    }
}
