import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

extension BuilderRole {
    /// This node's consensus says that the node leads a slot. A later slot supersedes an earlier one.
    mutating func receive(_ lead: Lead, publisher: String, at now: Moment) -> [RoleEffect] {
        guard let address = RoleAddress(publisher), address.role == .consensus, address.chain == chain, lead.chain == chain,
            address.node == lead.node
        else { return [.count(.peerFault, by: 1)] }
        guard lead.node == context.address.node else { return [] }
        if tree.chain.engine == .pow { return mine(on: lead, at: now) }
        guard book.electorate(of: chain, slot: lead.slot)?.leader(of: lead.slot).key == context.signer.publicKey else { return [.count(.peerFault, by: 1)] }
        if hasNoRecord {
            hasNoRecord = false
            // Of the first turn of every node nothing can have been lost; of a later one it might.
            if lead.slot > UInt64(tree.chain.nodes.count) { return raiseFloor(above: lead.slot) }
        }
        guard lead.slot >= floor, lead.slot > tree.finalSlot, lead.slot >= stage.slot ?? 0 else { return [] }
        if case .proposed(let proposal) = stage, proposal.block.header.slot == lead.slot { return send(at: now) }
        let cancels: [RoleEffect] = [.cancelTimer(Timers.resend), .cancelTimer(Timers.idle)]
        if let stored = proposals.first(where: { $0.slot == lead.slot }) { return cancels + proposeAgain(stored, at: now) }
        stage = .leading(lead, since: now)
        return cancels + build(at: now)
    }

    /// A candidate for the slot was signed before a restart: the same bytes again, never others (invariant 9).
    private mutating func proposeAgain(_ row: VoteRow, at now: Moment) -> [RoleEffect] {
        guard let block = try? Block(decoding: row.bytes, network: network.id), block.hash == row.hash else {
            return [.unusable(StoredFault(nil, key: row.slot, "the candidate signed for this slot cannot be read"))]
        }
        bodies.insert(block)
        guard let notaries = book.electorate(of: .notary, epoch: block.header.epoch) else {
            stage = .idle
            return []
        }
        stage = .proposed(Proposal(block, notaries: notaries))
        return send(at: now)
    }

    /// Builds for the open slot when there is work, or when the chain has been idle for long enough that chain time has to move.
    mutating func build(at now: Moment) -> [RoleEffect] {
        guard isFollowing, case .leading(let lead, let since) = stage else { return [] }
        switch prepareParent(lead.parent) {
        case .ready: break
        case .waits(let effects): return effects
        case .overtaken:
            stage = .idle
            return []
        case .impossible(let reason):
            stage = .idle
            return [
                .raise(
                    code: "invalid_parent", detail: "slot \(lead.slot) of \(chain) is to be built on block \(lead.parent), which is invalid here: \(reason.code)",
                    severity: .critical)
            ]
        }
        guard let slot = tree.slot(of: lead.parent), slot < lead.slot else {
            stage = .idle
            return [.count(.peerFault, by: 1)]
        }
        // A chain that has joined lately may begin in an epoch that has yet to be shown here.
        let epoch = book.notaryEpoch(of: chain, height: (tree.height(of: lead.parent) ?? tree.finalHeight) + 1)
        guard book.electorate(of: .notary, epoch: epoch) != nil else {
            return [.setTimer(Timers.idle, afterMilliseconds: network.timing.fetchMilliseconds)]
        }
        let ancestors = self.ancestors(of: lead.parent)
        let wait = patience(parent: lead.parent, hasUnfinishedWork: ancestors.contains { !$0.transactions.isEmpty }, since: since, at: now)
        let taken = Set(ancestors.flatMap { $0.transactions.map(\.id) })
        while true {
            let pooled = pool.ready(excluding: taken, limit: Limits.blockTransactions * 2)
            // What stops others comes first: notaries sign nothing that it would have stopped (G-7).
            let ready = pooled.filter(\.isHeed) + pooled.filter { !$0.isHeed }
            let items = leaveOutDoubtful(ready, parent: lead.parent, at: now)
            if items.isEmpty && !ready.isEmpty { continue }
            if items.isEmpty && wait > 0 { return [.setTimer(Timers.idle, afterMilliseconds: wait)] }
            let built = tree.build(
                on: lead.parent, slot: lead.slot, time: now.wallMilliseconds, items: items, notary: notaryHead, signer: context.signer)
            putOff(built.left, parent: lead.parent, now: now)
            if built.block.transactions.isEmpty && !items.isEmpty {
                // What does not fit an empty block fits none.
                if built.left.isEmpty { pool.remove(Set(items.map(\.transaction.id))) }
                continue
            }
            return tree.chain.engine == .pow ? mine(built.block, for: lead, since: since) : propose(built.block, at: now)
        }
    }

