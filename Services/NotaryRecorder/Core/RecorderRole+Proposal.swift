import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// The slot this notary leads, and what came of it.
struct Proposal: Sendable {
    var lead: Lead
    var block: Block?
    var resendMilliseconds: UInt64
    /// When work was first seen for it.
    var linger: Moment?
}

extension RecorderRole {
    /// How long records gather before a notary block is cut.
    static let lingerMilliseconds: UInt64 = 150

    /// Consensus says this notary leads a slot.
    mutating func lead(_ lead: Lead, at now: Moment) -> [RoleEffect] {
        if hasNoRecord {
            hasNoRecord = false
            // Of the first turn of every notary nothing can have been lost; of a later one it might.
            if lead.slot > UInt64(tree.chain.nodes.count) { floor = lead.slot + 1 }
        }
        guard lead.slot >= floor, lead.slot >= tree.finalSlot else { return [] }
        if let current = proposal, current.lead.slot >= lead.slot {
            return current.lead.slot == lead.slot && current.block != nil ? publish() : []
        }
        ancestors.removeAll()
        proposal = Proposal(lead: lead, block: proposed[lead.slot], resendMilliseconds: network.timing.candidateResendMilliseconds)
        if proposal?.block != nil { return publish() }
        return ensureParent() + buildIfDue(at: now)
    }

    /// The parent, and its own, may be candidates that are not final here yet: asks for the oldest one missing.
    private mutating func ensureParent() -> [RoleEffect] {
        guard let lead = proposal?.lead, !tree.contains(lead.parent), lead.parentHeight > tree.finalHeight else { return [] }
        let missing = ancestors.last?.header.parent ?? lead.parent
        return [
            .call(
                Calls.parent + nextToken(), service: Service.name(.consensus, chain: .notary, node: context.address.node),
                .fetchBlock(chain: .notary, hash: missing), timeoutMilliseconds: network.timing.fetchMilliseconds * 2),
            .setTimer(Timers.build, afterMilliseconds: network.timing.fetchMilliseconds),
        ]
    }

    mutating func parentAnswered(_ response: Response, at now: Moment) -> [RoleEffect] {
        guard case .blocks(let blocks, _) = response, let block = blocks.first?.block, let lead = proposal?.lead,
            block.hash == ancestors.last?.header.parent ?? lead.parent, block.header.height > tree.finalHeight,
            ancestors.count < Limits.descendants
        else { return [] }
        ancestors.append(block)
        // Consensus of the same node has judged them already; the tree judges them again by itself.
        while let oldest = ancestors.last, tree.contains(oldest.header.parent) {
            ancestors.removeLast()
            guard case .valid = tree.validate(oldest) else {
                ancestors.removeAll()
                return []
            }
        }
        return buildIfDue(at: now)
    }

    /// Work may have come: tell consensus, and build when leading.
    mutating func work(at now: Moment) -> [RoleEffect] {
        var effects = considerFreezing(at: now)
        let records = records(on: tree.finalHash, isSparse: false)
        let waiting = UInt64(
            records.count + offencesToRecord(at: nil).count + nominationsToTake().count
                + statusChanges(tree.ledger, slot: nil).count + pausesToTake(tree.ledger, slot: nil).count
                + joinsToTake(slot: nil, at: now).count)
        if (waiting > 0) != (saidWaiting > 0) {
            saidWaiting = waiting
            effects.append(.publish(.lead(.notary), .pool(PoolState(node: context.address.node, chain: .notary, waiting: waiting))))
        }
        if !isEndorseTimerSet, !unrecorded.unendorsed(after: recordedHeight).isEmpty {
            isEndorseTimerSet = true
            effects.append(.setTimer(Timers.endorse, afterMilliseconds: network.timing.fetchMilliseconds * 2))
        }
        return effects + refill() + buildIfDue(at: now)
    }

