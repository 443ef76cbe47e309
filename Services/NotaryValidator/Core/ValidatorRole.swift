import Chain
import Crypto
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
    package static let recoveredTables: [StoreTable] = [.blocks, .candidates]

    let context: RoleContext
    let network: Network
    var tree: BlockTree
    var follower: ChainFollower
    /// Shows the newest final block to be final; nil at genesis.
    var finalProof: FinalHeader?
    var pending = PendingCandidates()
    var siblings: SiblingBranches
    var legs: LegDesk
    /// Transactions whose signatures have been found good.
    var checkedTransactions = RecentDigests(capacity: ValidatorRole.checkedMaximum)
    var watch = OffenceWatch()
    var tokens: UInt64 = 0
    var isFollowing = true
    /// What this notary had followed when the role started (R7).
    let bound: FollowedBlock?

    /// Transactions remembered as well signed.
    package static let checkedMaximum = 16_384

    enum Timers {
        static let follower: UInt8 = 1
        static let legs = TimerID(kind: 2)
        static let candidates = TimerID(kind: 3)
    }

    enum Calls {
        static let follower: UInt64 = 1 << 40
        static let parent: UInt64 = 2 << 40
        static let sibling: UInt64 = 3 << 40
    }

    package init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        self.context = context
        network = context.network
        tree = BlockTree(network: context.network, chain: context.address.chain, verify: context.verify)
        siblings = SiblingBranches(network: context.network, chain: context.address.chain)
        legs = LegDesk(network: context.network, chain: context.address.chain, notary: context.address.node)
        bound = FollowedBlock(recovered.votes, chain: context.address.chain)
        for row in recovered[.blocks] {
            guard let block = try? FinalBlock(decoding: row.value, network: context.network.id), let final = block.final else {
                throw StoredFault(.blocks, key: row.key, "this block cannot be read")
            }
            guard case .valid = tree.validate(block.block) else {
                throw StoredFault(.blocks, key: row.key, "this block does not follow from those before it")
            }
            guard bound?.allows(block.block.header) ?? true else {
                throw StoredFault(nil, key: row.key, "the notary is bound to another block of this height than the one that is stored")
            }
            _ = tree.finalize(block.block.hash)
            finalProof = final
            legs.replay(block.block)
        }
        follower = ChainFollower(
            network: context.network, chain: context.address.chain, verify: context.verify, height: tree.finalHeight,
            head: tree.finalHash, timer: Timers.follower, calls: Calls.follower)
        for row in recovered[.candidates] {
            // A candidate that was signed: its body must stay available, whatever becomes of it (faults case 26).
            guard let block = try? Block(decoding: row.value, network: context.network.id) else { continue }
            _ = tree.validate(block)
        }
    }

    package var subscriptions: [Topic] {
        let chain = context.address.chain
        let others = network.chains.map(\.id).filter { $0 != chain }
        return [.candidate(chain), .certification(chain), .final(chain), .leg(chain)] + others.map { .branch($0) }
    }

    package var height: Height { tree.finalHeight }
    package var waiting: Int { pending.count + legs.count }

    package mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started:
            let step = follower.started(at: now)
            return step.effects + adopt(step.blocks, at: now) + sayHead()
        case .delivered(let message, let publisher): return delivered(message, publisher: publisher, at: now)
        case .lost:
            let step = follower.lost(at: now)
            return step.effects + adopt(step.blocks, at: now)
        case .requested(let request, let token, _): return requested(request, token: token, at: now)
        case .answered(let call, let response): return answered(call, response, at: now)
        case .timerFired(let timer): return timerFired(timer, at: now)
        case .checked(let token, let answers): return checked(token: token, answers, at: now)
        case .rows(let token, let rows): return served(token: token, rows)
        }
    }

    private mutating func delivered(_ message: Message, publisher: String, at now: Moment) -> [RoleEffect] {
        switch message {
        case .candidate(let block):
            let step = follower.candidate(block, at: now)
            return step.effects + adopt(step.blocks, at: now) + candidate(block, at: now)
        case .verdict(let verdict): return watch(verdict)
        case .certified: return []
        case .final(let final):
            let accusations = accuseTwoFinals(final)
            let step = follower.final(final, at: now)
            return accusations + step.effects + adopt(step.blocks, at: now)
        case .branch(let head):
            guard head.notary == context.address.node, isSibling(publisher, of: head.chain) else { return [] }
            siblings.learn(head.chain, height: head.height, block: head.block)
            legs.learn(head)
            return retryPending(at: now)
        case .leg(let notice):
            guard notice.chain == context.address.chain, notice.purpose == .confirm else { return [] }
            guard let sibling = RoleAddress(publisher), isSibling(publisher, of: sibling.chain) else { return [] }
            return hear(notice, at: now)
        default: return [.count(.peerFault, by: 1)]
        }
    }

    /// Whether a publisher is this notary's own validator of `chain`.
    private func isSibling(_ publisher: String, of chain: ChainID) -> Bool {
        guard let address = RoleAddress(publisher) else { return false }
        return address.role == .validator && address.node == context.address.node && address.chain == chain
    }

    private mutating func answered(_ call: UInt64, _ response: Response, at now: Moment) -> [RoleEffect] {
        if let step = follower.answered(call: call, response, at: now) { return step.effects + adopt(step.blocks, at: now) }
        if call >= Calls.sibling { return siblingAnswered(call, response, at: now) }
        return parentAnswered(response, at: now)
    }

    private mutating func timerFired(_ timer: TimerID, at now: Moment) -> [RoleEffect] {
        if let step = follower.timerFired(timer, at: now) { return step.effects + adopt(step.blocks, at: now) }
        switch timer {
        case Timers.legs: return sendLegs(at: now)
        case Timers.candidates: return retryPending(at: now)
        default: return []
        }
    }

    mutating func nextToken() -> UInt64 {
        tokens += 1
        return tokens
    }
}
