import Chain
import Crypto
import Determinism
import RoleKit
import Wire

extension ConsensusRole {
    /// Adopts everything up to the block that Simplex knows to be final, as far as bodies and certificates are here.
    mutating func connect(at now: Moment) -> [RoleEffect] {
        guard let certificate = simplex.finalCertificate, certificate.statement.slot > tree.finalSlot else { return [] }
        guard let path = path(to: certificate.statement.hash) else { return watchForMissing() }
        for block in path {
            guard case .valid = tree.validate(block, isFinal: true) else { return invalidFinal(block) }
        }
        guard !path.isEmpty else { return [] }
        var items: [FinalBlock] = []
        for (position, block) in path.enumerated() {
            let final = FinalHeader(
                header: block.header, builderSignature: block.builderSignature, notary: candidates.certified(block.hash)?.notary,
                finality: certificate, descendants: path[(position + 1)...].map(\.header))
            items.append(FinalBlock(block: block, final: final))
        }
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
        guard let electorate = book.electorate(of: chain, slot: final.header.slot),
            electorate.spokesmen(of: final.header.slot).contains(where: { $0.key == context.signer.publicKey })
        else { return effects }
        return effects + [.publish(.handover, .handover(handover))]
    }

    /// Candidates from the final block, excluded, to `hash`; nil when one of them, or its notary certificate, is not here.
    private func path(to hash: Digest) -> [Block]? {
        var path: [Block] = []
        var next = hash
        while next != tree.finalHash {
            guard let entry = candidates[next], candidates.certified(next) != nil, path.count < Limits.descendants,
                entry.block.header.height > tree.finalHeight, entry.stage == .valid || entry.stage == .waiting
            else { return nil }
            path.append(entry.block)
            next = entry.block.header.parent
        }
        return path.reversed()
    }

    /// One commit carries the blocks, the floor below which no vote is cast, and the end of what they overtake.
    mutating func store(_ items: [FinalBlock], at now: Moment) -> [RoleEffect] {
        guard let last = items.last else { return [] }
        lastFinalMilliseconds = now.monotonicMilliseconds
        finalProof = last.final
        let operations = items.map { StoreOperation.put(.blocks, key: $0.block.header.height, value: $0.encoded) } + overtaken
        remember(items)
        candidates.forget(throughSlot: tree.finalSlot)
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

    /// The slot's leader and the next members in order say that a block is final, so many that they cannot all be faulty.
    private func announce(_ items: [FinalBlock]) -> [RoleEffect] {
        items.compactMap { item in
            guard let final = item.final, let electorate = book.electorate(of: chain, slot: item.block.header.slot),
                electorate.spokesmen(of: item.block.header.slot).contains(where: { $0.node == context.address.node })
            else { return nil }
            return .publish(isNotaryChain ? .notaryHeader : .final(chain), .final(final))
        }
    }

    private func invalidFinal(_ block: Block) -> [RoleEffect] {
        [
            .raise(
                code: "invalid_final_block",
                detail: "a quorum of \(chain) made block \(block.header.height) final, which is invalid here: this node goes no further",
                severity: .critical)
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
