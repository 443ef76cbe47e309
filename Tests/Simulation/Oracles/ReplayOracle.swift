import Cryptography
import Wire

/// Invariant 8: replaying every final block from genesis, by rules written here a second time, gives the state root its header names;
/// and every outcome in a block is what its rule says. Hands what it computes to the oracles of value and of cross transactions.
package struct ReplayOracle: Sendable {
    let network: Network
    let memo: SignatureMemo
    private(set) var states: [ChainID: ReplayState] = [:]
    package internal(set) var crosses = CrossOracle()
    package internal(set) var election: ElectionOracle
    private(set) var conservation: ConservationOracle
    var reserves: ReserveOracle
    /// Contracts that chains have taken in, and the notary block that showed each.
    var adopted: [(contract: ReplayContract, chain: ChainID, height: Height)] = []
    /// What has appeared by pegs, where it came from, and the block that showed it.
    var bridged: [(item: BridgeItem, from: ChainID, to: ChainID, header: BlockHeader)] = []
    /// Changes of pauses that the notary chain has made, and that chains have taken in with the notary block that showed each.
    var changed: [ReplayPause] = []
    var heeded: [(pause: ReplayPause, chain: ChainID, height: Height)] = []
    package internal(set) var freezes = FreezeOracle()
    /// Keys of nodes that lie; only they may be accused.
    var liars: Set<PublicKey> = []
    /// A chain of which no history is kept.
    var corrupt: ChainID? {
        didSet { crosses.corrupt = corrupt }
    }
    /// Blocks replayed.
    package private(set) var blocks: UInt64 = 0
    /// Outcomes seen, by byte.
    package private(set) var outcomes: [UInt8: UInt64] = [:]
    /// Rules seen, but for those that the oracle of cross transactions counts.
    var counted = RuleTally()
    private var newest: [ChainID: BlockHeader] = [:]
    private var isLost: Set<ChainID> = []

    package init(network: Network, memo: SignatureMemo) {
        self.network = network
        self.memo = memo
        conservation = ConservationOracle(network)
        reserves = ReserveOracle(network)
        election = ElectionOracle(network: network)
        for chain in network.chains + [network.notary] { states[chain.id] = ReplayState(chain) }
    }

    /// Replays the next block of a chain.
    package mutating func apply(_ block: ObservedBlock, at time: UInt64, _ findings: inout Findings) {
        let chain = block.header.chain
        // Once a chain's state is wrong, every later root would be too.
        guard !isLost.contains(chain), var state = states[chain] else { return }
        blocks += 1
        let before = findings.violations.count
        checkHeader(block, at: time, &findings)
        do {
            try release(at: block.header.fields.time, to: &state)
        } catch {
            findings.report(.replay, "\(chain) \(block.header.height): \(error.what)", at: time)
        }
        if chain == .notary, election.follow(block.header, &state) { countElection() }
        for (transaction, outcome) in zip(block.transactions, block.outcomes) {
            outcomes[outcome.byte, default: 0] += 1
            do {
                try apply(transaction, outcome, in: block, to: &state, at: time, &findings)
            } catch {
                findings.report(.replay, "\(chain) \(block.header.height), \(transaction.id): \(error.what)", at: time)
            }
        }
        let isElected = chain == .notary && network.notary.election != nil
        if !isElected, state.settle(block.header) { counted.add(.electorate) }
        if state.root != block.header.fields.stateRoot {
            findings.report(.replay, "\(chain) \(block.header.height): replay gives state root \(state.root), the header says \(block.header.fields.stateRoot)", at: time)
        }
        conservation.check(state, at: time, &findings)
        counted.add(.conservation)
        states[chain] = state
        newest[chain] = block.header
        if chain != .notary { freezes.follow(block.header, at: time, &findings) }
        if findings.violations.count > before { isLost.insert(chain) }
    }

    private func checkHeader(_ block: ObservedBlock, at time: UInt64, _ findings: inout Findings) {
        let header = block.header.fields
        let parent = newest[header.chain]
        let parentHash = parent?.hash ?? genesisHash(of: header.chain)
        let parentTime = parent?.fields.time ?? network.chain(header.chain)?.genesisTime ?? 0
        if header.parent != parentHash || header.parentSlot != parent?.fields.slot ?? 0 || header.slot <= parent?.fields.slot ?? 0 {
            findings.report(.singleHistory, "\(header.chain) \(header.height) does not continue \(header.height - 1)", at: time)
        }
        if header.time <= parentTime { findings.report(.replay, "\(header.chain) \(header.height): chain time stands still", at: time) }
        let nodes = network.chain(header.chain)?.nodes ?? []
        let isMined = network.chain(header.chain)?.engine == .pow
        let isElected = header.chain == .notary && network.notary.election != nil
        let elected = isElected ? election.notaries(of: election.epoch(ofSlot: header.slot)) : nil
        let leader = elected.map { $0[Int((header.slot - 1) % UInt64($0.count))] } ?? states[header.chain]?.stakes.leader(of: header.slot)?.key
        let mayBuild = isMined ? nodes.map(\.key) : [leader].compactMap { $0 }
        if !mayBuild.contains(header.builder) {
            findings.report(.replay, "\(header.chain) \(header.height): built by a node that does not lead slot \(header.slot)", at: time)
        }
        let root = ReplayTree.transactionsRoot(block.transactions.map(\.bytes), block.outcomes.map(\.byte))
        if root != header.transactionsRoot {
            findings.report(.replay, "\(header.chain) \(header.height): transactions give root \(root)", at: time)
        }
    }

    /// What the oracles hold of an account, to be compared with what a collector says.
    package func balances(of key: PublicKey, on chain: ChainID) -> [Balance]? {
        states[chain]?.accounts[key]?.balances.map { Balance(asset: $0.asset, amount: $0.amount) }
    }

    /// How often each rule of the ledgers showed.
    package var rules: RuleTally {
        var tally = counted
        tally.add(crosses.rules)
        return tally
    }

    /// Who votes on a chain, by epoch, as far as its blocks have settled it.
    package func electorates(of chain: ChainID) -> [[ReplayVoter]] { states[chain]?.stakes.electorates ?? [] }

    /// Newest height of a chain that the notary chain has recorded.
    package func recordedHeight(of chain: ChainID) -> Height { states[.notary]?.heads[chain]?.height ?? 0 }

    /// Slot of the newest block of a chain; 0 before the first.
    package func newestSlot(of chain: ChainID) -> Slot { newest[chain]?.fields.slot ?? 0 }

    /// Judges at the end of a run.
    package mutating func finish(_ history: HistoryOracle, at time: UInt64, _ findings: inout Findings) {
        guard isLost.isEmpty else { return }
        crosses.finish(history, at: time, &findings)
        freezes.finish(history, at: time, &findings)
        reserves.finish(states, at: time, &findings)
        judgeAdopted(at: time, &findings)
        judgeHeeded(at: time, &findings)
        judgeBridges(at: time, &findings)
        guard let notary = states[.notary] else { return }
        for chain in network.chains {
            let final = Height(history.blocks(of: chain.id).count)
            if chain.id == corrupt { continue }
            // A node that lies may be the first to have a certificate, and the only one for as long as its frames are lost.
            let mayBeAhead: Height = chain.nodes.contains { liars.contains($0.key) } ? 1 : 0
            // A mined block is final once it is recorded: its chain may be about to hear of it.
            if let head = notary.heads[chain.id], head.height > final + mayBeAhead, chain.engine != .pow {
                findings.report(.singleHistory, "\(chain.id): height \(head.height) is recorded, but only \(final) is final", at: time)
            }
        }
    }
}

