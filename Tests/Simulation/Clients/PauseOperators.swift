import Cryptography
import Determinism
import RoleKit
import Wire

/// Operators of notaries who stop new business with a chain, a contract or an asset, and let it go on later (G-5): each hands its consent in
/// again and again until the notary chain has made the change.
package final class PauseOperators: SimulatedClient {
    package let name = "pause-operators"
    private let cast: Cast
    private var index = 0
    private var plans: [Plan] = []
    private var lastCall: UInt64 = 0
    /// Call → plan.
    private var open: [UInt64: Int] = [:]
    private let recorders: [String]

    /// What is to become of a target, one level after the other.
    private struct Plan {
        var target: PauseTarget
        var steps: [(level: PauseLevel, milliseconds: UInt64)]
        /// How many notaries' operators want it; all want it to end.
        var signers: Int
        /// Changes made, as a recorder last said.
        var number: UInt64 = 0
        var level = PauseLevel.open
        var next = 0
    }

    private static let pauseMilliseconds: UInt64 = 600

    package init(cast: Cast) {
        self.cast = cast
        recorders = cast.network.notary.nodes.map { Service.name(.recorder, chain: .notary, node: $0.id) }
    }

    /// Draws in half of all runs what is stopped within a span, by dice of its own: a seed plays the same payments with pauses and without.
    package func join(_ world: World, spanMilliseconds: UInt64) {
        var random = SeededRandom(seed: Blake2b.hash(.network, cast.network.id.bytes + [7]).a)
        guard random.below(2) == 0 else { return }
        index = world.add(self)
        for _ in 0..<(1 + random.below(2)) {
            let chain = cast.network.chains[Int(random.below(UInt64(cast.network.chains.count)))].id
            guard let asset = cast.assets[chain], let exchange = cast.network.contracts.first?.id else { preconditionFailure("a network has contracts and assets") }
            let targets: [PauseTarget] = [.chain(chain), .asset(chain, asset), .contract(exchange), .contract("vault"), .contract("bureau"), .contract(Agreement.id)]
            let target = targets[Int(random.below(UInt64(targets.count)))]
            guard !plans.contains(where: { $0.target == target }) else { continue }
            let start = 500 + random.below(spanMilliseconds)
            var steps: [(level: PauseLevel, milliseconds: UInt64)] = [(random.below(3) == 0 ? .observed : .paused, start)]
            if steps[0].level == .observed, random.below(2) == 0 { steps.append((.paused, start + 2_000)) }
            // What is held comes to its end though an exchange stays paused for ever; a peg's orders wait for the end of the pause.
            let isForEver = target == .contract(exchange) && random.below(2) == 0
            if !isForEver { steps.append((.open, start + 3_000 + random.below(12_000))) }
            if !isForEver, random.below(3) == 0 { steps += [(.paused, start + 16_000), (.open, start + 18_000)] }
            let notaries = UInt64(cast.network.notary.nodes.count)
            plans.append(Plan(target: target, steps: steps, signers: Int((notaries - 1) / 3 + 1 + random.below(notaries - (notaries - 1) / 3))))
            world.setClientTimer(index, key: plans.count - 1, afterMilliseconds: start)
        }
    }

    package func timerFired(_ key: Int, world: World) {
        let plan = plans[key]
        guard plan.next < plan.steps.count else { return }
        let step = plan.steps[plan.next]
        let now = world.now / 1_000
        if plan.level == step.level {
            plans[key].next += 1
        } else if now >= step.milliseconds {
            wish(PauseChange(target: plan.target, level: step.level, number: plan.number + 1), key, world)
        }
        world.setClientTimer(index, key: key, afterMilliseconds: PauseOperators.pauseMilliseconds)
    }

    private func wish(_ change: PauseChange, _ key: Int, _ world: World) {
        let isWeaker = change.level < plans[key].level
        for (place, node) in cast.network.notary.listed.enumerated() where isWeaker || place < plans[key].signers || cast.network.notary.election != nil {
            // After an election, or a rotation, other keys count: the recorders know which.
            for signer in [cast.nodeSigners[node.id], cast.freshSigners[node.id]].compactMap({ $0 }) {
                lastCall += 1
                open[lastCall] = key
                let consent = PauseConsent(change: change, network: cast.network.id, signer: signer)
                let recorder = recorders[Int(lastCall) % recorders.count]
                world.request(recorder, .pauseConsent(consent), client: index, id: lastCall, timeoutMilliseconds: 2_000)
            }
        }
        lastCall += 1
        open[lastCall] = key
        world.request(recorders[Int(lastCall) % recorders.count], .pauses, client: index, id: lastCall, timeoutMilliseconds: 2_000)
    }

    package func answered(_ call: UInt64, _ response: Response, world: World) {
        guard let key = open.removeValue(forKey: call), case .pauses(let states) = response,
            let state = states.first(where: { $0.target == plans[key].target }), state.number > plans[key].number
        else { return }
        (plans[key].number, plans[key].level) = (state.number, state.level)
    }

    package func noticed(_ notice: Notice, world: World) {}
}
