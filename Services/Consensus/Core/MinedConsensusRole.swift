import Chain
import Cryptography
import Determinism
import OrderedCollections
import RoleKit
import Wire

/// Consensus of one node of a mined chain (S826, S894; A3, B7): keeps the notarized candidates above the newest recorded block, has its
/// builder mine on the heaviest branch of them, and adopts what the notary chain records. It votes on nothing; a block that is not
/// recorded counts for nobody, and nothing beside a recorded block counts ever again.
package struct MinedConsensusRole: RoleCore, ChainKeeper {
    package static let recoveredTables: [StoreTable] = [.candidates, .certified, .handovers]

    let context: RoleContext
    /// Who votes where.
    let book: ElectorateBook
    var desk: HandoverDesk
    var headerDesk = HeaderDesk()
    var tree: BlockTree
    var candidates = CandidateBook()
    /// Shows the newest final block to be final; nil at genesis.
    var finalProof: FinalHeader?
    var recentFinals: OrderedDictionary<Digest, Height> = [:]
    var branch: HeaviestBranch
    /// The newest record above the final block; nil when its block has been adopted.
    var record: NewestRecord?
    var catchUp: CatchUp
    var snapshots: SnapshotKeeper
    var snapshotService = SnapshotService()
    var fetch: SnapshotFetch
    var repair: BlockRepair
    /// What was found damaged when the role started.
    var repairs: [RoleEffect]
    var tokens: UInt64 = 0
    /// A question for the newest record under way.
    var recordCall: UInt64?
    var lastFinalMilliseconds: UInt64 = 0

    enum Timers {
        static let fetch = TimerID(kind: 1)
        static let lead = TimerID(kind: 2)
        static let beat = TimerID(kind: 3)
        static let snapshots: UInt8 = 4
    }

    enum Calls {
        static let record: UInt64 = 1 << 37
        static let repair: UInt64 = 1 << 38
        static let snapshot: UInt64 = 1 << 39
    }

    package init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        self.context = context
        let chain = context.chain
        precondition(chain.engine == .pow, "this is the consensus of mined chains")
        let peers = chain.nodes.map(\.id).filter { $0 != context.address.node }
        book = ElectorateBook(network: context.network)
        desk = HandoverDesk(context, book: book, recovered: recovered)
        let stored = try ChainRecovery(context, book: book, chain: chain.id, recovered)
        (tree, finalProof, repairs) = (stored.tree, stored.final, stored.repairs)
        branch = HeaviestBranch(root: stored.tree.finalHash, height: stored.tree.finalHeight)
        catchUp = CatchUp(
            peers: peers, chain: chain.id, timing: context.network.timing,
            others: context.network.notary.nodes.map { Service.name(.validator, chain: chain.id, node: $0.id) })
        snapshots = SnapshotKeeper(
            policy: context.snapshots, timer: Timers.snapshots, stored: stored.snapshots, transactions: stored.transactions)
        fetch = SnapshotFetch(book: book, chain: chain.id, verify: context.verify, nodes: peers, calls: Calls.snapshot)
        repair = BlockRepair(
            book: book, chain: chain.id, table: .blocks, verify: context.verify, nodes: peers, archives: context.archives,
            numbers: Calls.repair)
        for row in recovered[.candidates] where !row.isDamaged {
            if let block = try? Block(decoding: row.value, network: context.network.id) { candidates.restore(block) }
        }
        for row in recovered[.certified] where !row.isDamaged {
            if let certified = try? CertifiedCandidate(decoding: row.value) { candidates.certify(certified) }
        }
    }

    package var subscriptions: [Topic] { [.candidate(chain), .certification(chain), .lead(chain), .recorded(chain), .handover, .joined] }

    package var height: Height { tree.finalHeight }
    package var waiting: Int { candidates.count }

    package mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        var effects = take(input, at: now)
        effects += desk.ask(at: now)
        return effects
    }

    private mutating func take(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started: return started(at: now)
        case .delivered(let message, let publisher): return delivered(message, publisher: publisher, at: now)
        case .lost: return askForBlocks() + askRecord()
        case .requested(let request, let token, _): return answer(request, token: token)
        case .answered(let call, let response): return answered(call, response, at: now)
        case .timerFired(let timer): return timerFired(timer, at: now)
        case .checked(let token, let answers): return checked(token: token, answers, at: now)
        case .rows(let token, let rows): return served(token: token, rows)
        case .mined: return []
        }
    }

    private mutating func started(at now: Moment) -> [RoleEffect] {
        lastFinalMilliseconds = now.monotonicMilliseconds
        let effects = repairs
        repairs = []
        return effects + judgeAll(at: now) + askForBlocks() + askRecord() + sayLead()
            + [.setTimer(Timers.beat, afterMilliseconds: context.network.timing.beatMilliseconds)]
    }

    private mutating func delivered(_ message: Message, publisher: String, at now: Moment) -> [RoleEffect] {
        switch message {
        case .candidate(let block): return candidate(block, at: now)
        case .certified(let certified): return self.certified(certified, at: now)
        case .recorded(let recorded): return learn(recorded, at: now)
        case .handover(let handover):
            let step = desk.heard(handover)
            return step.effects + (step.hasLearned ? judgeAll(at: now) : [])
        case .joined(let notice): return desk.heard(notice)
        case .pool(let state):
            // A builder that has just come to work may have missed which block it is to mine on.
            guard isOwnBuilder(publisher), state.node == context.address.node, state.waiting > 0 else { return [] }
            return sayLead()
        case .verdict, .lead: return []
        default: return [.count(.peerFault, by: 1)]
        }
    }

    private mutating func timerFired(_ timer: TimerID, at now: Moment) -> [RoleEffect] {
        switch timer {
        case Timers.fetch: return fetchMissing(at: now)
        case Timers.lead: return sayLead()
        case Timers.beat:
            let timing = context.network.timing
            let isQuiet = now.monotonicMilliseconds >= lastFinalMilliseconds + timing.heartbeatMilliseconds
            return (isQuiet ? askForBlocks() + askRecord() : []) + [.setTimer(Timers.beat, afterMilliseconds: timing.beatMilliseconds)]
        default: return snapshots.timerFired(timer) ?? []
        }
    }

    mutating func nextToken() -> UInt64 {
        tokens += 1
        return tokens
    }

    /// Tells this node's builder which block to mine on, again and again: it may have been restarted.
    ///
    /// Not beyond what a record above could still show to be final.
    func sayLead() -> [RoleEffect] {
        let again: RoleEffect = .setTimer(Timers.lead, afterMilliseconds: context.network.timing.standstillMilliseconds)
        guard record == nil, branch.tipHeight - branch.rootHeight < Limits.unrecordedBlocks else { return [again] }
        let lead = Lead(
            node: context.address.node, chain: chain, slot: branch.tipHeight + 1, parentSlot: branch.tipHeight, parent: branch.tip,
            parentHeight: branch.tipHeight)
        return [.publish(.lead(chain), .lead(lead)), again]
    }
}