/// Why a transaction cannot be in a block as it is.
struct ReplayFault: Error {
    var what: String
}

extension ReplayOracle {
    private mutating func apply(
        _ transaction: Transaction, _ outcome: Outcome, in block: ObservedBlock, to state: inout ReplayState, at time: UInt64,
        _ findings: inout Findings
    ) throws(ReplayFault) {
        switch transaction.kind {
        case .register(let register): try apply(register, outcome, to: &state)
        case .transfer(let transfer):
            try apply(transfer, outcome, to: &state)
            if outcome.rejection == nil { reserves.transferred(transfer, on: state.chain) }
        case .open(let cross): try open(cross, outcome, in: block, to: &state, at: time, &findings)
        case .record(let record):
            try demand(outcome == .applied, "a record cannot be rejected")
            let header = record.final.header
            try demand(state.chains(network).contains { $0.id == header.chain }, "records a block of a chain that has not joined")
            let head = state.heads[header.chain] ?? (0, genesisHash(of: header.chain))
            try demand(header.height == head.height + 1 && header.parent == head.hash, "records \(header.chain) \(header.height) after \(head.height)")
            if let status = state.statuses[header.chain] {
                try demand(!status.isFrozen, "records a block of a frozen chain")
                try demand(header.fields.notaryHeight >= status.since, "records a block that does not know of the thaw")
            }
            state.setHead(header)
            counted.add(.record)
            freezes.recorded(record)
        case .candidacy(let candidacy):
            try demand(outcome == .applied, "a candidacy cannot be rejected")
            try stand(candidacy, in: &state)
            counted.add(.candidacy)
        case .ballot(let ballot):
            try demand(outcome == .applied, "a ballot cannot be rejected")
            try vote(ballot, in: &state)
            counted.add(.ballot)
        case .closing(let closing):
            try demand(outcome == .applied, "a closing cannot be rejected")
            try close(closing, in: &state)
            counted.add(.epochClosed)
        case .join(let join): try self.join(join, outcome, in: block.header, to: &state)
        case .deploy, .adopt: try takeContract(transaction, outcome, in: block, to: &state)
        case .pause(let pause):
            try demand(outcome == .applied, "a pause cannot be rejected")
            try self.pause(pause, in: block.header, to: &state)
        case .heed(let heed):
            try demand(outcome == .applied, "a pause cannot be rejected")
            try self.heed(heed, in: block, to: &state)
        case .lock, .redeem, .issue, .release: try takeBridge(transaction, outcome, in: block, to: &state)
        case .evidence(let offence) where state.chain != .notary:
            try demand(outcome == .applied, "evidence cannot be rejected")
            try show(offence, to: &state)
            try slash(offence, in: &state)
            counted.add(.slashing)
        case .status(let change):
            try demand(outcome == .applied, "a freeze cannot be rejected")
            try self.change(change, in: block.header, to: &state)
        case .evidence(let offence):
            try demand(outcome == .applied, "evidence cannot be rejected")
            try show(offence, to: &state)
            counted.add(offence.evidence.kind == .twoFinals ? .forkRecorded : .offence)
        case .bond(let order):
            try apply(order, isBond: true, outcome, at: block.header.fields.time, to: &state)
            counted.add(.bond)
        case .unbond(let order): try apply(order, isBond: false, outcome, at: block.header.fields.time, to: &state)
        case .confirm(let confirm):
            try demand(outcome == .applied, "a confirmation cannot be rejected")
            try self.confirm(confirm, in: block, to: &state, at: time, &findings)
        case .refuse(let refuse):
            try demand(outcome == .applied, "a refusal cannot be rejected")
            let refuser = refuse.authorization.key
            try demand(ReplayTerms.asked(refuse.cross, network).contains(refuser), "refused by somebody else")
            try signed(refuser, refuse.authorization.signature, "refuse", refuse.cross.xid.bytes + Array(refuse.reason.utf8))
            try decide(refuse.cross, 2, in: block, to: &state, at: time, &findings)
        case .cancel(let cancel):
            try demand(outcome == .applied, "a cancellation cannot be rejected")
            try demand(cancel.authorization.key == cancel.cross.initiator, "cancelled by somebody else")
            try signed(cancel.cross.initiator, cancel.authorization.signature, "cancel", cancel.cross.xid.bytes)
            try decide(cancel.cross, 3, in: block, to: &state, at: time, &findings)
        case .settle(let resolution):
            try demand(outcome == .applied, "a settlement cannot be rejected")
            try resolve(resolution, to: 2, in: block, &state, at: time, &findings)
        case .refund(let resolution):
            try demand(outcome == .applied, "a refund cannot be rejected")
            try resolve(resolution, to: 3, in: block, &state, at: time, &findings)
        }
    }

