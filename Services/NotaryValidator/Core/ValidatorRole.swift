import Chain
import Cryptography
import Determinism
import Ledger
import OrderedCollections
import RoleKit
import Wire

/// The validator of one sub-chain at one notary (S850, S860, S824, S825, S892, S893; A6, A7, A11).
///
/// Re-executes every candidate, signs the valid ones, follows the chain's final branch on behalf of its notary (R7), and tells
/// the other chains of a cross transaction what has become true on this one.
package struct ValidatorRole: RoleCore {
    package static let recoveredTables: [StoreTable] = [.candidates, .certified, .handovers, .facts, .reliances]

    let context: RoleContext
    let network: Network
    /// Who votes where.
    let book: ElectorateBook
    var tree: BlockTree
    var follower: ChainFollower
    /// Shows the newest final block to be final; nil at genesis.
    var finalProof: FinalHeader?
    var desk: HandoverDesk
    var pending = PendingCandidates()
    var siblings: SiblingBranches
    var legs: LegDesk
    var contracts = NoticeDesk<NotaryView.Declared>()
    var pauses = NoticeDesk<PauseChange>()
    /// Transactions whose signatures have been found good.
    var checkedTransactions = RecentDigests(capacity: ValidatorRole.checkedMaximum)
    var watch = OffenceWatch()
    /// Notarized blocks above the newest recorded one, on a mined chain.
    var mined: MinedBlocks
    var tokens: UInt64 = 0
    var isFollowing = true
    /// Newest height of the chain that is known to be recorded; looked at only where notaries are elected (E-6).
    var recordedHeight: Height = 0
    /// What this notary had followed when the role started, or returned to since (R7).
    var bound: FollowedBlock?
    /// What was lost with this notary's blocks has been left behind (N-11).
    var hasLeftLost = false
    var reader: NotaryReader
    /// Newest followed block; nil at genesis. The tree's final block is the newest of them that is recorded.
    var tip: BlockHeader?
    var branch = Branch()
    var reliances: Reliances
    /// Highest slot of a candidate that this notary has signed, as far as it is stored; no final block has overtaken it if it is above the tip's.
    var signedSlot: Slot
    var rivals = RivalCandidates()
    /// What it has promised for an election; nil before the first.
    var closed: ClosedEpoch?
    /// Times the follower was made anew.
    var restarts: UInt64 = 0
    /// Shows this chain to be frozen, once it has been asked for.
    var frozenProof: (final: FinalHeader, proof: StateProof)?
    var isFrozenAsked = false
    var snapshots: SnapshotKeeper
    var repair: BlockRepair
    /// What was found damaged when the role started.
    var repairs: [RoleEffect]
    /// Holds that are open and whose transactions are not here.
    var missingHolds: MissingHolds

    /// Transactions remembered as well signed.
    package static let checkedMaximum = 16_384

    enum Timers {
        static let follower: UInt8 = 1
        static let legs = TimerID(kind: 2)
        static let candidates = TimerID(kind: 3)
        static let snapshots: UInt8 = 4
        static let holds = TimerID(kind: 5)
        static let mined = TimerID(kind: 6)
        static let resume = TimerID(kind: 8)
        static let reader: UInt8 = 7
        static let contracts = TimerID(kind: 9)
        static let pauses = TimerID(kind: 10)
    }

    enum Calls {
        static let follower: UInt64 = 1 << 40
        static let parent: UInt64 = 2 << 40
        static let sibling: UInt64 = 3 << 40
        static let repair: UInt64 = 1 << 38
        static let holds: UInt64 = 1 << 39
        static let reader: UInt64 = 1 << 40 | 1 << 37
        static let release: UInt64 = 1 << 35
        static let frozen: UInt64 = 1 << 34
        static let contract: UInt64 = 1 << 33
        static let pause: UInt64 = 1 << 32
        static let closing: UInt64 = 1 << 36

        /// A follower that is made anew must not take answers to the one before for its own.
        static func follower(_ restarts: UInt64) -> UInt64 { follower + (restarts & 7) << 33 }
    }

    /// Rows of table `facts`.
    enum Facts {
        static let notary: UInt64 = 1
        /// Written once: without it, though votes are there, the disk was lost.
        static let kept: UInt64 = 2
    }

    package init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        self.context = context
        network = context.network
        siblings = SiblingBranches(network: context.network, chain: context.address.chain)
        var legs = LegDesk(network: context.network, chain: context.address.chain, notary: context.address.node, reminders: context.reminders)
        let bound = FollowedBlock(recovered.votes, chain: context.address.chain)
        let book = ElectorateBook(network: context.network)
        self.book = book
        desk = HandoverDesk(context, book: book, recovered: recovered)
        let reader = NotaryReader(
            context: context, book: book, recovered: recovered, timer: Timers.reader, calls: Calls.reader, fact: Facts.notary,
            contractsOf: context.address.chain)
        let recorded = reader.view[context.address.chain]?.height ?? 0
        let stored = try ChainRecovery(
            context, book: book, chain: context.address.chain, recovered, finalThrough: context.chain.engine == .pow ? .max : recorded
        ) { item throws(StoredFault) in
            guard bound?.allows(item.block.header) ?? true else {
                throw StoredFault(
                    nil, key: item.block.header.height, "the notary is bound to another block of this height than the one that is stored")
            }
            legs.replay(item.block)
        }
        (tree, finalProof, repairs) = (stored.tree, stored.newest, stored.repairs)
        tree.move(to: stored.newest?.hash ?? tree.finalHash)
        missingHolds = try MissingHolds(tree.ledger, recovered, network: context.network.id, &legs)
        self.legs = legs
        mined = MinedBlocks(root: stored.tree.finalHash, height: stored.tree.finalHeight)
        self.bound = bound
        self.reader = reader
        tip = stored.newest?.header
        reliances = Reliances(
            recovered[.reliances], isIncomplete: !recovered.votes.isEmpty && !recovered[.facts].contains { $0.key == Facts.kept })
        // Damaged rows too: what cannot be read was signed all the same.
        signedSlot = recovered[.candidates].map { $0.key >> 16 }.max() ?? 0
        closed = ClosedEpoch(recovered.votes, chain: context.address.chain)
        branch.generation = bound?.generation ?? 0
        branch.pledges = bound?.pledges ?? []
        for (final, crosses) in stored.followed { branch.followed[final.header.height] = .init(final: final, crosses: crosses) }
        if let final = stored.final { branch.followed[final.header.height] = branch.followed[final.header.height] ?? .init(final: final, crosses: nil) }
        branch.followed.sort { $0.key < $1.key }
        if let height = tip?.height, branch.followed[height]?.crosses == nil { branch.followed[height]?.crosses = legs.lastCrosses }
        let chain = context.chain
        let nodes = chain.nodes.map(\.id)
        snapshots = SnapshotKeeper(
            policy: context.snapshots, timer: Timers.snapshots, stored: stored.snapshots, transactions: stored.transactions)
        repair = BlockRepair(
            book: book, chain: chain.id, table: .blocks, verify: context.verify, nodes: nodes, archives: context.archives,
            numbers: Calls.repair)
        follower = ChainFollower(
            book: book, chain: chain.id, verify: context.verify, height: tip?.height ?? 0, head: tip?.hash,
            timer: Timers.follower, calls: Calls.follower(0), archives: context.archives, snapshots: ValidatorRole.mayJump(bound, stored) ? context.snapshots : nil,
            snapshotCeiling: bound?.height ?? .max)
        for row in recovered[.candidates] where !row.isDamaged {
            // A candidate that was signed: its body must stay available, whatever becomes of it (faults case 26).
            guard let block = try? Block(decoding: row.value, network: context.network.id) else { continue }
            _ = tree.validate(block)
            if chain.engine == .pow, block.header.height > tree.finalHeight { mined.stored.append(block.header) }
        }
        mined.stored = mined.stored.suffix(Int(Limits.unrecordedBlocks))
        recoverMined(recovered[.certified])
    }

    package var subscriptions: [Topic] {
        let chain = context.address.chain
        let others = network.chains.map(\.id).filter { $0 != chain }
        return [.candidate(chain), .certification(chain), .final(chain), .leg(chain), .recorded(chain), .handover, .joined] + others.map { .branch($0) } + NotaryReader.subscriptions
    }

    package var height: Height { tipHeight }
    package var waiting: Int { pending.count + legs.count }

    package mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        var effects = take(input, at: now)
        effects += desk.ask(at: now)
        return effects
    }

    private mutating func take(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started:
            let kept: [RoleEffect] = [.persist([.put(.facts, key: Facts.kept, value: [1])])]
            let effects = repairs + kept + leaveLost() + read(reader.started(at: now), at: now) + take(follower.started(at: now), at: now) + sayHead() + askHolds() + askStored()
            repairs = []
            return effects + resolvePledges(at: now) + tellContracts(at: now) + tellPauses(at: now)
        case .delivered(let message, let publisher): return delivered(message, publisher: publisher, at: now)
        case .lost(.notaryHeader), .lost(.candidate(.notary)): return read(reader.lost(at: now), at: now)
        case .lost:
            return take(follower.lost(at: now), at: now)
        case .requested(let request, let token, _): return requested(request, token: token, at: now)
        case .answered(let call, let response): return answered(call, response, at: now)
        case .timerFired(let timer): return timerFired(timer, at: now)
        case .checked(let token, let answers): return checked(token: token, answers, at: now)
        case .rows(let token, let rows): return served(token: token, rows)
        case .mined: return []
        }
    }

    private mutating func delivered(_ message: Message, publisher: String, at now: Moment) -> [RoleEffect] {
        switch message {
        case .candidate(let block) where block.header.chain == .notary: return read(reader.candidate(block, at: now), at: now)
        case .final(let final) where final.header.chain == .notary: return read(reader.final(final, at: now), at: now)
        case .candidate(let block):
            return learnRival(block) + take(follower.candidate(block, at: now), at: now) + candidate(block, at: now)
        case .verdict(let verdict): return watch(verdict)
        case .certified(let certified): return noteRival(certified) + notarized(certified, at: now)
        // Siblings of mined chains tell the recorder and consensus what may be recorded.
        case .notarized: return []
        case .handover(let handover):
            let step = desk.heard(handover)
            return step.effects + (step.hasLearned ? retryPending(at: now) : [])
        case .joined(let notice): return desk.heard(notice)
        case .final(let final):
            let accusations = accuseTwoFinals(final)
            guard mayBeNext(final.header) else { return accusations }
            return accusations + take(follower.final(final, at: now), at: now)
        case .branch(let head):
            guard head.notary == context.address.node, isSibling(publisher, of: head.chain) else { return [] }
            siblings.learn(head, recorded: reader.view[head.chain]?.height ?? 0)
            legs.learn(head, at: now)
            return retryPending(at: now)
        case .recorded(let recorded): return learn(recorded, at: now)
        case .leg(let notice):
            guard notice.chain == context.address.chain, notice.purpose == .confirm else { return [] }
            guard let sibling = RoleAddress(publisher), isSibling(publisher, of: sibling.chain) else { return [] }
            return hear(notice, from: sibling.chain, at: now)
        // Its collectors hear that.
        case .contract, .pause: return []
        default: return [.count(.peerFault, by: 1)]
        }
    }

    /// Whether a publisher is this notary's own validator of `chain`.
    private func isSibling(_ publisher: String, of chain: ChainID) -> Bool {
        guard let address = RoleAddress(publisher) else { return false }
        return address.role == .validator && address.node == context.address.node && address.chain == chain
    }

    private mutating func take(_ step: ChainFollower.Step, at now: Moment) -> [RoleEffect] {
        step.effects + (step.snapshot.map { adopt($0) } ?? []) + adopt(step.blocks, at: now)
    }

    private mutating func answered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect] {
        if let step = reader.answered(call: call, response, at: now) { return read(step, at: now) }
        if let step = follower.answered(call: call, response, at: now) { return take(step, at: now) }
        if let step = desk.answered(call: call, response) { return step.effects + (step.hasLearned ? retryPending(at: now) : []) }
        if let effects = releaseAnswered(call, response, at: now) ?? frozenAnswered(call, response, at: now)
            ?? contractAnswered(call, response, at: now) ?? pauseAnswered(call, response, at: now)
        {
            return effects
        }
        if let effects = repair.answered(call: call, response, head: (tipHeight, tipHash)) { return effects }
        if let effects = holdsAnswered(call, response, at: now) { return effects }
        // The notary chain shows what came of a closing.
        if call >= Calls.closing, call < Calls.closing << 1 { return [] }
        if call >= Calls.sibling { return siblingAnswered(call, response, at: now) }
        return parentAnswered(response, at: now)
    }

    private mutating func timerFired(_ timer: TimerID, at now: Moment) -> [RoleEffect] {
        if let step = reader.timerFired(timer, at: now) { return read(step, at: now) }
        if let step = follower.timerFired(timer, at: now) { return take(step, at: now) }
        if let effects = snapshots.timerFired(timer) { return effects }
        switch timer {
        case Timers.legs: return sendLegs(at: now)
        case Timers.candidates: return retryPending(at: now)
        case Timers.holds: return askHolds()
        case Timers.contracts: return tellContracts(at: now)
        case Timers.pauses: return tellPauses(at: now)
        case Timers.mined: return tellMined(at: now)
        case Timers.resume: return isHeld ? [] : take(follower.started(at: now), at: now)
        default: return []
        }
    }

    mutating func nextToken() -> UInt64 {
        tokens += 1
        return tokens
    }
}