    /// Puts off what relies on blocks that the notaries do not follow, or against the notary chain's word.
    private mutating func leaveOutDoubtful(_ items: [BlockItem], parent: Digest, at now: Moment) -> [BlockItem] {
        let known = max(tree.notaryHead(of: parent).height, notaryHead.height)
        let mayBeUnrecorded = reader.view.allowsUnrecorded(book.notaryEpoch(of: chain, height: tree.finalHeight + 1), book, closed: nil)
        return items.filter { item in
            let isEarly = !mayBeUnrecorded && item.foreign.contains { final in reader.view[final.header.chain].map { $0.height < final.header.height } ?? false }
            let isAgainst = isEarly || reader.view.fault(in: item.transaction, foreign: item.foreign, chain: chain, asOf: known) != nil
            let isDoubtful = isAgainst || doubts.concern(
                item, notaries: network.notary.nodes.count, grace: network.timing.skipMilliseconds, at: now)
            if isDoubtful { pool.putOff(item.transaction.id, at: tree.finalHeight, now: now) }
            return !isDoubtful
        }
    }

    /// Puts off what did not fit the state, and drops what never will.
    private mutating func putOff(_ left: [(id: Digest, reason: Reason)], parent: Digest, now: Moment) {
        var gone: Set<Digest> = []
        for (id, reason) in left {
            // What a candidate excludes may come back with another candidate; what a final block excludes may not.
            if parent == tree.finalHash && !reason.isTemporary { gone.insert(id) } else {
                pool.putOff(id, at: tree.finalHeight, now: now, keepsEvidence: reason == .delayed)
            }
        }
        pool.remove(gone)
    }

    /// Blocks from `hash` down to the final one, which is left out.
    private func ancestors(of hash: Digest) -> [Block] {
        var blocks: [Block] = []
        var next = hash
        while let block = tree.candidate(next) {
            blocks.append(block)
            next = block.header.parent
        }
        return blocks
    }

    /// How long a leader with nothing to put into a block still waits, in milliseconds; 0 when it is time.
    ///
    /// An idle chain makes an empty block every heartbeat, in chain time or since the slot opened by this machine's clock,
    /// whichever comes first. Where work stands in blocks that are not final, a block on top may be what makes them so.
    private func patience(parent: Digest, hasUnfinishedWork: Bool, since: Moment, at now: Moment) -> UInt64 {
#if PLANTED_BUGS
        if PlantedBug.heartbeatStops.isPlanted { return 3_600_000 }
#endif
        let heartbeat = network.timing.heartbeatMilliseconds
        let elapsed = now.milliseconds(since: since)
        let limit = hasUnfinishedWork ? min(network.timing.candidateResendMilliseconds, heartbeat) : heartbeat
        let next = (tree.time(of: parent) ?? 0) + heartbeat
        let byChainTime = next > now.wallMilliseconds ? next - now.wallMilliseconds : 0
        return min(byChainTime, limit > elapsed ? limit - elapsed : 0)
    }

    /// Signs a candidate: stored first, then sent. One slot, one candidate (invariant 9).
    private mutating func propose(_ block: Block, at now: Moment) -> [RoleEffect] {
        precondition(!proposals.contains { $0.slot == block.header.slot }, "a slot has one candidate")
        let row = VoteRow(
            chain: chain, epoch: block.header.epoch, slot: block.header.slot, duty: .propose, hash: block.hash, bytes: block.encoded)
        proposals.append(row)
        bodies.insert(block)
        guard let notaries = book.electorate(of: .notary, epoch: block.header.epoch) else {
            preconditionFailure("a candidate is built for an epoch that is known")
        }
        stage = .proposed(Proposal(block, notaries: notaries))
        return [
            .cancelTimer(Timers.idle), .persist([.vote(row)]),
            .note("candidate \(block.hash) for slot \(block.header.slot), height \(block.header.height), \(block.transactions.count) transactions"),
        ] + send(at: now)
    }
}

extension BlockItem {
    /// Whether it takes a pause in.
    fileprivate var isHeed: Bool { if case .heed = transaction.kind { true } else { false } }
}
