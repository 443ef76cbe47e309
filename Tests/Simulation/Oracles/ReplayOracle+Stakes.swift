import Cryptography
import Wire

/// Engine `pos`: bonds, their return, and slashing, as a chain's state and outcomes must show them.
extension ReplayOracle {
    func apply(_ order: StakeOrder, isBond: Bool, _ outcome: Outcome, at time: ChainTime, to state: inout ReplayState) throws(ReplayFault) {
        guard let rule = network.chain(state.chain)?.stake else { throw ReplayFault(what: "nothing is bonded on this chain") }
        let domain = isBond ? "bond" : "unbond"
        let check = SignatureCheck(
            key: order.account, signature: order.signature, message: CertificateOracle.tagged(domain, network.id) + order.body)
        guard memo.holds(check) else { throw ReplayFault(what: "a \(domain) signature does not hold") }
        guard var account = state.accounts[order.account], account.mayUse(order.nonce) else { throw ReplayFault(what: "the nonce cannot be used") }
        let place = state.stakes.nodes.firstIndex { $0.id == order.node }
        var reasons: [Reason] = []
        if place == nil { reasons.append(.noSuchNode) }
        if isBond {
            if order.amount < rule.minimum { reasons.append(.termsViolated) }
            if account.amount(rule.asset) < order.amount { reasons.append(.insufficientFunds) }
        } else if let place, state.stakes.bonded(by: order.account, at: place) < order.amount {
            reasons.append(.stakeShort)
        }
        if let reason = outcome.rejection {
            guard reasons.contains(reason) else { throw ReplayFault(what: "rejected for \(reason.code), which is not so") }
        } else if !reasons.isEmpty {
            throw ReplayFault(what: "applied in spite of \(reasons.map(\.code))")
        }
        account.use(order.nonce)
        state.set(account, order.account)
        guard outcome.rejection == nil, let place else { return }
        if isBond {
            guard state.move(from: order.account, to: nil, rule.asset, order.amount) else { throw ReplayFault(what: "a bond is not covered") }
            state.stakes.bond(order, at: place)
        } else {
            state.stakes.unbond(order, at: place, release: time + rule.unbondingMilliseconds)
        }
        state.setStake(place)
    }

    /// The first thing a block does.
    func release(at time: ChainTime, to state: inout ReplayState) throws(ReplayFault) {
        guard let rule = network.chain(state.chain)?.stake else { return }
        for item in state.stakes.release(at: time) {
            guard state.move(from: nil, to: item.account, rule.asset, item.amount) else { throw ReplayFault(what: "a bond has no owner") }
            state.setStake(item.place)
        }
    }

    /// A proven wrong of a member costs it a part of its stake.
    func slash(_ offence: Offence, in state: inout ReplayState) throws(ReplayFault) {
        guard offence.evidence.chain == state.chain, offence.evidence.kind == .doubleVote || offence.evidence.kind == .doubleCandidate,
            let place = state.stakes.nodes.firstIndex(where: { $0.key == offence.entry.offender })
        else { throw ReplayFault(what: "slashed for what costs nothing") }
        state.stakes.slash(place)
        state.setStake(place)
    }
}
