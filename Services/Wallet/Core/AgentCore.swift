import Cryptography
import Determinism
import OrderedCollections
import Wire

/// A fact that reaches an agent.
package enum AgentInput: Sendable {
    case started
    case noticed(Notice)
    /// The answer to a leg that a rule left to whoever runs the device: `confirm` or `refuse`.
    case decided(LegNotice, PublicKey, AgentRule.Action)
    case answered(call: UInt64, Response)
    case unanswered(call: UInt64)
    case reconnected
    /// `nextMilliseconds` has been reached.
    case tick
}

/// Devices that answer legs by rules (S870, S880; A5): watches accounts on every chain, and answers each leg once it is told of it,
/// again and again until a collector has taken the answer.
package struct AgentCore: Machine {
    private enum Subject: Sendable {
        case watch(item: Int)
        case answer(Place)
    }

    /// What one account is asked: several accounts of one device may have to consent to one cross transaction.
    private struct Place: Hashable, Sendable {
        var xid: Digest
        var account: PublicKey
    }

    private struct Pending: Sendable {
        var chain: Int
        var answer: Answer
        /// In the deciding chain's time.
        var deadline: ChainTime
        var due: UInt64
        var attempts = 0
        var isAsked = false
    }

    private let network: Network
    private let rules: [AgentRule]
    private let signers: [PublicKey: Signer]
    private let accounts: [Signer]
    private var choices: [CollectorChoice]
    private var desk = RequestDesk<Subject>()
    private var watches = WatchList()
    private var pending: OrderedDictionary<Place, Pending> = [:]
    /// Legs answered, or left alone by a rule.
    private var settled: Set<Place> = []

    /// Answered legs remembered; after so many they are forgotten all at once, and at worst answered again, which changes nothing.
    package static let rememberedMaximum = 1_000_000

    package init(network: Network, accounts: [Signer], rules: [AgentRule]) {
        precondition(rules.count <= WalletLimits.agentRules, "the reader of rules bounds them")
        self.network = network
        self.rules = rules
        self.accounts = accounts
        signers = Dictionary(accounts.map { ($0.publicKey, $0) }, uniquingKeysWith: { first, _ in first })
        choices = network.chains.enumerated().map { CollectorChoice($1, strategy: .roundRobin, seed: UInt64($0)) }
    }

    /// When `.tick` is wanted, monotonic milliseconds.
    package var nextMilliseconds: UInt64? {
        var next = watches.next
        for item in pending.values where !item.isAsked { next = min(next ?? item.due, item.due) }
        return next
    }

    package mutating func apply(_ input: AgentInput, at now: Moment) -> [WalletEffect] {
        var effects: [WalletEffect] = []
        switch input {
        case .started:
            for signer in accounts {
                for chain in network.chains.indices { watches.add(signer, chain: chain, at: now) }
            }
        case .noticed(.leg(let notice)): effects = decide(notice, at: now)
        case .decided(let notice, let account, let action): decide(notice, account, action, at: now)
        case .noticed(.status), .tick: break
        case .answered(let call, let response): ended(desk.end(call), response, at: now)
        case .unanswered(let call): ended(desk.end(call), nil, at: now)
        case .reconnected: watches.renew(at: now)
        }
        ask(at: now)
        return effects + desk.send(at: now)
    }

    private mutating func decide(_ notice: LegNotice, at now: Moment) -> [WalletEffect] {
        guard notice.purpose == .confirm, let chain = network.chains.firstIndex(where: { $0.id == notice.chain }) else { return [] }
        return network.confirmers(of: notice.cross).flatMap { account in
            signers[account].map { decide(notice, as: $0, chain: chain, at: now) } ?? []
        }
    }

    private mutating func decide(_ notice: LegNotice, as signer: Signer, chain: Int, at now: Moment) -> [WalletEffect] {
        let place = Place(xid: notice.cross.xid, account: signer.publicKey)
        guard !settled.contains(place), pending[place] == nil, pending.count < WalletLimits.agentLegs else { return [] }
        let action = rules.first { $0.fits(notice.cross, for: signer.publicKey) }?.action ?? .confirm
        switch action {
        case .confirm, .refuse: answer(notice, signer, action, chain: chain, at: now)
        case .silent: settle(place)
        // Whoever is asked may be asked again: every notice says anew that an answer is wanted.
        case .ask: break
        }
        return [.answered(notice, signer.publicKey, action)]
    }

    private mutating func decide(_ notice: LegNotice, _ account: PublicKey, _ action: AgentRule.Action, at now: Moment) {
        let place = Place(xid: notice.cross.xid, account: account)
        guard let signer = signers[account], let chain = network.chains.firstIndex(where: { $0.id == notice.chain }), !settled.contains(place),
            pending[place] == nil
        else { return }
        answer(notice, signer, action, chain: chain, at: now)
    }

    /// Makes the answer that is handed in until a collector has it.
    private mutating func answer(_ notice: LegNotice, _ signer: Signer, _ action: AgentRule.Action, chain: Int, at now: Moment) {
        var refusal: String?
        if case .refuse(let reason) = action { refusal = reason }
        let place = Place(xid: notice.cross.xid, account: signer.publicKey)
        pending[place] = Pending(
            chain: chain, answer: Answer(xid: place.xid, refusal: refusal, network: network.id, signer: signer),
            deadline: notice.cross.deadline, due: now.monotonicMilliseconds)
    }

    private mutating func ask(at now: Moment) {
        while let watch = watches.takeDue(at: now) {
            let door = RequestDesk<Subject>.Door(chain: watch.chain, position: choices[watch.chain].choose(at: now))
            desk.ask(
                .watch(item: watch.item), choices[watch.chain].service(door.position), door: door,
                .watch(Watch(time: now.wallMilliseconds, network: network.id, signer: watch.signer)))
        }
        for place in pending.keys {
            guard let item = pending[place], !item.isAsked, item.due <= now.monotonicMilliseconds else { continue }
            let door = RequestDesk<Subject>.Door(chain: item.chain, position: choices[item.chain].choose(at: now))
            pending[place]?.isAsked = true
            pending[place]?.attempts += 1
            desk.ask(.answer(place), choices[item.chain].service(door.position), door: door, .answer(item.answer))
        }
    }

    private mutating func ended(_ request: RequestDesk<Subject>.UnderWay?, _ response: Response?, at now: Moment) {
        guard let request else { return }
        if let door = request.door {
            if response == nil {
                choices[door.chain].failed(door.position, at: now)
            } else {
                choices[door.chain].answered(door.position, afterMilliseconds: now.milliseconds(since: request.sent))
            }
        }
        switch request.subject {
        case .watch(let item): watches.answered(item, isTaken: response == .watch(true), at: now)
        case .answer(let place):
            guard let item = pending[place] else { return }
            if case .submit(let result)? = response, isDefinite(result, of: item, at: now) {
                pending[place] = nil
                settle(place)
            } else {
                pending[place]?.isAsked = false
                pending[place]?.due =
                    now.monotonicMilliseconds
                    + TrackedPayment.backOff(item.attempts, first: WalletTiming.retryMilliseconds, longest: WalletTiming.retryLongestMilliseconds)
            }
        }
    }

    /// Whether asking again cannot change a collector's answer. One that has not heard of the leg yet says that it knows none:
    /// another may, and so may the same one a moment later.
    private func isDefinite(_ result: SubmitResult, of item: Pending, at now: Moment) -> Bool {
        guard let reason = result.rejection else { return true }
        if reason == .unknownCross { return now.wallMilliseconds > item.deadline + Limits.chainTimeSkewMilliseconds }
        return !Wallet.isPassing(reason)
    }

    private mutating func settle(_ place: Place) {
        if settled.count >= AgentCore.rememberedMaximum { settled.removeAll() }
        settled.insert(place)
    }
}
