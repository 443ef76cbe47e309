import Chain
import Cryptography
import Determinism
import OrderedCollections
import RoleKit
import Wire

/// Consensus of one node on one chain (S826, S894, S852; A3): adopts notarized blocks by Simplex, stores the chain, and serves blocks
/// to whoever asks. The notary chain's own consensus is the same role with another external validity: its records must lie on the
/// branches that this notary's validators follow (R7).
package struct ConsensusRole: RoleCore {
    package static let recoveredTables: [StoreTable] = [.candidates, .certified, .certificates, .facts, .handovers]

    let context: RoleContext
    /// Who votes where.
    let book: ElectorateBook
    var simplex: Simplex
    var tree: BlockTree
    var candidates = CandidateBook()
    /// Shows the newest final block to be final; nil at genesis.
    var finalProof: FinalHeader?
    /// Hashes of the newest final blocks, for those who ask by hash.
    var recentFinals: OrderedDictionary<Digest, Height> = [:]
    var branches: OwnBranches
    /// A slot to be led once its base is known here.
    var duty: LeadDuty?
    var catchUp: CatchUp
    var snapshots: SnapshotKeeper
    var snapshotService = SnapshotService()
    var fetch: SnapshotFetch
    var repair: BlockRepair
    /// What was found damaged when the role started.
    var repairs: [RoleEffect]
    var witness: Witness
    var desk: HandoverDesk
    var headerDesk = HeaderDesk()
    /// Newest epoch of the chain that Simplex has been told of.
    var toldEpoch: Epoch = 0
    var stands = Stands()
    /// What the notary chain says; nil on that chain itself.
    var reader: NotaryReader?
    /// Answers to calls up to this token say nothing of what validators follow.
    var branchFloor: UInt64 = 0
    var tokens: UInt64 = 0
    var lastFinalMilliseconds: UInt64 = 0

    enum Timers {
        static let skip = TimerID(kind: SimplexTimer.skip.rawValue)
        static let standstill = TimerID(kind: SimplexTimer.standstill.rawValue)
        static let fetch = TimerID(kind: 3)
        static let lead = TimerID(kind: 4)
        static let beat = TimerID(kind: 5)
        static let snapshots: UInt8 = 6
        static let witness = TimerID(kind: 7)
        static let reader: UInt8 = 8
    }

    /// Rows of table `facts`.
    enum Facts {
        /// Highest slot at or below which nothing may be voted.
        static let floor: UInt64 = 1
        /// Set once votes of this node have been seen that it does not know: it signs nothing any more.
        static let mustNotSign: UInt64 = 2
        /// Signatures that this notary's own validators have called wrong.
        static let wrongSignatures: UInt64 = 3
        /// What has been read of the notary chain.
        static let notary: UInt64 = 4
    }

    package init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        self.context = context
        let chain = context.chain
        let peers = chain.listed.map(\.id).filter { $0 != context.address.node }
        branches = OwnBranches(network: context.network)
        catchUp = CatchUp(peers: peers, chain: chain.id, timing: context.network.timing)
        book = ElectorateBook(network: context.network)
        desk = HandoverDesk(context, book: book, recovered: recovered)
        let stored = try ChainRecovery(context, book: book, chain: chain.id, recovered)
        (tree, finalProof, repairs) = (stored.tree, stored.final, stored.repairs)
        snapshots = SnapshotKeeper(
            policy: context.snapshots, timer: Timers.snapshots, stored: stored.snapshots, transactions: stored.transactions)
        fetch = SnapshotFetch(
            book: book, chain: chain.id, verify: context.verify, nodes: peers, calls: ConsensusRole.snapshotCalls)
        repair = BlockRepair(
            book: book, chain: chain.id, table: .blocks, verify: context.verify, nodes: peers, archives: context.archives,
            numbers: ConsensusRole.repairNumbers)
        var certificates = recovered[.certificates].filter { !$0.isDamaged }.compactMap { try? Certificate(decoding: $0.value) }
        if let certificate = finalProof?.finality.certificate { certificates.append(certificate) }
        let floorFact = recovered[.facts].first { $0.key == Facts.floor && !$0.isDamaged }.flatMap { Digest($0.value) }?.a ?? 0
        // The record of votes knows by itself what has been forgotten, should the fact be lost.
        let floor = max(floorFact, recovered.forgottenBelow > 0 ? recovered.forgottenBelow - 1 : 0)
        for row in recovered.votes where row.chain == chain.id && (row.duty == .notar || row.duty == .decide) && row.epoch != chain.epoch(of: row.slot) {
            throw StoredFault(nil, key: row.slot, "this vote names an epoch that is not its slot's")
        }
        simplex = Simplex(
            settings: SimplexSettings(
                book: book, chain: chain, keys: context.keys, verify: context.verify),
            recovered: SimplexRecovery(certificates: certificates, votes: recovered.votes, floor: floor))
        witness = Witness(
            peers: peers, votes: recovered.votes, forgottenBelow: recovered.forgottenBelow,
            mustNotSign: recovered[.facts].contains { $0.key == Facts.mustNotSign })
        if let fact = recovered[.facts].first(where: { $0.key == Facts.wrongSignatures && !$0.isDamaged }) {
            branches.restore(wrongSignatures: fact.value)
        }
        if chain.id != .notary {
            reader = NotaryReader(
                context: context, book: book, recovered: recovered, timer: Timers.reader, calls: ConsensusRole.readerCalls, fact: Facts.notary)
        }
        for row in recovered[.candidates] where !row.isDamaged {
            guard let block = try? Block(decoding: row.value, network: context.network.id) else { continue }
            candidates.restore(block)
        }
        for row in recovered[.certified] where !row.isDamaged {
            guard let certified = try? CertifiedCandidate(decoding: row.value) else { continue }
            candidates.certify(certified)
        }
        stands.unknownVotes = recovered.votes.filter { row in
            row.chain == chain.id && row.duty == .notar && row.slot > floor && candidates[row.hash] == nil
        }.map(\.slot)
    }

    var isNotaryChain: Bool { chain == .notary }

    package var subscriptions: [Topic] {
        let own: [Topic] = [.candidate(chain), .certification(chain), .vote(chain), .lead(chain), .handover, .joined]
        return own + (isNotaryChain ? network.chains.map { .branch($0.id) } + [.evidence] : NotaryReader.subscriptions)
    }

    package var height: Height { tree.finalHeight }
    package var waiting: Int { candidates.count }

    package mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        var effects = take(input, at: now)
        effects += lookAgain(at: now)
        effects += desk.ask(at: now)
        return effects
    }

    /// Votes of slots whose electorate was unknown can be judged once it is known.
    private mutating func lookAgain(at now: Moment) -> [RoleEffect] {
        guard book.newestEpoch(of: chain) > toldEpoch else { return [] }
        toldEpoch = book.newestEpoch(of: chain)
        return step(.electorateKnown, at: now) + judgeAll(at: now)
    }

    private mutating func take(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started: return started(at: now)
        case .delivered(let message, let publisher): return delivered(message, publisher: publisher, at: now)
        case .lost: return askForBlocks(at: now) + read(reader?.lost(at: now), at: now)
        case .requested(let request, let token, _): return requested(request, token: token)
        case .answered(let call, let response): return answered(call, response, at: now)
        case .timerFired(let timer): return timerFired(timer, at: now)
        case .checked(let token, let answers): return checked(token: token, answers, at: now)
        case .rows(let token, let rows): return served(token: token, rows)
        case .mined: return []
        }
    }

    private mutating func started(at now: Moment) -> [RoleEffect] {
        lastFinalMilliseconds = now.monotonicMilliseconds
        var effects = repairs + askWitnesses(at: now)
        repairs = []
        effects += judgeAll(at: now)
        effects += connect(at: now) + askForBlocks(at: now) + read(reader?.started(at: now), at: now)
        return effects + [.setTimer(Timers.beat, afterMilliseconds: network.timing.beatMilliseconds)]
    }

    private mutating func delivered(_ message: Message, publisher: String, at now: Moment) -> [RoleEffect] {
        switch message {
        case .candidate(let block) where block.header.chain == .notary && !isNotaryChain: return read(reader?.candidate(block, at: now), at: now)
        case .final(let final) where final.header.chain == .notary && !isNotaryChain: return read(reader?.final(final, at: now), at: now)
        case .candidate(let block): return candidate(block, at: now)
        case .certified(let certified): return self.certified(certified, at: now)
        case .verdict: return []
        case .vote(let vote): return step(.vote(vote), at: now)
        case .certificate(let certificate): return step(.certificate(certificate), at: now)
        case .pool(let state):
            guard isOwnBuilder(publisher), state.node == context.address.node, state.chain == chain else { return [] }
            // A builder that has just come to work may have missed that its node leads.
            return step(.work(state.waiting > 0), at: now) + (state.waiting > 0 ? sayLead(at: now) : [])
        case .lead: return []
        case .handover(let handover):
            let step = desk.heard(handover)
            return step.effects + (step.hasLearned ? judgeAll(at: now) : [])
        case .joined(let notice): return desk.heard(notice)
        case .evidence(let evidence):
            guard isNotaryChain, isOwnValidator(publisher, of: evidence.chain) else { return [] }
            guard branches.learn(evidence) else { return [] }
            return [.persist([.put(.facts, key: Facts.wrongSignatures, value: branches.wrongSignatureBytes)])] + judgeAll(at: now)
        case .branch(let head):
            guard isNotaryChain, head.notary == context.address.node, isOwnValidator(publisher, of: head.chain) else { return [] }
            // A validator that could not leave its branch says the same again: asking at once would go on for ever.
            if branches.learn(head) { stands.resting.removeAll() }
            return judgeAll(at: now)
        case .notarized(let block):
            guard isNotaryChain, block.notary == context.address.node, isOwnValidator(publisher, of: block.header.chain) else { return [] }
            branches.learn(block)
            return judgeAll(at: now)
        default: return [.count(.peerFault, by: 1)]
        }
    }

    private func isOwnValidator(_ publisher: String, of chain: ChainID) -> Bool {
        guard let address = RoleAddress(publisher) else { return false }
        return address.node == context.address.node && address.chain == chain && address.role == .validator
    }

    private mutating func timerFired(_ timer: TimerID, at now: Moment) -> [RoleEffect] {
        if let step = reader?.timerFired(timer, at: now) { return read(step, at: now) }
        switch timer {
        case Timers.skip: return step(.timerFired(.skip), at: now)
        case Timers.standstill: return step(.timerFired(.standstill), at: now)
        case Timers.fetch: return fetchMissing(at: now)
        case Timers.witness: return askWitnesses(at: now)
        case Timers.lead: return sayLead(at: now)
        case Timers.beat:
            let isQuiet = now.monotonicMilliseconds >= lastFinalMilliseconds + network.timing.heartbeatMilliseconds * 2
            return (isQuiet ? askForBlocks(at: now) : []) + [.setTimer(Timers.beat, afterMilliseconds: network.timing.beatMilliseconds)]
        default: return snapshots.timerFired(timer) ?? []
        }
    }

    mutating func nextToken() -> UInt64 {
        tokens += 1
        return tokens
    }
}