    func demand(_ condition: Bool, _ what: @autoclosure () -> String) throws(ReplayFault) {
        if !condition { throw ReplayFault(what: what()) }
    }

    /// Applied needs no reason against it; rejected needs its own reason to be true.
    private func judge(_ outcome: Outcome, _ reasons: [Reason]) throws(ReplayFault) {
        if let reason = outcome.rejection {
            try demand(reasons.contains(reason), "rejected for \(reason.code), which is not so; true are \(reasons.map(\.code))")
        } else {
            try demand(reasons.isEmpty, "applied in spite of \(reasons.map(\.code))")
        }
    }

    func signed(_ key: PublicKey, _ signature: Signature, _ domain: String, _ payload: [UInt8]) throws(ReplayFault) {
        let check = SignatureCheck(key: key, signature: signature, message: CertificateOracle.tagged(domain, network.id) + payload)
        try demand(memo.holds(check), "a \(domain) signature does not hold")
    }

    private func apply(_ register: Register, _ outcome: Outcome, to state: inout ReplayState) throws(ReplayFault) {
        try signed(register.account, register.signature, "register", register.body)
        try judge(outcome, state.accounts[register.account] == nil ? [] : [.alreadyExists])
        var account = state.accounts[register.account] ?? ReplayAccount()
        try demand(!account.isRegistered, "a second Register of one account")
        account.isRegistered = true
        state.set(account, register.account)
    }

