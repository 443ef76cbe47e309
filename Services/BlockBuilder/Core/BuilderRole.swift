import Chain
import Cryptography
import Determinism
import RoleKit
import Wire

/// The builder of one node of a sub-chain (S830, S840, S822, S823, S890, S891; A4, A6, A12).
///
/// Keeps the pool, makes and signs one candidate for each slot that its node leads, hands it to the notaries and gathers their
/// certificate. It decides nothing: which candidate is adopted is the business of the chain's consensus.
package struct BuilderRole: RoleCore {
    package static let recoveredTables: [StoreTable] = [.facts, .handovers]

    /// What the builder does for its node's newest turn to lead.
    enum Stage: Sendable {
        case idle
        /// A slot is open and nothing has been proposed for it.
        case leading(Lead, since: Moment)
        /// The slot's one candidate is out.
        case proposed(Proposal)
        /// A block for the slot is being mined (engine `pow`).
        case mining(Mining)

        var slot: Slot? {
            switch self {
            case .idle: nil
            case .leading(let lead, _): lead.slot
            case .proposed(let proposal): proposal.block.header.slot
            case .mining(let mining): mining.lead.slot
            }
        }
    }

    let context: RoleContext
    let network: Network
    let chain: ChainID
    /// Who votes where.
    let book: ElectorateBook
    var tree: BlockTree
    var follower: ChainFollower
    var checker: CertificateChecker
    var desk: HandoverDesk
    var pool: TransactionPool
    var bodies = CandidateBodies()
    var checks = CheckQueue<BlockItem>(firstToken: 1)
    var stage = Stage.idle
    var doubts = ForeignDoubts()
    /// Mined candidates that this builder has gone on from, and that may still be notarized.
    var earlier: [Proposal] = []
    /// Candidates signed before and not overtaken by the final chain, ascending by slot: never contradicted (invariant 9).
    var proposals: [VoteRow]
    /// Below this slot what was proposed has been forgotten, so nothing is proposed any more.
    var floor: Slot
    var reader: NotaryReader
    var snapshots: SnapshotKeeper
    /// What was found damaged when the role started.
    var repairs: [RoleEffect]
    /// Nothing is known of what this node has proposed: the first slot it leads is left out, should that be because it was lost.
    var hasNoRecord: Bool
    /// Whether this node's consensus believes that work waits.
    var hasToldWork = false
    var isFollowing = true
    var calls: UInt64 = 0
    /// Parent that has been asked for.
    var fetching: (call: UInt64, hash: Digest)?
    /// Notaries that have been handed the candidate, when it is not published to all.
    var round: NotaryRound?
    /// How fast notaries take candidates, by node.
    var latencies: [String: SmoothedLatency] = [:]

    enum Timers {
        static let follower: UInt8 = 1
        /// A leader's patience with an empty pool.
        static let idle = TimerID(kind: 2)
        static let resend = TimerID(kind: 3)
        static let fetch = TimerID(kind: 4)
        static let tell = TimerID(kind: 5)
        static let snapshots: UInt8 = 6
        static let renew = TimerID(kind: 7)
        static let reader: UInt8 = 8
    }

    /// Keys of table `facts`.
    enum Facts {
        static let floor: UInt64 = 1
        /// What has been read of the notary chain.
        static let notary: UInt64 = 2
    }

    /// First call number of the follower.
    private static let followerCalls: UInt64 = 1 << 40

    package init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        self.context = context
        network = context.network
        chain = context.address.chain
        precondition(chain != .notary, "the notary chain's blocks are the recorder's")
        book = ElectorateBook(network: context.network)
        desk = HandoverDesk(context, book: book, recovered: recovered)
        let stored = try ChainRecovery(context, book: book, chain: chain, recovered)
        (tree, repairs) = (stored.tree, stored.repairs)
        snapshots = SnapshotKeeper(
            policy: context.snapshots, timer: Timers.snapshots, stored: stored.snapshots, transactions: stored.transactions)
        checker = CertificateChecker(book: book, verify: context.verify)
        follower = ChainFollower(
            book: book, chain: chain, verify: context.verify, height: stored.tree.finalHeight, head: stored.tree.finalHash,
            timer: Timers.follower, calls: BuilderRole.followerCalls, preferred: context.address.node, snapshots: context.snapshots)
        pool = TransactionPool(republishMilliseconds: context.network.timing.republishMilliseconds)
        reader = NotaryReader(
            context: context, book: book, recovered: recovered, timer: Timers.reader, calls: BuilderRole.followerCalls + 1 << 37, fact: Facts.notary)
        proposals = recovered.votes.filter { $0.chain == context.address.chain && $0.duty == .propose }.sorted { $0.slot < $1.slot }
#if PLANTED_BUGS
        if PlantedBug.secondCandidate.isPlanted { proposals = [] }
#endif
        let number = recovered[.facts].first { $0.key == Facts.floor && !$0.isDamaged }?.value ?? UInt64(0).bigEndianBytes
        guard number.count == 8 else { throw StoredFault(.facts, key: Facts.floor, "this is no number of 8 bytes") }
        // The record of votes knows by itself what has been forgotten, should the fact be lost.
        floor = max(number.reduce(0) { $0 << 8 | UInt64($1) }, recovered.forgottenBelow)
        hasNoRecord = recovered.votes.isEmpty && floor == 0
    }

    package var subscriptions: [Topic] {
        [.transactions(chain), .leg(chain), .lead(chain), .candidate(chain), .certification(chain), .final(chain), .handover, .joined]
            + NotaryReader.subscriptions
            + (tree.chain.engine == .pos ? [.evidence] : [])
    }

    package var height: Height { tree.finalHeight }
    package var waiting: Int { pool.count }

    package mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        var effects: [RoleEffect] =
            switch input {
            case .started: repairs + take(follower.started(at: now), at: now) + read(reader.started(at: now), at: now)
            case .delivered(let message, let publisher): delivered(message, publisher: publisher, at: now)
            case .lost: take(follower.lost(at: now), at: now) + read(reader.lost(at: now), at: now)
            case .requested(_, let token, _): [.reply(token: token, .failure(.notAllowed, detail: "a builder answers no requests"))]
            case .answered(let call, let response): answered(call, response, at: now)
            case .timerFired(let timer): timerFired(timer, at: now)
            case .checked(let token, let answers): checked(token: token, answers, at: now)
            case .mined(let token, let nonce): mined(token: token, nonce: nonce, at: now)
            case .rows: []
            }
        effects += tellWork()
        effects += desk.ask(at: now)
        return effects
    }

    private mutating func delivered(_ message: Message, publisher: String, at now: Moment) -> [RoleEffect] {
        switch message {
        case .accepted(let accepted): return receive(accepted, publisher: publisher, at: now)
        // Its collectors make the transaction.
        case .contract, .pause: return []
        case .leg(let notice): return receive(notice, publisher: publisher, at: now)
        case .lead(let lead): return receive(lead, publisher: publisher, at: now)
        // A builder's own word to its consensus goes over the same topic, and so do other nodes'.
        case .pool: return []
        case .candidate(let block) where block.header.chain == .notary: return read(reader.candidate(block, at: now), at: now)
        case .candidate(let block):
            keep(block)
            return take(follower.candidate(block, at: now), at: now)
        case .verdict(let verdict): return receive(verdict, publisher: publisher, at: now)
        case .certified: return []
        case .final(let final) where final.header.chain == .notary: return read(reader.final(final, at: now), at: now)
        case .final(let final): return take(follower.final(final, at: now), at: now)
        case .handover(let handover): return desk.heard(handover).effects
        case .joined(let notice): return desk.heard(notice)
        case .evidence(let evidence): return accuse(evidence)
        default: return [.count(.peerFault, by: 1)]
        }
    }

    private mutating func answered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect] {
        if let step = reader.answered(call: call, response, at: now) { return read(step, at: now) }
        if let step = follower.answered(call: call, response, at: now) { return take(step, at: now) }
        if let step = desk.answered(call: call, response) { return step.effects + (step.hasLearned ? build(at: now) : []) }
        if call == fetching?.call { return parentAnswered(response, at: now) }
        return notaryAnswered(call, response, at: now) ?? []
    }

    private mutating func timerFired(_ timer: TimerID, at now: Moment) -> [RoleEffect] {
        switch timer {
        case Timers.idle, Timers.fetch: return build(at: now)
        case Timers.resend: return resend(at: now)
        case Timers.renew: return renew(at: now)
        case Timers.tell: return tellAgain()
        default:
            if let effects = snapshots.timerFired(timer) { return effects }
            if let step = reader.timerFired(timer, at: now) { return read(step, at: now) }
            return follower.timerFired(timer, at: now).map { take($0, at: now) } ?? []
        }
    }

    private mutating func take(_ step: ChainFollower.Step, at now: Moment) -> [RoleEffect] {
        (step.snapshot.map { adopt($0) } ?? []) + follow(step.blocks, at: now) + step.effects
    }

    /// A number for a call of the builder's own.
    mutating func nextCall() -> UInt64 {
        calls += 1
        return calls
    }

    /// The newest notary block known to be final goes into the headers of candidates.
    var notaryHead: (height: Height, hash: Digest) { reader.view.height == 0 ? (0, .zero) : (reader.view.height, reader.view.hash) }

    /// What was put off until more of the notary chain is known may go into a block now.
    private mutating func read(_ step: NotaryReader.Step, at now: Moment) -> [RoleEffect] {
        step.effects + (step.changes.isEmpty ? [] : build(at: now))
    }

    /// Tells this node's consensus when work begins or ceases to wait, so that skip timers run only when it does.
    private mutating func tellWork() -> [RoleEffect] {
        let hasWork = pool.readyCount > 0
        guard hasWork != hasToldWork else { return [] }
        hasToldWork = hasWork
        return [poolState, hasWork ? .setTimer(Timers.tell, afterMilliseconds: network.timing.beatMilliseconds) : .cancelTimer(Timers.tell)]
    }

    /// A consensus that has started since has not heard it.
    private func tellAgain() -> [RoleEffect] {
        hasToldWork ? [poolState, .setTimer(Timers.tell, afterMilliseconds: network.timing.beatMilliseconds)] : []
    }

    private var poolState: RoleEffect {
        .publish(.lead(chain), .pool(PoolState(node: context.address.node, chain: chain, waiting: UInt64(pool.readyCount))))
    }
}
