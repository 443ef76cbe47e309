import Cryptography
import Determinism
import RoleKit
import Wire

/// The operators of all nodes, as far as the election of the notaries goes: they offer nodes, take offers back, rotate keys and vote, and
/// hand the same thing in again until a notary block has it.
package final class Operators: SimulatedClient {
    package let name = "operators"
    private let cast: Cast
    private var index = 0
    private var lastCall: UInt64 = 0
    /// What is to be handed in, in the order of its time.
    private var acts: [Act] = []
    /// Call → act.
    private var open: [UInt64: Int] = [:]
    /// Recorders that may be asked.
    private let recorders: [String]

    private struct Act {
        var transaction: Transaction
        var attempts = 0
        var isDone = false
    }

    /// How often one thing is handed in at most, and how long is waited between.
    private static let mostAttempts = 40
    private static let pauseMilliseconds: UInt64 = 700

    package init(cast: Cast) {
        self.cast = cast
        recorders = cast.network.notary.nodes.map { Service.name(.recorder, chain: .notary, node: $0.id) }
    }

    /// Draws what the operators do within a span, and when.
    package func join(_ world: World, spanMilliseconds: UInt64) {
        guard cast.network.notary.election != nil else { return }
        index = world.add(self)
        for (act, time) in plan(&world.random, spanMilliseconds, liars: world.judge.liars) {
            acts.append(Act(transaction: act))
            world.setClientTimer(index, key: acts.count - 1, afterMilliseconds: time)
        }
    }

    /// Everybody on standby offers itself early; some members leave or rotate their keys; most nodes vote, now and then differently.
    private func plan(_ random: inout SeededRandom, _ span: UInt64, liars: Set<PublicKey>) -> [(Transaction, UInt64)] {
        var plan: [(Transaction, UInt64)] = []
        let notary = cast.network.notary
        for (place, node) in notary.listed.enumerated() {
            guard let signer = cast.nodeSigners[node.id] else { continue }
            let isStandby = place >= notary.nodes.count
            let draw = random.below(8)
            if isStandby || draw == 0 {
                add(Candidacy(node: node.id, number: 1, isWithdrawn: !isStandby, network: cast.network.id, signer: signer), random.below(span / 4 + 1))
            } else if draw < 3, !liars.contains(node.key), let key = cast.freshSigners[node.id] {
                add(Candidacy(node: node.id, number: 1, network: cast.network.id, signer: signer, newKey: key), random.below(span / 2 + 1))
            }
        }
        // Half of the time everybody wants the same, so that newcomers win.
        let favourites = draw(&random)
        let isAgreed = random.below(2) == 0
        for chain in cast.network.chains {
            for node in chain.nodes {
                guard let signer = cast.nodeSigners[node.id], random.below(8) > 0 else { continue }
                for number in 1...(1 + random.below(2)) {
                    let approved = isAgreed ? favourites : draw(&random)
                    plan.append((
                        Transaction(
                            .ballot(Ballot(chain: chain.id, approved: approved, number: number, network: cast.network.id, signer: signer)),
                            chain: .notary, network: cast.network.id), random.below(span + 1)
                    ))
                }
            }
        }
        func add(_ candidacy: Candidacy, _ time: UInt64) {
            plan.append((Transaction(.candidacy(candidacy), chain: .notary, network: cast.network.id), time))
        }
        return plan
    }

    private func draw(_ random: inout SeededRandom) -> [String] {
        cast.network.notary.listed.map(\.id).filter { _ in random.below(2) == 0 }
    }

    package func timerFired(_ key: Int, world: World) {
        guard !acts[key].isDone, acts[key].attempts < Operators.mostAttempts else { return }
        acts[key].attempts += 1
        lastCall += 1
        open[lastCall] = key
        let recorder = recorders[Int(world.random.below(UInt64(recorders.count)))]
        world.request(recorder, .nominate(acts[key].transaction.bytes), client: index, id: lastCall, timeoutMilliseconds: 2_000)
        world.setClientTimer(index, key: key, afterMilliseconds: Operators.pauseMilliseconds)
    }

    package func answered(_ call: UInt64, _ response: Response, world: World) {
        guard let key = open.removeValue(forKey: call) else { return }
        switch (response, acts[key].transaction.kind) {
        case (.election(let view), .candidacy(let candidacy)):
            acts[key].isDone = view.candidacies.contains { $0.node == candidacy.node && $0.number >= candidacy.number }
        case (.election(let view), .ballot(let ballot)):
            acts[key].isDone = view.ballots.contains { $0.voter == ballot.voter && $0.number >= ballot.number }
        case (.failure(.superseded, _), _): acts[key].isDone = true
        default: break
        }
    }

    package func noticed(_ notice: Notice, world: World) {}
}
