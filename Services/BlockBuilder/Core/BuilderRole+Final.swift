import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension BuilderRole {
    /// Follows final blocks: what they hold or exclude leaves the pool, slots they overtake are over.
    mutating func follow(_ blocks: [FinalBlock], at now: Moment) -> [RoleEffect] {
        guard isFollowing, !blocks.isEmpty else { return [] }
        var kept: [RoleEffect] = []
        for item in blocks {
            guard case .valid = tree.validate(item.block, isFinal: true), let final = item.final else { return kept + stopFollowing(item.block) }
            _ = tree.finalize(item.block.hash)
            kept += desk.settle(&tree, final)?.effects ?? []
            kept += snapshots.follow(item.block, final, &tree)
            pool.conclude(item.block, now: now)
            doubts.settle(item.block.foreign)
        }
        bodies.forget(throughHeight: tree.finalHeight)
        return kept + forgetProposals() + closeSlot() + build(at: now)
    }

    /// Goes on from a final block further up, which certificates show to be final.
    mutating func adopt(_ snapshot: FetchedSnapshot) -> [RoleEffect] {
        guard isFollowing, snapshot.final.header.height > tree.finalHeight else { return [] }
        tree = tree.standing(at: snapshot.final.header, snapshot.ledger)
        bodies.forget(throughHeight: tree.finalHeight)
        return snapshots.adopt(snapshot.stored) + forgetProposals() + closeSlot()
    }

    /// Leaves out a slot that may have had its candidate.
    mutating func raiseFloor(above slot: Slot) -> [RoleEffect] {
        floor = slot + 1
        return [.persist([.put(.facts, key: Facts.floor, value: floor.bigEndianBytes)])]
    }

    /// The slot that was open is decided.
    private mutating func closeSlot() -> [RoleEffect] {
        earlier.removeAll { $0.block.header.height <= tree.finalHeight }
        guard let slot = stage.slot, slot <= tree.finalSlot else { return [] }
        stage = .idle
        round = nil
        return [.cancelTimer(Timers.resend), .cancelTimer(Timers.idle)] + stopMining()
    }

    /// Candidates below the final slot can never matter again; the floor sees to it that those slots stay closed (invariant 9).
    private mutating func forgetProposals() -> [RoleEffect] {
        guard let oldest = proposals.first, oldest.slot < tree.finalSlot else { return [] }
        floor = max(floor, tree.finalSlot)
        proposals.removeAll { $0.slot < floor }
        return [.persist([.put(.facts, key: Facts.floor, value: floor.bigEndianBytes), .forgetVotes(below: floor)])]
    }

    /// A quorum of both sides adopted what the rules refuse: more than a third is corrupt, or this code is wrong.
    private mutating func stopFollowing(_ block: Block) -> [RoleEffect] {
        isFollowing = false
        stage = .idle
        return [
            .raise(
                code: "invalid_final_block",
                detail: "chain \(chain) made block \(block.header.height) final, which is invalid here; this builder makes no more blocks",
                severity: .critical)
        ] + stopMining()
    }

    /// More notaries than can be faulty refuse a candidate for a transaction: looks at it again. The slot goes without a block, the
    /// next one without the transaction, unless this node finds nothing wrong once the state has moved on.
    mutating func reconsider(_ id: Digest, now: Moment) -> [RoleEffect] {
        guard let item = pool[id] else { return [] }
        if case .success(let checks) = StateCheck.signatureChecks(for: item.transaction, network: network, chain: chain),
            checks.allSatisfy(context.verify)
        {
            if case .invalid(let reason) = tree.trial(item, time: now.wallMilliseconds), !reason.isTemporary {
                pool.remove([id])
                return [.count(.rejected, by: 1)]
            }
            pool.putOff(id, at: tree.finalHeight, now: now)
            return []
        }
        pool.remove([id])
        return [.count(.badSignature, by: 1)]
    }
}
