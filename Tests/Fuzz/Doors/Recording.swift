import BuilderCore
import CollectorCore
import ConsensusCore
import Determinism
import RecorderCore
import RoleKit
import Simulation
import Synchronization
import ValidatorCore
import Wire

/// A core that writes down what reaches it and what it stores.
private struct Recorded<Core: RoleCore>: RoleCore {
    static var recoveredTables: [StoreTable] { Core.recoveredTables }
    private var core: Core
    private let address: RoleAddress

    init(context: RoleContext, recovered: StoredState) throws(StoredFault) {
        core = try Core(context: context, recovered: recovered)
        address = context.address
    }

    var subscriptions: [Topic] { core.subscriptions }
    var height: Height { core.height }
    var waiting: Int { core.waiting }

    mutating func apply(_ input: RoleInput, at now: Moment) -> [RoleEffect] {
        let effects = core.apply(input, at: now)
        Recording.note(address, input, now, effects)
        return effects
    }
}

/// What a small simulated network says and stores while people pay on it.
package final class Recording: Sendable {
    package struct Entry: Sendable {
        package var address: RoleAddress
        package var input: RoleInput
        package var now: Moment
        package var effects: [RoleEffect]
    }

    private static let entries = Mutex<[Entry]>([])

    fileprivate static func note(_ address: RoleAddress, _ input: RoleInput, _ now: Moment, _ effects: [RoleEffect]) {
        entries.withLock { $0.append(Entry(address: address, input: input, now: now, effects: effects)) }
    }

    /// Plays some seconds of the stage's network without faults.
    package static func make(payments: Int) -> [Entry] {
        let kinds = RoleKinds(
            collector: RoleKind(Recorded<CollectorRole>.self), builder: RoleKind(Recorded<BuilderRole>.self),
            consensus: RoleKind(Recorded<ConsensusRole>.self), validator: RoleKind(Recorded<ValidatorRole>.self),
            recorder: RoleKind(Recorded<RecorderRole>.self))
        let world = World(network: Stage.network, seed: Stage.seed, plan: FaultPlan(), memo: Stage.memo)
        world.addAll(kinds, Stage.cast, Stage.shape)
        var plan = PaymentPlan(cast: Stage.cast, count: payments, spanMilliseconds: 3_000)
        let wallets = plan.wallets(in: world)
        var end: UInt64 = 0
        while end < 60_000_000, !wallets.allSatisfy({ $0.isDone(but: nil) }) || end == 0 {
            end += 1_000_000
            world.run(until: end, mostSteps: 2_000_000)
        }
        return entries.withLock { $0 }
    }
}
