import Determinism
import Wire

/// Bond, unbond and slashing on a `pos` chain (A3, B7).
extension LedgerState {
    /// Moves an account's value behind a node. It counts from the next electorate that is settled on.
    ///
    /// Like a transfer, it uses its nonce up whatever the answer. Reasons are found in this order: wrongChain, unknownPayer, notAllowed,
    /// nonceUsed, nonceOutsideWindow (all invalid), noSuchNode, termsViolated below the least stake, insufficientFunds, stakeFull.
    mutating func applyBond(_ order: StakeOrder) -> Application {
        guard let rule = description.stake else { return .invalid(.wrongChain) }
        guard let account = place(of: order.account) else { return .invalid(.unknownPayer) }
        if let reason = useNonce(order.nonce, of: account) { return .invalid(reason) }
        guard let node = stakes.firstIndex(where: { $0.node == order.node }) else { return .rejected(.noSuchNode) }
        guard order.amount >= rule.minimum else { return .rejected(.termsViolated) }
        guard slots[account].account.balances.amount(of: rule.asset) >= order.amount else { return .rejected(.insufficientFunds) }
        guard stakes[node].bonds.count < Limits.bondsPerNode || stakes[node].bonded(by: order.account) > 0 else { return .rejected(.stakeFull) }
        debit(account, order.amount, of: rule.asset)
        countStaked(order.amount, isAdded: true)
        stakes[node].add(order.amount, by: order.account)
        return .applied
    }

    /// Begins to take value back from a node: it stops counting with the next electorate and returns after the delay.
    ///
    /// Reasons in order: wrongChain, unknownPayer, notAllowed, nonceUsed, nonceOutsideWindow (all invalid), noSuchNode, stakeShort, stakeFull.
    mutating func applyUnbond(_ order: StakeOrder, at block: OpenBlock) -> Application {
        guard let rule = description.stake else { return .invalid(.wrongChain) }
        guard let account = place(of: order.account) else { return .invalid(.unknownPayer) }
        if let reason = useNonce(order.nonce, of: account) { return .invalid(reason) }
        guard let node = stakes.firstIndex(where: { $0.node == order.node }) else { return .rejected(.noSuchNode) }
        guard stakes[node].bonded(by: order.account) >= order.amount else { return .rejected(.stakeShort) }
        guard stakes[node].unbondings.count < Limits.unbondingsPerNode else { return .rejected(.stakeFull) }
        let (release, overflow) = block.time.addingReportingOverflow(rule.unbondingMilliseconds)
        stakes[node].unbond(order.amount, of: order.account, release: overflow ? .max : release)
        return .applied
    }

    /// A member's provable wrong costs its node a part of its stake, once an offence.
    ///
    /// The caller has verified both signatures. Reasons in order: wrongChain, recordInvalid for what no node of the chain has done or is
    /// not slashed for, duplicateTransaction.
    mutating func applySlashing(_ offence: Offence, at block: OpenBlock) -> Application {
        let entry = offence.entry
        guard let rule = description.stake, entry.chain == chain else { return .invalid(.wrongChain) }
        guard entry.kind == .doubleVote || entry.kind == .doubleCandidate,
            let offender = description.nodes.first(where: { $0.key == entry.offender }),
            let node = stakes.firstIndex(where: { $0.node == offender.id })
        else { return .invalid(.recordInvalid) }
        guard !isRecorded(entry.id) else { return .invalid(.duplicateTransaction) }
        record(entry, at: block)
        let taken = stakes[node].slash(rule)
        countStaked(taken, isAdded: false)
        countBurned(taken)
        return .applied
    }

    /// What has waited long enough returns to its accounts: the first thing a block does.
    mutating func releaseStakes(at time: ChainTime) {
        guard let rule = description.stake else { return }
#if PLANTED_BUGS
        let time = PlantedBug.unbondedEarly.isPlanted ? time + rule.unbondingMilliseconds / 2 : time
#endif
        for node in stakes.indices {
            while let first = stakes[node].unbondings.first, first.release <= time {
                stakes[node].unbondings.removeFirst()
                countStaked(first.amount, isAdded: false)
                // Whoever has bonded has an account, and accounts stay.
                guard let account = place(of: first.account) else { preconditionFailure("what was bonded has an owner") }
                credit(account, first.amount, of: rule.asset)
            }
        }
    }

    /// - Returns: why the nonce cannot be used; nil when it has been.
    private mutating func useNonce(_ nonce: UInt64, of account: Int) -> Reason? {
        guard !slots[account].isReserve else { return .notAllowed }
        switch slots[account].account.nonces.refusal(of: nonce) {
        case .used: return .nonceUsed
        case .outside: return .nonceOutsideWindow
        case nil: break
        }
        touch(account)
        slots[account].account.nonces.use(nonce)
        return nil
    }
}
