import Cryptography
import Determinism
import Wire

extension Wallet {
    /// S810: makes and signs a payment, once its nonce or the deciding chain's time is known.
    mutating func prepare(_ key: PaymentKey, at now: Moment) -> [WalletEffect] {
        guard let order = payments[key]?.order else { preconditionFailure("what is not signed has an order") }
        switch order.route {
        case .transfer, .lock, .redeem: return prepareNumbered(key, order, chain: order.homeChain, at: now)
        case .exchange(let contract, let from, let to): return prepareExchange(key, order, contract, from: from, to: to, at: now)
        }
    }

    /// What uses up a nonce of the payer's account: a transfer, a lock, or a redemption.
    private mutating func prepareNumbered(_ key: PaymentKey, _ order: PaymentOrder, chain: ChainID, at now: Moment) -> [WalletEffect] {
        let place = AccountPlace(account: order.payer.publicKey, chain: position(of: chain))
        var isToSelf = false
        if case .transfer = order.route { isToSelf = order.payer.publicKey == order.payee }
        guard !isToSelf, order.amount > 0 else { return end(key, .rejected(.malformed), at: now) }
        guard let nonce = nonces[place]?.take() else {
            wait(key, forNonceOf: place, at: now)
            return []
        }
        payments[key]?.nonce = nonce
        return hand(key, Transaction(kind(of: order, chain: chain, nonce: nonce), chain: chain, network: network.id), chain: chain, at: now)
    }

    private func kind(of order: PaymentOrder, chain: ChainID, nonce: UInt64) -> Transaction.Kind {
        switch order.route {
        case .lock(let peg): return .lock(bridgeOrder(.lock, order, peg, chain: chain, nonce: nonce))
        case .redeem(let peg): return .redeem(bridgeOrder(.redeem, order, peg, chain: chain, nonce: nonce))
        case .transfer, .exchange:
            return .transfer(
                Transfer(
                    chain: chain, network: network.id, to: order.payee, asset: order.asset, amount: order.amount, nonce: nonce, memo: order.memo,
                    signer: order.payer))
        }
    }

    private func bridgeOrder(_ kind: BridgeOrder.Kind, _ order: PaymentOrder, _ peg: Contract, chain: ChainID, nonce: UInt64) -> BridgeOrder {
        BridgeOrder(
            kind, chain: chain, network: network.id, contract: peg.id, version: peg.version, amount: order.amount, receiver: order.payee,
            nonce: nonce, memo: order.memo, signer: order.payer)
    }

    private mutating func prepareExchange(
        _ key: PaymentKey, _ order: PaymentOrder, _ contract: Contract, from: ChainID, to: ChainID, at now: Moment
    ) -> [WalletEffect] {
        guard let legs = order.legs(contract, from: from, to: to) else { return end(key, .rejected(.termsViolated), at: now) }
        let deciding = position(of: to)
        guard clocks[deciding].isFresh(at: now) else {
            clockWaiters[deciding].append(key)
            askTime(of: deciding, at: now)
            return []
        }
        lastCrossNonce += 1
        let cross = CrossTransaction(
            network: network.id, contract: contract.id, contractVersion: contract.version, legs: legs,
            deadline: clocks[deciding].estimate(at: now) + order.deadlineMilliseconds, nonce: lastCrossNonce, memo: order.memo,
            signers: [order.payer])
        payments[key]?.cross = cross
        return hand(key, Transaction(.open(cross), chain: from, network: network.id), chain: from, at: now)
    }

    /// Signed: kept, then handed in.
    private mutating func hand(_ key: PaymentKey, _ transaction: Transaction, chain: ChainID, at now: Moment) -> [WalletEffect] {
        let signed = SignedPayment(transaction, chain: chain)
        payments[key]?.signed = signed
        payments[key]?.stage = .submitting
        remember(key, signed)
        return [.keep(key, signed), .marked(key, .signed)] + advance(key, at: now)
    }

    // MARK: nonces

    private mutating func wait(_ key: PaymentKey, forNonceOf place: AccountPlace, at now: Moment) {
        if nonceWaiters[place] != nil {
            nonceWaiters[place]?.append(key)
            return
        }
        nonceWaiters[place] = [key]
        let door = RequestDesk<Subject>.Door(chain: place.chain, position: choices[place.chain].choose(at: now))
        desk.ask(.account(place), choices[place.chain].service(door.position), door: door, .account(place.account))
    }

    /// An account is known: those that waited go on; whoever finds the window full waits a while.
    mutating func learn(_ view: AccountView?, of place: AccountPlace, at now: Moment) -> [WalletEffect] {
        let waiting = nonceWaiters.removeValue(forKey: place) ?? []
        if let view {
            clocks[place.chain].learn(view.height == 0 ? 0 : view.time, at: now)
            if nonces[place] == nil { nonces[place] = NonceBook(base: view.nonceBase) } else { nonces[place]?.learn(base: view.nonceBase) }
        }
        var effects: [WalletEffect] = []
        for (index, key) in waiting.enumerated() {
            if view != nil, index < Limits.nonceWindow, nonces[place]?.hasFree ?? false {
                effects += advance(key, at: now)
            } else {
                schedule(key, afterMilliseconds: WalletTiming.retryMilliseconds * 2, at: now)
            }
        }
        return effects
    }

    /// Another device of the account used the nonce: the payment is signed anew with a fresh one. Only for a payment that can
    /// never be in a block as it was.
    mutating func renew(_ key: PaymentKey, at now: Moment) -> [WalletEffect] {
        guard let payment = payments[key], let order = payment.order, payment.renewals < WalletLimits.nonceRenewals else {
            return end(key, .rejected(.nonceUsed), at: now)
        }
        if let id = payment.signed?.id { names[id] = nil }
        payments[key]?.renewals += 1
        payments[key]?.signed = nil
        payments[key]?.nonce = nil
        payments[key]?.isUncertain = false
        payments[key]?.isAccepted = false
        payments[key]?.stage = .preparing
        // What the chain told is out of date: it is asked again before a nonce is taken.
        let place = AccountPlace(account: order.payer.publicKey, chain: position(of: order.homeChain))
        wait(key, forNonceOf: place, at: now)
        return []
    }

    // MARK: chain time

    private mutating func askTime(of chain: Int, at now: Moment) {
        guard !isClockAsked[chain] else { return }
        isClockAsked[chain] = true
        let door = RequestDesk<Subject>.Door(chain: chain, position: choices[chain].choose(at: now))
        desk.ask(.head(chain: chain), choices[chain].service(door.position), door: door, .head(network.chains[chain].id))
    }

    /// A chain's time is known, or could not be learned now.
    mutating func learn(_ time: ChainTime?, ofChain chain: Int, at now: Moment) -> [WalletEffect] {
        isClockAsked[chain] = false
        if let time { clocks[chain].learn(time, at: now) }
        let waiting = clockWaiters[chain]
        clockWaiters[chain] = []
        guard time != nil else {
            for key in waiting { schedule(key, afterMilliseconds: WalletTiming.retryMilliseconds * 2, at: now) }
            return []
        }
        return waiting.flatMap { advance($0, at: now) }
    }
}
