import Chain
import Cryptography
import Determinism
import Ledger
import OrderedCollections
import RoleKit
import Wire

/// The recorder of a notary (S851, S852; A8, A9): archives every chain's final blocks, makes the notary chain's candidates out of
/// what is not recorded yet, and answers for receipts and traces.
package struct RecorderRole: RoleCore {
    package static let recoveredTables: [StoreTable] = [.facts, .handovers]

    let context: RoleContext
    let network: Network
    /// Who votes where.
    let book: ElectorateBook
    var desk: HandoverDesk
    /// The notary chain.
    var tree: BlockTree
    var followers: [ChainFollower]
    /// Sub-chain blocks that are final and may not be recorded yet, by chain position.
    var unrecorded: UnrecordedBlocks
    var index: ArchiveIndex
    /// Newest height of each chain that the final notary chain records.
    var recordedHeights: [ChainID: Height] = [:]
    /// Of the notary chain's state.
    var snapshots: SnapshotKeeper
    var steps = StepLog()
    var offences = OffencesWaiting()
    var nominations = NominationsWaiting()
    var proposal: Proposal?
    /// Notarized candidates between the final block and the proposal's parent, newest first, as far as they have come.
    var ancestors: [Block] = []
    /// The own candidates made so far, by slot, so that no slot ever gets a second one.
    var proposed: [Slot: Block] = [:]
    /// Below this slot what was proposed has been forgotten, so nothing is proposed any more.
    var floor: Slot
    /// Nothing is known of what this notary has proposed: the first slot it leads is left out, should that be because it was lost.
    var hasNoRecord: Bool
    var answers = PendingAnswers()
    var recent = RecentBlocks()
    /// Refills of a lane from the archive under way: read token to chain position.
    var refills: [UInt64: Int] = [:]
    /// FetchBlocks under way: read token to request token and chain position.
    var fetches: [UInt64: (token: UInt64, position: Int, isForHeaders: Bool)] = [:]
    /// What consensus was last told of waiting records.
    var saidWaiting: UInt64 = 0
    /// What was found damaged when the role started.
    private var foundDamaged: [RoleEffect]
    /// Puts back archived blocks that a disk has damaged, by chain position.
    var repairs: [BlockRepair]
    var isEndorseTimerSet = false
    var isNominationTimerSet = false
    /// Newest final block of the notary chain.
    var notaryFinal: FinalHeader?
    /// What the notary chain says of the sub-chains.
    var view: NotaryView
    var consents = ConsentDesk()
    var pauses = PauseDesk()
    var applications = JoinDesk()
    /// When a chain was last seen to make a block final, monotonic milliseconds, by position.
    var lastFinalMilliseconds: [UInt64]
    /// Chain time of the recorded heads.
    var recordedTimes: [ChainID: ChainTime] = [:]
    /// Recorded offences of chains with two final blocks of one height.
    var recordedForks: [OffenceEntry] = []
    /// Times a chain was followed anew.
    var refollowed: UInt64 = 0
    /// Of archives that have gone back, for the next commit.
    var rewound: [StoreOperation] = []
    var tokens: UInt64 = 0

    enum Timers {
        /// Followers use kinds from here up, one a chain.
        static let follower: UInt8 = 16
        static let build = TimerID(kind: 1)
        static let resend = TimerID(kind: 2)
        static let endorse = TimerID(kind: 3)
        static let snapshots: UInt8 = 4
        static let nominations = TimerID(kind: 5)
        static let consents = TimerID(kind: 6)
        static let joined = TimerID(kind: 8)
        static let refollow: UInt8 = 7
    }

    enum Calls {
        static let follower: UInt64 = 1 << 40
        static let parent: UInt64 = 200 << 40
        static let branch: UInt64 = 201 << 40
        static let repair: UInt64 = 202 << 40
    }

    package init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        self.context = context
        network = context.network
        let chains = context.network.stored
        let book = ElectorateBook(network: context.network)
        self.book = book
        desk = HandoverDesk(context, book: book, recovered: recovered)
        let stored = try ArchiveRecovery(context, book: book, chains: chains.map(\.id), recovered)
        (tree, index, foundDamaged) = (stored.chain.tree, stored.index, stored.chain.repairs)
        notaryFinal = stored.chain.final
        snapshots = SnapshotKeeper(
            policy: context.snapshots, timer: Timers.snapshots, stored: stored.chain.snapshots, transactions: stored.chain.transactions)
        tree.moveToFinal()
        for chain in context.network.chains {
            recordedHeights[chain.id] = tree.ledger.head(of: chain.id)?.height
            recordedTimes[chain.id] = tree.ledger.head(of: chain.id)?.time
        }
        recordedForks = tree.ledger.offences.map(\.entry).filter { $0.kind == .twoFinals }
        view = NotaryView(network: context.network)
        if let header = tree.finalHeader { view.jump(to: header, tree.ledger) }
        lastFinalMilliseconds = [UInt64](repeating: 0, count: chains.count)
        followers = chains.enumerated().map { position, chain in
            ChainFollower(
                book: book, chain: chain.id, verify: context.verify, height: stored.heads[position]?.height ?? 0,
                head: stored.heads[position]?.hash, timer: Timers.follower + UInt8(position), calls: Calls.follower + UInt64(position) << 40,
                preferred: chain.id == .notary ? context.address.node : nil, archives: RecorderRole.archives(of: chain.id, context))
        }
        unrecorded = UnrecordedBlocks(chains: chains.map(\.id))
        floor = recovered.forgottenBelow
        repairs = chains.enumerated().map { position, chain in
            BlockRepair(
                book: book, chain: chain.id, table: RecorderRole.archive(position), verify: context.verify,
                nodes: chain.listed.map(\.id), archives: RecorderRole.archives(of: chain.id, context), numbers: Calls.repair + UInt64(position) << 32)
        }
        hasNoRecord = recovered.votes.isEmpty && recovered.forgottenBelow == 0
        for vote in recovered.votes where vote.duty == .propose {
            if let block = try? Block(decoding: vote.bytes, network: context.network.id) { proposed[vote.slot] = block }
        }
    }

    /// Every chain; positions name followers, archives and timers, and never change.
    var chains: [ChainID] { network.stored.map(\.id) }

    /// Sub-chains, with their positions.
    var subChains: [(position: Int, chain: ChainID)] { chains.enumerated().filter { $1 != .notary }.map { (position: $0, chain: $1) } }

    /// Who else has a chain's final blocks: the other recorders, and this notary's own validator. Of a chain that has died, that one may be
    /// the only one that got the last block, and signatures of this notary may rely on it.
    static func archives(of chain: ChainID, _ context: RoleContext) -> [String] {
        context.archives + (chain == .notary ? [] : [Service.name(.validator, chain: chain, node: context.address.node)])
    }

    /// The archive of the chain at a position.
    static func archive(_ position: Int) -> StoreTable { StoreTable(rawValue: "archive_\(position)") }

    package var subscriptions: [Topic] {
        var topics: [Topic] = [.candidate(.notary), .certification(.notary), .lead(.notary), .notaryHeader, .evidence, .election, .handover, .joined]
        for chain in network.chains.map(\.id) {
            topics += [.candidate(chain), .certification(chain), .final(chain), .leg(chain), .confirm(chain), .branch(chain)]
        }
        return topics
    }

    package var height: Height { tree.finalHeight }
    package var waiting: Int { unrecorded.count }

    package mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        var effects = take(input, at: now)
        effects += desk.ask(at: now)
        return effects
    }

    private mutating func take(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started: return started(at: now)
        case .delivered(let message, let publisher): return delivered(message, publisher: publisher, at: now)
        case .lost(let topic): return lost(topic, at: now)
        case .requested(let request, let token, _): return requested(request, token: token, at: now)
        case .answered(let call, let response): return answered(call, response, at: now)
        case .timerFired(let timer): return timerFired(timer, at: now)
        case .checked, .mined: return []
        case .rows(let token, let rows): return served(token: token, rows, at: now)
        }
    }

    private mutating func started(at now: Moment) -> [RoleEffect] {
        var effects = foundDamaged
        foundDamaged = []
        for position in lastFinalMilliseconds.indices { lastFinalMilliseconds[position] = now.monotonicMilliseconds }
        effects.append(.setTimer(Timers.consents, afterMilliseconds: network.timing.republishMilliseconds))
        for position in followers.indices { effects += followers[position].started(at: now).effects }
        effects += sayJoined()
        return effects + work(at: now)
    }

    private mutating func delivered(_ message: Message, publisher: String, at now: Moment) -> [RoleEffect] {
        steps.hear(message, publisher: publisher, at: now)
        switch message {
        case .candidate(let block):
            guard let position = chains.firstIndex(of: block.header.chain) else { return [.count(.peerFault, by: 1)] }
            let accusations = block.header.chain == .notary ? compare(block, at: now) : []
            let step = followers[position].candidate(block, at: now)
            return accusations + step.effects + adopt(step.blocks, position: position, at: now)
        case .final(let final):
            guard let position = chains.firstIndex(of: final.header.chain) else { return [.count(.peerFault, by: 1)] }
            guard isAcceptable(final.header) else { return [.count(.duplicate, by: 1)] }
            let step = followers[position].final(final, at: now)
            return step.effects + adopt(step.blocks, position: position, at: now)
        case .branch(let head):
            guard head.notary == context.address.node, isOwn(publisher, .validator, chain: head.chain) else { return [] }
            return endorse(head.chain, height: head.height, head.block) + work(at: now)
        case .notarized(let block):
            guard block.notary == context.address.node, isOwn(publisher, .validator, chain: block.header.chain) else { return [] }
            return confirmed(block, at: now)
        case .pauseConsent(let consent): return hear(consent) ? work(at: now) : [.count(.duplicate, by: 1)]
        case .joined(let notice): return desk.heard(notice)
        case .admission(let admission): return hear(admission) == nil ? work(at: now) : [.count(.duplicate, by: 1)]
        case .consent(let consent): return hear(consent) ? work(at: now) : [.count(.duplicate, by: 1)]
        case .evidence(let evidence): return accuse(evidence, publisher: publisher, at: now)
        case .handover(let handover):
            let step = desk.heard(handover)
            // Chains hear each other's handovers from the notaries.
            return step.effects + (step.hasLearned ? [.publish(.handover, .handover(handover))] : [])
        case .nomination(let nomination): return nominated(nomination, at: now)
        case .lead(let lead):
            guard lead.node == context.address.node, lead.chain == .notary, isOwn(publisher, .consensus, chain: .notary) else { return [] }
            return self.lead(lead, at: now)
        default: return []
        }
    }

    /// Whether a publisher is a role of this notary.
    func isOwn(_ publisher: String, _ role: Role, chain: ChainID) -> Bool {
        guard let address = RoleAddress(publisher) else { return false }
        return address.role == role && address.node == context.address.node && address.chain == chain
    }

    private mutating func lost(_ topic: Topic, at now: Moment) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for position in followers.indices {
            let step = followers[position].lost(at: now)
            effects += step.effects + adopt(step.blocks, position: position, at: now)
        }
        return effects
    }

    private mutating func answered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect] {
        for position in followers.indices {
            if let step = followers[position].answered(call: call, response, at: now) {
                return step.effects + adopt(step.blocks, position: position, at: now)
            }
        }
        if let step = desk.answered(call: call, response) { return step.effects }
        for position in repairs.indices {
            if let effects = repairs[position].answered(call: call, response, head: head(position)) { return effects }
        }
        return call >= Calls.branch ? branchAnswered(response, at: now) : parentAnswered(response, at: now)
    }

    private mutating func timerFired(_ timer: TimerID, at now: Moment) -> [RoleEffect] {
        for position in followers.indices {
            if let step = followers[position].timerFired(timer, at: now) {
                return step.effects + adopt(step.blocks, position: position, at: now)
            }
        }
        if timer.kind == Timers.refollow {
            let position = Int(timer.key)
            let step = followers[position].started(at: now)
            return step.effects + adopt(step.blocks, position: position, at: now)
        }
        switch timer {
        case Timers.consents: return repeatConsents(at: now)
        case Timers.joined: return sayJoined()
        case Timers.build: return buildIfDue(at: now)
        case Timers.resend: return resend(at: now)
        case Timers.endorse: return askBranches()
        case Timers.nominations: return handOnNominations()
        default: return snapshots.timerFired(timer) ?? []
        }
    }

    mutating func nextToken() -> UInt64 {
        tokens += 1
        return tokens
    }
}
