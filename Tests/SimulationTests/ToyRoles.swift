import Cryptography
import Determinism
import RoleKit
import Simulation
import Wire

/// Counts what it hears and says so: enough to see order, timers, calls, rows and crashes.
struct ToyGossip: RoleCore {
    static let recoveredTables: [StoreTable] = [.facts]
    private let context: RoleContext
    private(set) var heard: UInt64
    private var calls: UInt64 = 0

    init(context: RoleContext, recovered: StoredState) {
        self.context = context
        heard = recovered[.facts].first?.value.first.map(UInt64.init) ?? 0
    }

    var subscriptions: [Topic] { [.lead(context.address.chain)] }
    var height: Height { heard }
    var waiting: Int { 0 }

    mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        switch input {
        case .started: return [.setTimer(TimerID(kind: 1), afterMilliseconds: 10)]
        case .timerFired:
            calls += 1
            let state = PoolState(node: context.address.node, chain: context.address.chain, waiting: heard)
            return [
                .publish(.lead(context.address.chain), .pool(state)),
                .call(calls, service: Service.name(.consensus, chain: context.address.chain), .head(context.address.chain), timeoutMilliseconds: 50),
                .setTimer(TimerID(kind: 1), afterMilliseconds: 10 + heard % 3),
            ]
        case .delivered, .lost, .answered:
            heard += 1
            return [.persist([.put(.facts, key: 0, value: [UInt8(truncatingIfNeeded: heard)])])]
        case .requested(_, let token, _): return [.reply(token: token, .head(nil, height: heard))]
        case .checked, .rows, .mined: return []
        }
    }
}

/// Hears nothing and says nothing.
struct ToySilence: RoleCore {
    static let recoveredTables: [StoreTable] = []
    init(context: RoleContext, recovered: StoredState) {}
    var subscriptions: [Topic] { [] }
    var height: Height { 0 }
    var waiting: Int { 0 }
    mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] { [] }
}

/// Votes for a hash drawn from the time, and stores the vote or forgets to.
struct ToyVoter: RoleCore {
    static let recoveredTables: [StoreTable] = []
    private let context: RoleContext

    init(context: RoleContext, recovered: StoredState) { self.context = context }
    var subscriptions: [Topic] { [] }
    var height: Height { 0 }
    var waiting: Int { 0 }

    mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        guard case .started = input else { return [] }
        let hash = Blake2b.hash(now.monotonicMilliseconds.bigEndianBytes)
        let statement = Statement(chain: context.address.chain, epoch: 0, slot: 1, kind: .notar, hash: hash)
        let vote = Vote(statement, network: context.network.id, signer: context.signer)
        let row = VoteRow(chain: statement.chain, epoch: 0, slot: 1, duty: .notar, hash: hash, bytes: vote.encoded)
        let stores = context.address.role == .consensus
        return (stores ? [.persist([.vote(row)])] : []) + [.publish(.vote(statement.chain), .vote(vote))]
    }
}

/// Answers every request twice.
struct ToyChatter: RoleCore {
    static let recoveredTables: [StoreTable] = []
    init(context: RoleContext, recovered: StoredState) {}
    var subscriptions: [Topic] { [] }
    var height: Height { 0 }
    var waiting: Int { 0 }

    mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        guard case .requested(_, let token, _) = input else { return [] }
        return [.reply(token: token, .watch(true)), .reply(token: token, .watch(true))]
    }
}

extension RoleKinds {
    /// The same toy for every role.
    static func all(_ kind: RoleKind) -> RoleKinds {
        RoleKinds(collector: kind, builder: kind, consensus: kind, validator: kind, recorder: kind)
    }
}

/// A world of toys.
func toyWorld(_ kinds: RoleKinds, seed: UInt64 = 7, plan: FaultPlan = FaultPlan(), shape: Shape = Shape(nodes: 4, notaries: 1)) -> World {
    let memo = SignatureMemo()
    let cast = Cast(shape, seed: seed, memo: memo)
    let world = World(network: cast.network, seed: seed, plan: plan, memo: memo)
    world.addAll(kinds, cast, shape)
    world.unleash()
    return world
}
