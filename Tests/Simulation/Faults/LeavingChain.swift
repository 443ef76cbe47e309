import Cryptography
import Determinism
import RoleKit
import Wire

/// The operators of a chain's nodes and of the notaries, who want the chain to leave while people pay (J-7): each hands its consent in again and
/// again. At first too few of the chain's own nodes want it, and nothing may come of that.
final class LeaveOperators: SimulatedClient {
    let name = "leave-operators"
    let chain: ChainID
    private let cast: Cast
    private var index = 0
    private var lastCall: UInt64 = 0
    private var rounds = 0

    private static let pauseMilliseconds: UInt64 = 700
    private static let roundsOfFew = 28

    init(_ chain: ChainID, cast: Cast) {
        self.chain = chain
        self.cast = cast
    }

    func join(_ world: World, afterMilliseconds: UInt64) {
        index = world.add(self)
        world.setClientTimer(index, key: 0, afterMilliseconds: afterMilliseconds)
    }

    /// How the chain stands, as the oracles have replayed it.
    func isDone(_ world: World) -> Bool { world.judge.replay.states[.notary]?.statuses[chain]?.hasLeft ?? false }

    func timerFired(_ key: Int, world: World) {
        guard !isDone(world) else { return }
        rounds += 1
        let network = world.network
        let since = world.judge.replay.states[.notary]?.statuses[chain]?.since ?? 0
        let nodes = network.chain(chain)?.nodes ?? []
        // One fewer than the rules ask for.
        let willing = rounds > LeaveOperators.roundsOfFew ? nodes.count : 2 * nodes.count / 3
        let signers = nodes.prefix(willing).compactMap { cast.nodeSigners[$0.id] }
            + network.notary.listed.flatMap { node in [cast.nodeSigners[node.id], cast.freshSigners[node.id]].compactMap { $0 } }
        stop(world)
        for signer in signers {
            lastCall += 1
            let recorder = network.notary.listed[Int(lastCall) % network.notary.listed.count].id
            world.request(
                Service.name(.recorder, chain: .notary, node: recorder),
                .consent(Consent(chain: chain, wish: .leave, since: since, network: network.id, signer: signer)), client: index, id: lastCall,
                timeoutMilliseconds: 2_000)
        }
        world.setClientTimer(index, key: 0, afterMilliseconds: LeaveOperators.pauseMilliseconds)
    }

    /// New business with a chain that is not frozen has to be stopped first.
    private func stop(_ world: World) {
        let state = world.judge.replay.states[.notary]
        let pause = state?.pauses.first { $0.target == .chain(chain) }
        guard pause?.level != 2, state?.statuses[chain]?.isFrozen != true else { return }
        let change = PauseChange(target: .chain(chain), level: .paused, number: (pause?.number ?? 0) + 1)
        for signer in world.network.notary.listed.flatMap({ node in [cast.nodeSigners[node.id], cast.freshSigners[node.id]].compactMap { $0 } }) {
            lastCall += 1
            let recorder = world.network.notary.listed[Int(lastCall) % world.network.notary.listed.count].id
            world.request(
                Service.name(.recorder, chain: .notary, node: recorder),
                .pauseConsent(PauseConsent(change: change, network: world.network.id, signer: signer)), client: index, id: lastCall,
                timeoutMilliseconds: 2_000)
        }
    }

    func answered(_ call: UInt64, _ response: Response, world: World) {}
    func noticed(_ notice: Notice, world: World) {}
}

extension World {
    /// Has the last of the founding chains leave, whatever its engine, unless it is corrupt or dies anyway: what is under way with it may not end.
    func release() -> ChainID? {
        guard conspiracy == nil, dead == nil, founding.chains.count > 1, let chain = founding.chains.last else { return nil }
        judge.corrupt = chain.id
        judge.isDead = true
        return chain.id
    }
}