    private func apply(_ transfer: Transfer, _ outcome: Outcome, to state: inout ReplayState) throws(ReplayFault) {
        try signed(transfer.sender, transfer.signature, "transfer", transfer.body)
        guard var sender = state.accounts[transfer.sender] else { throw ReplayFault(what: "the sender is unknown") }
        try demand(sender.mayUse(transfer.nonce), "nonce \(transfer.nonce) is used or outside the window")
        var reasons: [Reason] = []
        if state.accounts[transfer.receiver] == nil { reasons.append(.unknownPayee) }
        if sender.amount(transfer.asset) < transfer.amount { reasons.append(.insufficientFunds) }
        if isPegAccount(transfer.receiver, state) { reasons.append(.termsViolated) }
        try judge(outcome, reasons)
        sender.use(transfer.nonce)
        state.set(sender, transfer.sender)
        guard outcome.rejection == nil else { return }
        try demand(
            state.move(from: transfer.sender, to: transfer.receiver, transfer.asset, transfer.amount), "the transfer does not add up")
    }

    /// Rule R1.
    private mutating func open(
        _ cross: CrossTransaction, _ outcome: Outcome, in block: ObservedBlock, to state: inout ReplayState, at time: UInt64,
        _ findings: inout Findings
    ) throws(ReplayFault) {
        for authorization in cross.authorizations { try signed(authorization.key, authorization.signature, "cross", cross.body) }
        var entry = state.entries[cross.xid] ?? ReplayEntry(cross)
        try demand(entry.hold == 0, "the chain has opened \(cross.xid) before")
        let braked = braked(cross, state).map { brake($0.contract, $0.amounts, .enters(deadline: cross.deadline), state, at: block.header.fields.time) }
        try judge(outcome, openingReasons(cross, entry, state, blockTime: block.header.fields.time) + (braked?.reasons ?? []))
        if [.capReached, .deadlineTooNear, .paused].contains(outcome.rejection) { counted.add(.refusedByBrake) }
        guard outcome.rejection == nil else {
            counted.add(.holdRejected)
            entry.hold = 4
            entry.heights[0] = block.header.height
            state.set(entry, cross.xid)
            return
        }
        for (index, leg) in ReplayTerms.heldLegs(cross, on: state.chain) {
            try demand(
                ReplayTerms.isReserve(leg.debit, on: state.chain, under: cross, network) || cross.authorizations.contains { $0.key == leg.debit },
                "leg \(index) is debited without its owner")
            try demand(state.move(from: leg.debit, to: nil, leg.asset, leg.amount), "leg \(index) is not covered")
            entry.legs.append((index, leg))
        }
        pass(braked, &state)
        if state.watch(cross.contract, business(cross)) > 0 { counted.add(.watchedByBrake) }
        entry.hold = 1
        entry.heights[0] = block.header.height
        state.set(entry, cross.xid)
        if !freezes.isVoid(block.header) { crosses.held(cross, on: state.chain, at: block.header.height, time: time, &findings) }
    }

