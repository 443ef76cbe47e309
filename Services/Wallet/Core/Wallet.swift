import Cryptography
import DequeModule
import Determinism
import Wire

/// A client's wallet: drives any number of payments at once, each to its end (S810, S820, S821; A1, A12, A13).
///
/// A payment is signed once, and the same bytes are handed in until a collector has stored them: again after a timeout, to
/// another collector when one cannot be reached. Every transaction is idempotent, so this never pays twice. Its end is learned
/// from pushed news, and from questions with growing distance, in case news got lost.
package struct Wallet: Machine {
    /// What a request is about.
    enum Subject: Sendable {
        case submit(PaymentKey)
        /// The same to another collector, whatever it answers.
        case copy
        case status(PaymentKey)
        case receipt(PaymentKey)
        case cancel(PaymentKey, attempt: Int)
        /// Nonces of an account on a chain.
        case account(AccountPlace)
        /// Time of a chain.
        case head(chain: Int)
        case watch(item: Int)
    }

    /// An account on a chain.
    struct AccountPlace: Hashable, Sendable {
        var account: PublicKey
        /// Position in `Network.chains`.
        var chain: Int
    }

    /// How a wallet goes about its payments.
    package struct Options: Sendable {
        package var strategy = CollectorStrategy.roundRobin
        /// Collectors that each payment is handed to at first, all at once (A12).
        package var copies = 1
        /// Of the random strategy.
        package var seed: UInt64 = 0
        /// Payments driven at once.
        package var concurrency = WalletLimits.concurrency
        /// Whether the receipt of every ended payment is fetched.
        package var wantsReceipts = false
        /// Whether an Open is handed in once more when the receiver is sure (S821); validators settle it in any case.
        package var sendsAgain = false
        /// First nonce of cross payments: what makes each body unique. Never the same for two runs of one account's wallet.
        package var crossNonce: UInt64 = 0

        package init() {}
    }

    let network: Network
    let options: Options
    var choices: [CollectorChoice]
    var clocks: [ChainClock]
    /// Payments that wait for a chain's time.
    var clockWaiters: [[PaymentKey]]
    var isClockAsked: [Bool]
    var desk = RequestDesk<Subject>()
    var watches = WatchList()
    var nonces: [AccountPlace: NonceBook] = [:]
    /// Payments that wait for a nonce; an entry means that the account has been asked for.
    var nonceWaiters: [AccountPlace: [PaymentKey]] = [:]
    var payments: [PaymentKey: TrackedPayment] = [:]
    /// Transaction ids and xids of payments.
    var names: [Digest: PaymentKey] = [:]
    var queue: Deque<PaymentKey> = []
    var due = DueQueue()
    var lastCrossNonce: UInt64
    /// Started and not ended.
    package internal(set) var activeCount = 0
    /// Ended, and the receipt not there yet.
    package internal(set) var provingCount = 0

    package init(network: Network, options: Options = Options()) {
        self.network = network
        self.options = options
        choices = network.chains.enumerated().map { index, chain in
            CollectorChoice(chain, strategy: options.strategy, seed: options.seed &+ UInt64(index))
        }
        clocks = network.chains.map { _ in ChainClock() }
        clockWaiters = network.chains.map { _ in [] }
        isClockAsked = network.chains.map { _ in false }
        lastCrossNonce = options.crossNonce
    }

    /// Payments whose turn has not come.
    package var queuedCount: Int { queue.count }

    /// Whether nothing is left to be done.
    package var isIdle: Bool { activeCount == 0 && provingCount == 0 && queue.isEmpty }

    /// When `.tick` is wanted, monotonic milliseconds; nil when nothing is due.
    package var nextMilliseconds: UInt64? {
        guard let payment = due.next else { return isIdle ? nil : watches.next }
        return min(payment, watches.next ?? payment)
    }

    /// The signed form of a payment; nil before it is signed.
    package func signed(_ key: PaymentKey) -> SignedPayment? { payments[key]?.signed }

    package mutating func apply(_ input: WalletInput, at now: Moment) -> [WalletEffect] {
        var effects: [WalletEffect] = []
        switch input {
        case .start(let key, let order):
            precondition(payments[key] == nil, "a key names one payment")
            payments[key] = TrackedPayment(order: order, at: now)
            queue.append(key)
        case .resume(let key, let signed):
            precondition(payments[key] == nil, "a key names one payment")
            payments[key] = TrackedPayment(order: nil, at: now)
            payments[key]?.signed = signed
            payments[key]?.isUncertain = true
            queue.append(key)
        case .cancel(let key): cancel(key, at: now)
        case .answered(let call, let response): effects = answered(call, response, at: now)
        case .unanswered(let call): effects = unanswered(call, at: now)
        case .noticed(.status(let status)): if let key = names[status.id] { effects = learn(key, status, at: now) }
        case .noticed(.leg): break
        case .reconnected: watches.renew(at: now)
        case .tick: effects = tick(at: now)
        case .giveUp: effects = giveUp(at: now)
        }
        effects += startQueued(at: now)
        while let watch = watches.takeDue(at: now) {
            let door = RequestDesk<Subject>.Door(chain: watch.chain, position: choices[watch.chain].choose(at: now))
            desk.ask(
                .watch(item: watch.item), choices[watch.chain].service(door.position), door: door,
                .watch(Watch(time: now.wallMilliseconds, network: network.id, signer: watch.signer)))
        }
        return effects + desk.send(at: now)
    }

    /// Position of a chain.
    /// - Precondition: it is one of the network's sub-chains.
    func position(of chain: ChainID) -> Int {
        guard let position = network.chains.firstIndex(where: { $0.id == chain }) else {
            preconditionFailure("orders are checked against the network: there is no sub-chain \(chain)")
        }
        return position
    }

    private mutating func startQueued(at now: Moment) -> [WalletEffect] {
        var effects: [WalletEffect] = []
        while activeCount < options.concurrency, let key = queue.popFirst() {
            activeCount += 1
            if let signed = payments[key]?.signed {
                remember(key, signed)
                payments[key]?.stage = .submitting
            } else {
                payments[key]?.stage = .preparing
                if let order = payments[key]?.order {
                    for chain in [order.homeChain, order.decidingChain] { watches.add(order.payer, chain: position(of: chain), at: now) }
                }
            }
            effects += advance(key, at: now)
        }
        return effects
    }

    private mutating func tick(at now: Moment) -> [WalletEffect] {
        var effects: [WalletEffect] = []
        while let key = due.takeDue(at: now.monotonicMilliseconds) {
            guard let wanted = payments[key]?.due, wanted <= now.monotonicMilliseconds else { continue }
            payments[key]?.due = nil
            effects += advance(key, at: now)
        }
        return effects
    }

    /// Comes back to a payment after a while.
    mutating func schedule(_ key: PaymentKey, afterMilliseconds: UInt64, at now: Moment) {
        let time = now.monotonicMilliseconds + afterMilliseconds
        payments[key]?.due = time
        due.add(key, at: time)
    }

    /// Does what a payment's stage asks for, unless a request of its own is under way.
    mutating func advance(_ key: PaymentKey, at now: Moment) -> [WalletEffect] {
        guard let payment = payments[key] else { return [] }
        guard !payment.isAsking else {
            // A question from before its end is still under way: the receipt is asked for after it.
            if payment.isEnded { schedule(key, afterMilliseconds: WalletTiming.receiptMilliseconds, at: now) }
            return []
        }
        switch payment.stage {
        case .queued, .done: break
        case .preparing: return prepare(key, at: now)
        case .submitting: submit(key, at: now)
        case .following: ask(after: key, at: now)
        case .inquiring, .proving: askReceipt(key, at: now)
        }
        return []
    }

    func remembered(_ key: PaymentKey) -> (payment: TrackedPayment, signed: SignedPayment)? {
        guard let payment = payments[key], let signed = payment.signed else { return nil }
        return (payment, signed)
    }

    mutating func remember(_ key: PaymentKey, _ signed: SignedPayment) {
        names[signed.id] = key
        if let xid = signed.xid { names[xid] = key }
    }

    /// Ends a payment, once.
    mutating func end(_ key: PaymentKey, _ outcome: PaymentOutcome, at now: Moment) -> [WalletEffect] {
        guard var payment = payments[key], !payment.isEnded, payment.stage != .queued else { return [] }
        payment.outcome = outcome
        if outcome != .open { payment.times.payerSure = now }
        if outcome == .settled, payment.times.receiverSure == nil { payment.times.receiverSure = now }
        let isProving = options.wantsReceipts && outcome.mayHaveReceipt
        payment.stage = isProving ? .proving : .done
        activeCount -= 1
        payments[key] = payment
        if isProving {
            provingCount += 1
            schedule(key, afterMilliseconds: WalletTiming.receiptMilliseconds, at: now)
        } else {
            payments[key]?.due = nil
        }
        return [.ended(key, outcome, payment.times)]
    }

    private mutating func giveUp(at now: Moment) -> [WalletEffect] {
        var effects: [WalletEffect] = []
        queue.removeAll()
        for key in payments.keys.sorted() {
            guard let payment = payments[key] else { continue }
            if payment.stage == .proving {
                provingCount -= 1
                payments[key]?.stage = .done
            } else if payment.stage == .queued {
                payments[key]?.stage = .done
                payments[key]?.outcome = .open
                effects.append(.ended(key, .open, payment.times))
            } else {
                effects += end(key, .open, at: now)
            }
        }
        return effects
    }
}