    /// Cuts a block when there is something to record, or when the heartbeat says so.
    mutating func buildIfDue(at now: Moment) -> [RoleEffect] {
        guard let current = proposal, current.block == nil else { return [] }
        let lead = current.lead
        guard tree.contains(lead.parent), let parentTime = tree.time(of: lead.parent) else { return ensureParent() }
        let records = records(on: lead.parent)
        if records.isEmpty, offencesToRecord(at: lead.slot).isEmpty, nominationsToTake().isEmpty,
            statusChanges(tree.ledger, recording: records, slot: lead.slot).isEmpty, pausesToTake(tree.ledger, slot: lead.slot).isEmpty,
            joinsToTake(slot: lead.slot, at: now).isEmpty
        {
            let elapsed = now.wallMilliseconds > parentTime ? now.wallMilliseconds - parentTime : 0
            let isHurried = awaitsTurn(tree.ledger) || !self.records(on: lead.parent, isSparse: false).isEmpty
            let pause = isHurried
                ? min(network.timing.skipMilliseconds / 2, network.timing.heartbeatMilliseconds) : network.timing.heartbeatMilliseconds
            guard elapsed >= pause else { return [.setTimer(Timers.build, afterMilliseconds: pause - elapsed)] }
        } else {
            let since = current.linger ?? now
            proposal?.linger = since
            let gathered = now.milliseconds(since: since)
            guard gathered >= RecorderRole.lingerMilliseconds || records.count >= Limits.recordsPerBlock else {
                return [.setTimer(Timers.build, afterMilliseconds: RecorderRole.lingerMilliseconds - gathered)]
            }
        }
        return build(lead, records: records, at: now)
    }

    private mutating func build(_ lead: Lead, records: [Record], at now: Moment) -> [RoleEffect] {
        guard let signer = book.electorate(of: .notary, slot: lead.slot).flatMap({ context.keys.seat(in: $0)?.signer }) else { return [] }
        let changes = statusChanges(tree.ledger, recording: records, slot: lead.slot)
        let kinds = records.map { Transaction.Kind.record($0) } + offencesToRecord(at: lead.slot).map { .evidence($0) } + changes.map { .status($0) }
            + pausesToTake(tree.ledger, slot: lead.slot).map { .pause($0) }
            + joinsToTake(slot: lead.slot, at: now).map { .join($0) }
        let transactions = kinds.map { Transaction($0, chain: .notary, network: network.id) } + nominationsToTake()
        let items = transactions.map { BlockItem(transaction: $0, foreign: []) }
        let built = tree.build(
            on: lead.parent, slot: lead.slot, time: now.wallMilliseconds, items: items,
            notary: (height: 0, hash: .zero), signer: signer)
        proposal?.block = built.block
        proposed[lead.slot] = built.block
        let vote = VoteRow(
            chain: .notary, epoch: built.block.header.epoch, slot: lead.slot, duty: .propose, hash: built.block.hash,
            bytes: built.block.encoded)
        return [.persist([.vote(vote)])] + publish()
    }

    /// S852: the candidate for the notaries' consensus; its certificate is what consensus itself makes.
    private mutating func publish() -> [RoleEffect] {
        guard let block = proposal?.block, let wait = proposal?.resendMilliseconds else { return [] }
        proposal?.resendMilliseconds = min(wait * 2, network.timing.standstillMilliseconds * 4)
        let certified = CertifiedCandidate(header: block.header, builderSignature: block.builderSignature, notary: nil)
        return [
            .publish(.candidate(.notary), .candidate(block)), .publish(.certification(.notary), .certified(certified)),
            .setTimer(Timers.resend, afterMilliseconds: wait),
        ]
    }

    /// Nothing final came of the candidate yet.
    mutating func resend(at now: Moment) -> [RoleEffect] { publish() }

    /// Records that may stand in a block on `parent`, which is the candidate of the slot led.
    ///
    /// - Parameter isSparse: whether those are left out that may hinder the others after slots that failed.
    private mutating func records(on parent: Digest, isSparse: Bool = true) -> [Record] {
        guard tree.contains(parent) else { return [] }
        tree.move(to: parent)
        let ledger = tree.ledger
        let head = { (chain: ChainID) in ledger.head(of: chain)?.height ?? 0 }
        let lead = proposal?.lead
        let mayTry = lead.map { turn(of: $0.slot) == .record } ?? false
        // A chain is frozen at its recorded head. Attempts are rare: if records went first, one that fell into every attempt would keep it from ever being frozen.
        let freezing = isSparse ? lead.map { statusChanges(ledger, slot: $0.slot).filter { !$0.isLeave }.map(\.chain) } ?? [] : []
        return unrecorded.candidates(after: head, limit: Limits.recordsPerBlock) { chain in
            if ledger.status(of: chain)?.isFrozen ?? false || freezing.contains(chain) { return true }
            let isContested = isContested(chain, after: head(chain), ledger)
            if isContested, !mayTry { return true }
            return isSparse && lead.map { !mayRecord(chain, in: $0, isContested: isContested) } ?? false
        }
    }
}