    private func openingReasons(_ cross: CrossTransaction, _ entry: ReplayEntry, _ state: ReplayState, blockTime: UInt64) -> [Reason] {
        var reasons: [Reason] = []
        if entry.decision != 0 { reasons.append(.crossAlreadyEnded) }
        let terms = ReplayTerms(cross, network, declared: state.contracts)
        if terms == .unknown { reasons.append(.unknownContract) }
        if terms == .broken || cross.legs.contains(where: { $0.chain == state.chain && isPegAccount($0.credit, state) }) { reasons.append(.termsViolated) }
        if blockTime >= cross.deadline { reasons.append(.deadlinePassed) }
        if state.isStopped(cross.contract, business(cross)) { reasons.append(.paused) }
        if case .kept(let longest) = terms, cross.deadline > blockTime, cross.deadline - blockTime > longest { reasons.append(.deadlineTooFar) }
        for (_, leg) in ReplayTerms.heldLegs(cross, on: state.chain) {
            if state.accounts[leg.credit] == nil { reasons.append(.unknownPayee) }
            if state.accounts[leg.debit] == nil { reasons.append(.unknownPayer) }
            if state.accounts[leg.debit]?.amount(leg.asset) ?? 0 < leg.amount { reasons.append(.insufficientFunds) }
        }
        return reasons
    }

    /// Rule R2.
    private mutating func confirm(
        _ confirm: Confirm, in block: ObservedBlock, to state: inout ReplayState, at time: UInt64, _ findings: inout Findings
    ) throws(ReplayFault) {
        let cross = confirm.cross
        let paid = ReplayTerms.paidLegs(cross)
        try demand(cross.legs[cross.legs.count - 1].chain == state.chain, "confirmed on another chain than the deciding one")
        try demand(block.header.fields.time <= cross.deadline, "confirmed after the deadline")
        for key in ReplayTerms.asked(cross, network) {
            try demand(confirm.confirmations.contains { $0.key == key }, "a receiver has not confirmed")
        }
        if confirm.confirmations.count > 1 { counted.add(.consentOfSeveral) }
        if confirm.holds.count > 1 { counted.add(.holdOfSeveral) }
        if paid.count > 1 { counted.add(.decidingLegsTogether) }
        if !ReplayTerms.isAgreement(cross), !network.contracts.contains(where: { $0.id == cross.contract }) { counted.add(.decidedUnderDeclared) }
        for item in confirm.confirmations { try signed(item.key, item.signature, "confirm", cross.xid.bytes) }
        for item in cross.authorizations { try signed(item.key, item.signature, "cross", cross.body) }
        for leg in paid {
            try demand(
                ReplayTerms.isReserve(leg.debit, on: state.chain, under: cross, network) || cross.authorizations.contains { $0.key == leg.debit },
                "a deciding leg is debited without its owner")
        }
        guard case .kept = ReplayTerms(cross, network, declared: state.contracts) else { throw ReplayFault(what: "the terms do not allow it") }
        var holders: [BlockHeader] = []
        for (chain, evidence) in zip(ReplayTerms.holders(cross), confirm.holds) {
            let header = try foreign(evidence.block, of: chain, in: block)
            holders.append(header)
            freezes.relied(on: header, in: block.header)
            crosses.claimHeld(cross.xid, on: chain, evidence: header)
        }
        let braked = braked(cross, state).map {
            brake($0.contract, $0.amounts, .leaves(since: holders[0].fields.time), state, at: block.header.fields.time)
        }
        try demand(!state.isStopped(cross.contract, business(cross)), "decided though its business is paused")
        if state.watch(cross.contract, business(cross)) > 0 { counted.add(.watchedByBrake) }
        try demand(braked?.reasons.isEmpty ?? true, "decided in spite of \(braked?.reasons.map(\.code) ?? [])")
        pass(braked, &state)
        freezes.decided(by: holders, in: block.header)
        try decide(cross, 1, in: block, to: &state, at: time, &findings)
        for leg in paid {
            if state.accounts[leg.credit] == nil { state.set(ReplayAccount(), leg.credit) }
            try demand(state.move(from: leg.debit, to: leg.credit, leg.asset, leg.amount), "a deciding leg is not covered")
        }
        if !ReplayTerms.isAgreement(cross) { reserves.committed(cross) }
    }

    private mutating func decide(
        _ cross: CrossTransaction, _ decision: UInt8, in block: ObservedBlock, to state: inout ReplayState, at time: UInt64,
        _ findings: inout Findings
    ) throws(ReplayFault) {
        var entry = state.entries[cross.xid] ?? ReplayEntry(cross)
        try demand(entry.decision == 0, "\(cross.xid) was decided before")
        entry.decision = decision
        entry.heights[1] = block.header.height
        state.set(entry, cross.xid)
        if !freezes.isVoid(block.header) { crosses.decided(cross, decision, at: block.header.height, time: time, &findings) }
    }
}
