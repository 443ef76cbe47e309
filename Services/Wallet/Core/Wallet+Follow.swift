import Cryptography
import Determinism
import Wire

extension Wallet {
    // MARK: asking

    /// S820, S821: hands a payment in; the same bytes every time.
    mutating func submit(_ key: PaymentKey, at now: Moment) {
        guard let (payment, signed) = remembered(key) else { preconditionFailure("only what is signed is handed in") }
        let chain = position(of: signed.chain)
        let door = payment.door ?? choices[chain].choose(at: now)
        payments[key]?.door = door
        payments[key]?.attempts += 1
        payments[key]?.isAsking = true
        desk.ask(.submit(key), choices[chain].service(door), door: .init(chain: chain, position: door), .submit(signed.bytes))
        guard payment.attempts == 0, options.copies > 1 else { return }
        // Another collector may have taken it, whatever this one answers.
        payments[key]?.isUncertain = true
        for other in choices[chain].others(than: door, count: options.copies - 1, at: now) {
            desk.ask(.copy, choices[chain].service(other), door: .init(chain: chain, position: other), .submit(signed.bytes))
        }
    }

    /// Asks the collector that took a payment what became of it; every fourth time hands it in again instead (S821).
    mutating func ask(after key: PaymentKey, at now: Moment) {
        guard let (payment, signed) = remembered(key) else { preconditionFailure("only what is signed is followed") }
        payments[key]?.polls += 1
        if payment.polls % 4 == 3 { return submit(key, at: now) }
        let chain = position(of: signed.chain)
        let door = payment.door ?? choices[chain].choose(at: now)
        payments[key]?.door = door
        payments[key]?.isAsking = true
        let name = payment.isHeld || payment.polls % 2 == 1 ? signed.name : signed.id
        desk.ask(.status(key), choices[chain].service(door), door: .init(chain: chain, position: door), .status(name))
    }

    mutating func askReceipt(_ key: PaymentKey, at now: Moment) {
        guard let (_, signed) = remembered(key) else { preconditionFailure("only what is signed has a receipt") }
        payments[key]?.receiptAttempts += 1
        payments[key]?.isAsking = true
        desk.ask(.receipt(key), Service.name(.recorder, chain: .notary), door: nil, .receipt(signed.name))
    }

    /// The initiator's cancellation, to the deciding chain (R4).
    mutating func cancel(_ key: PaymentKey, attempt: Int = 1, at now: Moment) {
        guard let payment = payments[key], !payment.isEnded, let cross = payment.cross, let order = payment.order else { return }
        let authorization = Authorization(
            key: order.payer.publicKey, signature: order.payer.sign(.cancel, network: network.id, cross.xid.bytes))
        let cancel = Transaction(.cancel(Cancel(cross: cross, authorization: authorization)), chain: cross.decidingChain, network: network.id)
        let chain = position(of: cross.decidingChain)
        let door = choices[chain].choose(at: now)
        desk.ask(.cancel(key, attempt: attempt), choices[chain].service(door), door: .init(chain: chain, position: door), .submit(cancel.bytes))
    }

    // MARK: answers

    mutating func answered(_ call: UInt64, _ response: Response, at now: Moment) -> [WalletEffect] {
        guard let asked = desk.end(call) else { return [] }
        if let door = asked.door { choices[door.chain].answered(door.position, afterMilliseconds: now.milliseconds(since: asked.sent)) }
        switch (asked.subject, response) {
        case (.submit(let key), .submit(let result)):
            payments[key]?.isAsking = false
            return submitted(key, result, at: now)
        case (.status(let key), .status(let status)):
            payments[key]?.isAsking = false
            return learn(key, status, at: now) + followOn(key, isUnknown: status.state == .unknown, at: now)
        case (.receipt(let key), .receipt(let receipt)):
            payments[key]?.isAsking = false
            return proven(key, receipt, at: now)
        case (.account(let place), .account(let view)): return learn(view, of: place, at: now)
        case (.head(let chain), .head(let final, _)): return learn(final?.header.time ?? 0, ofChain: chain, at: now)
        case (.watch(let item), .watch(let isTaken)):
            watches.answered(item, isTaken: isTaken, at: now)
            return []
        case (.cancel(let key, let attempt), .submit(let result)):
            if let reason = result.rejection, Wallet.isPassing(reason) { cancelAgain(key, attempt, at: now) }
            return []
        case (.copy, _): return []
        default: return failed(asked.subject, door: asked.door, isUncertain: false, at: now)
        }
    }

    mutating func unanswered(_ call: UInt64, at now: Moment) -> [WalletEffect] {
        guard let asked = desk.end(call) else { return [] }
        if let door = asked.door { choices[door.chain].failed(door.position, at: now) }
        return failed(asked.subject, door: asked.door, isUncertain: true, at: now)
    }

