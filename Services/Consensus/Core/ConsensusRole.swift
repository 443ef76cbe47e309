import Chain
import Crypto
import Determinism
import OrderedCollections
import RoleKit
import Wire

/// Consensus of one node on one chain (S826, S894, S852; A3): adopts notarized blocks by Simplex, stores the chain, and serves blocks
/// to whoever asks. The notary chain's own consensus is the same role with another external validity: its records must lie on the
/// branches that this notary's validators follow (R7).
package struct ConsensusRole: RoleCore {
    package static let recoveredTables: [StoreTable] = [.blocks, .candidates, .certified, .certificates, .facts]

    let context: RoleContext
    let network: Network
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
    var tokens: UInt64 = 0
    var lastFinalMilliseconds: UInt64 = 0

    /// Final blocks that can be asked for by hash.
    static let recentFinalsMaximum = 256

    enum Timers {
        static let skip = TimerID(kind: SimplexTimer.skip.rawValue)
        static let standstill = TimerID(kind: SimplexTimer.standstill.rawValue)
        static let fetch = TimerID(kind: 3)
        static let lead = TimerID(kind: 4)
        static let beat = TimerID(kind: 5)
    }

    /// Rows of table `facts`.
    enum Facts {
        /// Highest slot at or below which nothing may be voted.
        static let floor: UInt64 = 1
    }

    package init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        self.context = context
        network = context.network
        let chain = context.chain
        tree = BlockTree(network: context.network, chain: chain.id, verify: context.verify)
        branches = OwnBranches(network: context.network)
        catchUp = CatchUp(peers: chain.nodes.map(\.id).filter { $0 != context.address.node }, chain: chain.id, timing: context.network.timing)
        var certificates = recovered[.certificates].compactMap { try? Certificate(decoding: $0.value) }
        for row in recovered[.blocks] {
            guard let item = try? FinalBlock(decoding: row.value, network: context.network.id), let final = item.final,
                case .valid = tree.validate(item.block)
            else {
                throw StoredFault(.blocks, key: row.key, "this block cannot be read or does not follow from those before it")
            }
            _ = tree.finalize(item.block.hash)
            finalProof = final
        }
        if let finalProof { certificates.append(finalProof.finality) }
        let stored = recovered[.facts].first { $0.key == Facts.floor && !$0.isDamaged }.flatMap { Digest($0.value) }?.a ?? 0
        // The record of votes knows by itself what has been forgotten, should the fact be lost.
        let floor = max(stored, recovered.forgottenBelow > 0 ? recovered.forgottenBelow - 1 : 0)
        simplex = Simplex(
            settings: SimplexSettings(
                network: context.network.id, chain: chain, epoch: 0, genesis: context.network.genesisHash(of: chain.id),
                timing: context.network.timing, signer: context.signer, verify: context.verify),
            recovered: SimplexRecovery(certificates: certificates, votes: recovered.votes, floor: floor))
        for row in recovered[.candidates] {
            guard let block = try? Block(decoding: row.value, network: context.network.id) else { continue }
            candidates.restore(block)
        }
        for row in recovered[.certified] {
            guard let certified = try? CertifiedCandidate(decoding: row.value) else { continue }
            candidates.certify(certified)
        }
    }

    /// The chain.
    var chain: ChainID { context.address.chain }
    var isNotaryChain: Bool { chain == .notary }

    package var subscriptions: [Topic] {
        let own: [Topic] = [.candidate(chain), .certification(chain), .vote(chain), .lead(chain)]
        return own + (isNotaryChain ? network.chains.map { .branch($0.id) } + [.evidence] : [])
    }

    package var height: Height { tree.finalHeight }
    package var waiting: Int { candidates.count }

    package mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started: return started(at: now)
        case .delivered(let message, let publisher): return delivered(message, publisher: publisher, at: now)
        case .lost: return askForBlocks(at: now)
        case .requested(let request, let token, _): return requested(request, token: token)
        case .answered(let call, let response): return answered(call, response, at: now)
        case .timerFired(let timer): return timerFired(timer, at: now)
        case .checked(let token, let answers): return checked(token: token, answers, at: now)
        case .rows(let token, let rows): return served(token: token, rows)
        }
    }

    private mutating func started(at now: Moment) -> [RoleEffect] {
        lastFinalMilliseconds = now.monotonicMilliseconds
        var effects = step(.started, at: now)
        effects += judgeAll(at: now)
        effects += connect(at: now) + askForBlocks(at: now)
        return effects + [.setTimer(Timers.beat, afterMilliseconds: network.timing.beatMilliseconds)]
    }

    private mutating func delivered(_ message: Message, publisher: String, at now: Moment) -> [RoleEffect] {
        switch message {
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
        case .evidence(let evidence):
            guard isNotaryChain, isOwnValidator(publisher, of: evidence.chain) else { return [] }
            branches.learn(evidence)
            return judgeAll(at: now)
        case .branch(let head):
            guard isNotaryChain, head.notary == context.address.node, isOwnValidator(publisher, of: head.chain) else { return [] }
            branches.learn(head)
            return judgeAll(at: now)
        default: return [.count(.peerFault, by: 1)]
        }
    }

    /// Whether a publisher makes this node's candidates: its builder, or its recorder on the notary chain.
    private func isOwnBuilder(_ publisher: String) -> Bool {
        guard let address = RoleAddress(publisher) else { return false }
        return address.node == context.address.node && address.chain == chain && (address.role == .builder || address.role == .recorder)
    }

    private func isOwnValidator(_ publisher: String, of chain: ChainID) -> Bool {
        guard let address = RoleAddress(publisher) else { return false }
        return address.node == context.address.node && address.chain == chain && address.role == .validator
    }

    private mutating func timerFired(_ timer: TimerID, at now: Moment) -> [RoleEffect] {
        switch timer {
        case Timers.skip: return step(.timerFired(.skip), at: now)
        case Timers.standstill: return step(.timerFired(.standstill), at: now)
        case Timers.fetch: return fetchMissing(at: now)
        case Timers.lead: return sayLead(at: now)
        case Timers.beat:
            let isQuiet = now.monotonicMilliseconds >= lastFinalMilliseconds + network.timing.heartbeatMilliseconds * 2
            return (isQuiet ? askForBlocks(at: now) : []) + [.setTimer(Timers.beat, afterMilliseconds: network.timing.beatMilliseconds)]
        default: return []
        }
    }

    mutating func nextToken() -> UInt64 {
        tokens += 1
        return tokens
    }
}
