import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

/// A block under way: a nonce is looked for.
struct Mining: Sendable {
    var lead: Lead
    /// Without its nonce, and signed only once it has one.
    var template: Block
    var since: Moment
    var token: UInt64
}

extension BuilderRole {
    /// Sendings of a mined candidate without a certificate after which the next one is mined beside it: what keeps it from being
    /// notarized may be in it.
    private static let sendingsBeforeNext = 3
    /// Mined candidates remembered whose verdicts may still come.
    private static let earlierMaximum = 8

    /// This node's consensus says which block is the end of the heaviest branch: the next one is mined on it.
    mutating func mine(on lead: Lead, at now: Moment) -> [RoleEffect] {
        guard lead.slot > lead.parentHeight, lead.slot - lead.parentHeight == 1, lead.parentSlot == lead.parentHeight else {
            return [.count(.peerFault, by: 1)]
        }
        guard lead.slot > tree.finalSlot else { return [] }
        switch stage {
        case .leading(let current, _) where current.parent == lead.parent: return build(at: now)
        case .mining(let current) where current.lead.parent == lead.parent: return []
        case .proposed(let proposal) where proposal.block.header.parent == lead.parent: return []
        default: break
        }
        let effects = setAside() + [.cancelTimer(Timers.resend), .cancelTimer(Timers.idle)]
        stage = .leading(lead, since: now)
        return effects + build(at: now)
    }

    /// Mines what has been built, in place of what was mined so far.
    mutating func mine(_ template: Block, for lead: Lead, since: Moment) -> [RoleEffect] {
        let token = nextCall()
        stage = .mining(Mining(lead: lead, template: template, since: since, token: token))
        return [
            .cancelTimer(Timers.idle), .mine(token: token, MiningJob(template.header)),
            .setTimer(Timers.renew, afterMilliseconds: renewMilliseconds),
        ]
    }

    /// A template takes up what has come since, and its chain time stays near the clock. Nothing is lost: no nonce is nearer than any other.
    private var renewMilliseconds: UInt64 { min(tree.chain.work?.intervalMilliseconds ?? 1_000, Limits.chainTimeSkewMilliseconds / 2) }

    mutating func renew(at now: Moment) -> [RoleEffect] {
        guard case .mining(let mining) = stage else { return [] }
        stage = .leading(mining.lead, since: mining.since)
        let effects = build(at: now)
        if case .mining = stage { return effects }
        return [.stopMining] + effects
    }

    /// The block has its nonce: it is signed and sent.
    mutating func mined(token: UInt64, nonce: UInt64, at now: Moment) -> [RoleEffect] {
        guard case .mining(let mining) = stage, mining.token == token else { return [] }
        var fields = mining.template.header.fields
        fields.workNonce = nonce
        let header = BlockHeader(fields)
        guard nonce > 0, WorkRule.isMet(header.workTarget, by: header.hash) else { return renew(at: now) }
        let block = Block(
            header: header, builderSignature: context.signer.sign(.candidate, network: network.id, header.bytes),
            transactions: mining.template.transactions, outcomes: mining.template.outcomes, foreign: mining.template.foreign)
        bodies.insert(block)
        guard let notaries = book.electorate(of: .notary, epoch: header.epoch) else {
            stage = .idle
            return [.cancelTimer(Timers.renew)]
        }
        stage = .proposed(Proposal(block, notaries: notaries))
        return [
            .cancelTimer(Timers.renew),
            .note("mined block \(block.hash) at height \(header.height), \(block.transactions.count) transactions"),
        ] + send(at: now)
    }

    /// A mined candidate that finds no quorum is left aside, and another one mined on the same block; nil when it is not time.
    mutating func goOn(at now: Moment) -> [RoleEffect]? {
        guard tree.chain.engine == .pow, case .proposed(let proposal) = stage, proposal.certified == nil,
            proposal.sendings >= BuilderRole.sendingsBeforeNext
        else { return nil }
        return mineAnew(at: now)
    }

    /// Mines another block on the same one; nothing on a chain whose slots have leaders.
    mutating func mineAnew(at now: Moment) -> [RoleEffect] {
        guard tree.chain.engine == .pow, case .proposed(let proposal) = stage else { return [] }
        let header = proposal.block.header
        let lead = Lead(
            node: context.address.node, chain: chain, slot: header.slot, parentSlot: header.parentSlot, parent: header.parent,
            parentHeight: header.height - 1)
        let effects = setAside() + [.cancelTimer(Timers.resend)]
        stage = .leading(lead, since: now)
        return effects + build(at: now)
    }

    /// A signature for a candidate that this builder has gone on from.
    mutating func receiveLate(_ verdict: NotaryVerdict) -> [RoleEffect] {
        guard let index = earlier.firstIndex(where: { $0.block.hash == verdict.block }),
            case .signed(let epoch, let slot, let height, let signature) = verdict.verdict
        else { return [] }
        var proposal = earlier[index]
        defer { earlier[index] = proposal }
        return signed(&proposal, epoch: epoch, slot: slot, height: height, signature, by: verdict.notary)
    }

    /// Ends what is under way, and remembers a candidate that is out.
    private mutating func setAside() -> [RoleEffect] {
        if case .proposed(let proposal) = stage, proposal.certified == nil {
            earlier.append(proposal)
            if earlier.count > BuilderRole.earlierMaximum { earlier.removeFirst() }
        }
        return stopMining()
    }

    /// Ends the search under way.
    func stopMining() -> [RoleEffect] { tree.chain.engine == .pow ? [.stopMining, .cancelTimer(Timers.renew)] : [] }
}