    /// A request came to nothing: another collector is tried.
    private mutating func failed(
        _ subject: Subject, door: RequestDesk<Subject>.Door?, isUncertain: Bool, at now: Moment
    ) -> [WalletEffect] {
        switch subject {
        case .copy: return []
        case .submit(let key), .status(let key):
            payments[key]?.isAsking = false
            guard let payment = payments[key], !payment.isEnded, let door else { return [] }
            if case .submit = subject, isUncertain { payments[key]?.isUncertain = true }
            payments[key]?.door = choices[door.chain].choose(avoiding: door.position, at: now)
            // The next collector may not know it: it is handed in there first.
            payments[key]?.stage = .submitting
            schedule(key, afterMilliseconds: retry(payment.attempts), at: now)
            return []
        case .receipt(let key):
            payments[key]?.isAsking = false
            return proven(key, nil, at: now)
        case .account(let place): return learn(nil, of: place, at: now)
        case .head(let chain): return learn(nil, ofChain: chain, at: now)
        case .watch(let item):
            watches.answered(item, isTaken: false, at: now)
            return []
        case .cancel(let key, let attempt):
            cancelAgain(key, attempt, at: now)
            return []
        }
    }

    private mutating func cancelAgain(_ key: PaymentKey, _ attempt: Int, at now: Moment) {
        if attempt < WalletLimits.nonceInquiries { cancel(key, attempt: attempt + 1, at: now) }
    }

    private func retry(_ attempts: Int) -> UInt64 {
        TrackedPayment.backOff(attempts, first: WalletTiming.retryMilliseconds, longest: WalletTiming.retryLongestMilliseconds)
    }

    /// Reasons that say "not now".
    static func isPassing(_ reason: Reason) -> Bool { reason == .overloaded || reason == .notReady || reason == .notFound || reason == .chainUnknown }

    /// A collector took a payment, or said why not.
    private mutating func submitted(_ key: PaymentKey, _ result: SubmitResult, at now: Moment) -> [WalletEffect] {
        guard let payment = payments[key], !payment.isEnded else { return [] }
        guard let reason = result.rejection else {
            payments[key]?.stage = .following
            payments[key]?.isUncertain = true
            schedule(key, afterMilliseconds: poll(payment.polls), at: now)
            return accepted(key, at: now)
        }
        switch reason {
        case _ where Wallet.isPassing(reason):
            payments[key]?.stage = .submitting
            if let order = payment.signed {
                let chain = position(of: order.chain)
                payments[key]?.door = choices[chain].choose(avoiding: payment.door, at: now)
            }
            schedule(key, afterMilliseconds: retry(payment.attempts), at: now)
            return []
        case .nonceOutsideWindow:
            // The window slides as earlier payments become final.
            payments[key]?.stage = .submitting
            schedule(key, afterMilliseconds: WalletTiming.pollMilliseconds, at: now)
            return []
        case .nonceUsed where payment.isUncertain || payment.isAccepted:
            return inquire(key, at: now)
        case .nonceUsed:
            return renew(key, at: now)
        case .refusedByReceiver, .cancelledByInitiator:
            // Only of what is held, or was, a chain says this: it comes back, and that is its end.
            payments[key]?.stage = .following
            schedule(key, afterMilliseconds: poll(payment.polls), at: now)
            return []
        case _ where mayBeUnderWay(payment, whatever: reason, at: now):
            // By another collector: what became of it decides, and the next word is another one's.
            payments[key]?.refusals += 1
            payments[key]?.stage = .following
            if let signed = payment.signed {
                let door = choices[position(of: signed.chain)].choose(avoiding: payment.door, at: now)
                payments[key]?.door = door
            }
            schedule(key, afterMilliseconds: poll(payment.polls), at: now)
            return []
        default:
            if !payment.isUncertain, let nonce = payment.nonce, let order = payment.order {
                nonces[AccountPlace(account: order.payer.publicKey, chain: position(of: order.homeChain))]?.giveBack(nonce)
            }
            return end(key, .rejected(reason), at: now)
        }
    }

    /// Whether a payment that a collector refuses may all the same be in a block, now or later: another collector may have taken it.
    ///
    /// A cross payment may be until its deadline; that this is past by a collector's final blocks ends it sooner. Other reasons depend on
    /// what one collector has read, or on its clock.
    private func mayBeUnderWay(_ payment: TrackedPayment, whatever reason: Reason, at now: Moment) -> Bool {
        guard payment.isUncertain || payment.isAccepted else { return false }
        if payment.refusals < WalletLimits.refusals { return true }
        guard reason != .deadlinePassed, let signed = payment.signed,
            case .open(let cross)? = (try? Transaction(decoding: signed.bytes, chain: signed.chain, network: network.id))?.kind
        else { return false }
        return clocks[position(of: signed.chain)].estimate(at: now) < cross.deadline + Limits.chainTimeSkewMilliseconds
    }

    private mutating func accepted(_ key: PaymentKey, at now: Moment) -> [WalletEffect] {
        guard let payment = payments[key], !payment.isAccepted else { return [] }
        payments[key]?.isAccepted = true
        if payment.times.accepted == nil { payments[key]?.times.accepted = now }
        return [.marked(key, .accepted)]
    }

