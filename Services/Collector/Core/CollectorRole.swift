import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// The front door of one node of a sub-chain for clients (S820, S821, S870, S880; A1, A5, A9).
///
/// Checks form, signatures and state, stores before it acknowledges, spreads to the chain's builders until the transaction has
/// ended, hands legs to the devices that must confirm them, and answers from the final state it follows. Any number of replicas
/// serve one node: what is promised rests on the chain and on each one's own store alone (invariant 7).
package struct CollectorRole: RoleCore {
    package static let recoveredTables: [StoreTable] = [.accepted, .legs, .ended, .outcomes, .handovers]

    let context: RoleContext
    let network: Network
    let chain: ChainID
    /// Who votes where.
    let book: ElectorateBook
    /// Stands at the newest final block; a collector knows no candidates.
    var tree: BlockTree
    var follower: ChainFollower
    var checker: CertificateChecker
    var desk: HandoverDesk
    /// Shows the newest final block to be final; nil at genesis.
    var newestFinal: FinalHeader?
    /// Whether a consensus node has once said that nothing is missing: until then "unknown" may only mean "not read yet".
    var isCaughtUp = false
    /// Clients' terms under way to the notary chain, by number.
    var sponsorships: [UInt64: Sponsorship] = [:]
    var sponsorCount: UInt64 = 0
    /// False once the chain has made final what this code finds invalid.
    var isFollowing = true
    var pending: PendingTransactions
    var outcomes: Outcomes
    var snapshots: SnapshotKeeper
    /// What was found damaged when the role started.
    var repairs: [RoleEffect]
    var ended: EndedTransactions
    var legs = WaitingLegs()
    var gathering = GatheredHolds()
    var gathered = GatheredAttestations()
    var resolutions = ResolutionNotices()
    var watchers = Watchers()
    var checks = CheckQueue<CheckItem>(firstToken: 1)
    /// Submissions whose signatures are being checked, by id.
    var submissions: [Digest: Submission] = [:]
    /// Legs whose signatures are being checked.
    var legsInCheck: Set<Digest> = []
    var isRepublishing = false

    enum Timers {
        static let follower: UInt8 = 1
        static let republish = TimerID(kind: 2)
        static let snapshots: UInt8 = 3
    }

    /// What waits for signature checks.
    enum CheckItem: Sendable {
        case submission(Submission)
        case leg(LegNotice)
        case consent(LegConsent)
        case watch(Watch, client: String, token: UInt64)
    }

    /// First call number of the follower.
    private static let followerCalls: UInt64 = 1 << 40

    package init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        self.context = context
        network = context.network
        chain = context.address.chain
        book = ElectorateBook(network: context.network)
        desk = HandoverDesk(context, book: book, recovered: recovered)
        let stored = try ChainRecovery(context, book: book, chain: chain, recovered)
        (tree, newestFinal, repairs) = (stored.tree, stored.final, stored.repairs)
        snapshots = SnapshotKeeper(
            policy: context.snapshots, timer: Timers.snapshots, stored: stored.snapshots, transactions: stored.transactions)
        outcomes = Outcomes(recovered[.outcomes])
        checker = CertificateChecker(book: book, verify: context.verify)
        follower = ChainFollower(
            book: book, chain: chain, verify: context.verify, height: stored.tree.finalHeight, head: stored.tree.finalHash,
            timer: Timers.follower, calls: CollectorRole.followerCalls, preferred: context.address.node)
        pending = PendingTransactions(republishMilliseconds: context.network.timing.republishMilliseconds)
        ended = try EndedTransactions(recovered[.ended])
        for row in recovered[.accepted] {
            guard let pooled = try? PooledTransaction(decoding: row.value),
                let transaction = try? Transaction(decoding: pooled.transaction, chain: chain, network: network.id)
            else { throw StoredFault(.accepted, key: row.key, "this is no acknowledged transaction") }
#if PLANTED_BUGS
            if PlantedBug.pendingForgotten.isPlanted { continue }
#endif
            pending.recover(BlockItem(transaction: transaction, foreign: pooled.foreign), key: row.key)
        }
        for row in recovered[.legs] {
            guard let notice = try? LegNotice(decoding: row.value, network: network.id) else {
                throw StoredFault(.legs, key: row.key, "this is no waiting leg")
            }
            legs.recover(notice, confirmers: context.network.confirmers(of: notice.cross), key: row.key)
        }
    }

    package var subscriptions: [Topic] { [.candidate(chain), .final(chain), .leg(chain), .confirm(chain), .handover, .joined] }
    package var height: Height { tree.finalHeight }
    package var waiting: Int { pending.count + legs.count }
    package var oldestWaitingMilliseconds: UInt64? { pending.oldestMilliseconds }

    package mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        watchers.expire(at: now)
        var effects = take(input, at: now)
        effects += desk.ask(at: now)
        return effects
    }

    private mutating func take(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started: return repairs + take(follower.started(at: now), at: now) + armRepublish(afterMilliseconds: network.timing.fetchMilliseconds)
        case .delivered(let message, let publisher): return delivered(message, publisher: publisher, at: now)
        case .lost: return take(follower.lost(at: now), at: now)
        case .requested(let request, let token, let client): return requested(request, token: token, client: client, at: now)
        case .answered(let call, let response): return answered(call, response, at: now)
        case .timerFired(let timer): return timerFired(timer, at: now)
        case .checked(let token, let answers): return checked(token: token, answers, at: now)
        case .rows, .mined: return []
        }
    }

    private mutating func delivered(_ message: Message, publisher: String, at now: Moment) -> [RoleEffect] {
        switch message {
        case .candidate(let block): take(follower.candidate(block, at: now), at: now)
        case .final(let final): take(follower.final(final, at: now), at: now)
        case .leg(let notice): heard(notice, publisher: publisher, at: now)
        case .contract(let notice): heard(notice, publisher: publisher, at: now)
        case .pause(let notice): heard(notice, publisher: publisher, at: now)
        case .confirm(let notice): heard(notice, publisher: publisher, at: now)
        case .handover(let handover): desk.heard(handover).effects
        case .joined(let notice): desk.heard(notice)
        default: [.count(.peerFault, by: 1)]
        }
    }

    private mutating func requested(_ request: Request, token: UInt64, client: String?, at now: Moment) -> [RoleEffect] {
        switch request {
        case .submit(let bytes): submit(bytes, token: token, at: now)
        case .answer(let answer): receive(answer, token: token, at: now)
        case .watch(let watch): self.watch(watch, client: client, token: token, at: now)
        case .status(let name): [.reply(token: token, .status(explained(status(of: name), at: now)))]
        case .account(let key): [.reply(token: token, .account(view(of: key)))]
        case .sponsor(let terms, let signature): sponsor(terms, signature, token: token)
        case .bridge(let query): [.reply(token: token, .bridge(view(of: query)))]
        case .bridgeProof(let query): [.reply(token: token, show(query))]
        case .attest(let proof, let final): attest(proof, final, token: token, at: now)
        case .brakes: [.reply(token: token, .brakes(brakes(at: now)))]
        case .fetchLegs(let key): [.reply(token: token, .legs(legs.notices(for: key)))]
        case .head(let asked) where asked == chain: [.reply(token: token, .head(newestFinal, height: height))]
        case .head: [.reply(token: token, .failure(.wrongChain, detail: "this collector serves \(chain)"))]
        case .fetchStakes(let asked): [.reply(token: token, asked == chain ? .stakes(stakes) : .failure(.wrongChain, detail: "this collector serves \(chain)"))]
        case .fetchHolds(let query):
            [.reply(token: token, query.chain == chain ? .holds(holds(query)) : .failure(.wrongChain, detail: "this collector serves \(chain)"))]
        case .fetchBlocks, .fetchBlock, .fetchSnapshot, .fetchSigned, .fetchRecorded, .fetchHandovers, .validate, .receipt, .trace, .offences, .election, .nominate,
            .consent, .chains, .release, .stand, .frozen, .fetchHeaders, .fetchAccountProof, .contract, .contracts, .pause,
            .pauseConsent, .pauses, .admit, .joins:
            [.count(.refused, by: 1), .reply(token: token, .failure(.notAllowed, detail: "a collector does not answer this request"))]
        }
    }

    private mutating func answered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect] {
        if let step = desk.answered(call: call, response) { return step.effects }
        if let effects = sponsorAnswered(call, response) { return effects }
        guard let step = follower.answered(call: call, response, at: now) else { return [] }
        let effects = take(step, at: now)
        // What this very answer brought is old.
        if follower.isCaughtUp { isCaughtUp = true }
        return effects
    }

    private mutating func timerFired(_ timer: TimerID, at now: Moment) -> [RoleEffect] {
        if timer == Timers.republish { return republish(at: now) }
        if let effects = snapshots.timerFired(timer) { return effects }
        return follower.timerFired(timer, at: now).map { take($0, at: now) } ?? []
    }

    private mutating func take(_ step: ChainFollower.Step, at now: Moment) -> [RoleEffect] {
        follow(step.blocks, at: now) + step.effects
    }

    private mutating func checked(token: UInt64, _ answers: [Bool], at now: Moment) -> [RoleEffect] {
        guard let (items, more) = checks.checked(token: token, answers) else { return [] }
        var accepted: [Submission] = []
        var effects: [RoleEffect] = []
        for (item, holds) in items {
            switch item {
            case .submission(let first):
                // Others that sent the same bytes meanwhile get the same answer.
                let submission = finishCheck(of: first)
                if holds { accepted.append(submission) } else { effects += refuse(submission, .badSignature, "a signature does not hold") }
            case .leg(let notice): effects += checked(notice, holds: holds, at: now)
            case .consent(let consent): effects += checked(consent, holds: holds, at: now)
            case .watch(let watch, let client, let token): effects += checked(watch, client: client, token: token, holds: holds, at: now)
            }
        }
        return accept(accepted, at: now) + effects + more
    }
}