    private func poll(_ polls: Int) -> UInt64 {
        TrackedPayment.backOff(polls, first: WalletTiming.pollMilliseconds, longest: WalletTiming.pollLongestMilliseconds)
    }

    /// After an answer about a payment that has not ended: asks again later, or hands it in where it is not known.
    private mutating func followOn(_ key: PaymentKey, isUnknown: Bool, at now: Moment) -> [WalletEffect] {
        guard let payment = payments[key], !payment.isEnded, payment.stage == .following, !payment.isAsking else { return [] }
        if isUnknown, !payment.isHeld {
            payments[key]?.stage = .submitting
            schedule(key, afterMilliseconds: retry(payment.attempts), at: now)
        } else {
            schedule(key, afterMilliseconds: poll(payment.polls), at: now)
        }
        return []
    }

    // MARK: what became of it

    /// News of a payment, pushed or asked for.
    mutating func learn(_ key: PaymentKey, _ status: Status, at now: Moment) -> [WalletEffect] {
        guard let (payment, signed) = remembered(key), !payment.isEnded, payment.stage != .queued else { return [] }
        switch status.state {
        case .unknown: return []
        case .pending: return accepted(key, at: now)
        case .final:
            guard signed.xid != nil else { return accepted(key, at: now) + end(key, .settled, at: now) }
            return status.id == signed.id ? held(key, at: now) : []
        case .held: return held(key, at: now)
        case .committed: return accepted(key, at: now) + receiverSure(key, at: now)
        case .settled: return accepted(key, at: now) + receiverSure(key, at: now) + end(key, .settled, at: now)
        case .refused:
            let isNews = payment.cause == nil
            payments[key]?.cause = status.reason.flatMap { PaymentOutcome.RefundCause($0) } ?? .refusedByReceiver
            return isNews ? [.marked(key, .refused)] : []
        case .refunded:
            guard let cause = status.reason.flatMap({ PaymentOutcome.RefundCause($0) }) ?? payment.cause else { return inquire(key, at: now) }
            return end(key, .refunded(cause), at: now)
        case .rejected:
            guard let reason = status.reason else { return inquire(key, at: now) }
            // Another transaction has used the nonce in a final block, so this one never can be in any.
            if reason == .nonceUsed, signed.xid == nil { return renew(key, at: now) }
            return accepted(key, at: now) + end(key, .rejected(reason), at: now)
        }
    }

    private mutating func held(_ key: PaymentKey, at now: Moment) -> [WalletEffect] {
        guard let payment = payments[key], !payment.isHeld else { return [] }
        payments[key]?.isHeld = true
        return accepted(key, at: now) + [.marked(key, .held)]
    }

    private mutating func receiverSure(_ key: PaymentKey, at now: Moment) -> [WalletEffect] {
        guard let payment = payments[key], payment.times.receiverSure == nil else { return [] }
        payments[key]?.times.receiverSure = now
        guard options.sendsAgain, !payment.isEnded else { return [.marked(key, .receiverSure)] }
        submit(key, at: now)
        return [.marked(key, .receiverSure), .marked(key, .sentAgain)]
    }

    // MARK: receipts

    /// Collectors no longer know how it ended: the recorders do.
    private mutating func inquire(_ key: PaymentKey, at now: Moment) -> [WalletEffect] {
        guard let payment = payments[key], payment.stage != .inquiring else { return [] }
        payments[key]?.stage = .inquiring
        schedule(key, afterMilliseconds: WalletTiming.receiptMilliseconds, at: now)
        return []
    }

    /// A recorder's answer; nil when it has none.
    private mutating func proven(_ key: PaymentKey, _ receipt: Receipt?, at now: Moment) -> [WalletEffect] {
        guard let (payment, signed) = remembered(key) else { return [] }
        let reading = receipt.map { ReceiptReading($0, of: signed, network: network.id) }
        let again = TrackedPayment.backOff(
            payment.receiptAttempts, first: WalletTiming.receiptMilliseconds, longest: WalletTiming.receiptLongestMilliseconds)
        switch payment.stage {
        case .inquiring:
            if let outcome = reading?.outcome { return end(key, outcome, at: now) }
            payments[key]?.inquiries += 1
            if payment.inquiries >= WalletLimits.nonceInquiries, payment.signed?.xid == nil {
                return end(key, .rejected(.nonceUsed), at: now)
            }
            schedule(key, afterMilliseconds: again, at: now)
            return []
        case .proving:
            let isLast = payment.receiptAttempts >= WalletLimits.receiptAttempts
            guard let receipt, reading?.isComplete ?? false || isLast else {
                if isLast { closeProof(key) } else { schedule(key, afterMilliseconds: again, at: now) }
                return []
            }
            closeProof(key)
            return [.receipt(key, receipt)]
        default: return []
        }
    }

    private mutating func closeProof(_ key: PaymentKey) {
        payments[key]?.stage = .done
        payments[key]?.due = nil
        provingCount -= 1
    }
}
