import Cryptography
import Determinism
import RoleKit
import Wire

/// People who declare contracts while others pay (A14): each hands its terms to a node of one of the chains they name, again and again until
/// the notary chain has taken them or refuses them for good.
package final class Deployer: SimulatedClient {
    package let name = "deployer"
    private let cast: Cast
    private var index = 0
    private var acts: [Act] = []
    /// Call → act.
    private var open: [UInt64: Int] = [:]
    private var lastCall: UInt64 = 0

    /// What is handed in.
    private struct Act {
        var terms: DeclaredTerms
        var signature: Signature
        var attempts = 0
        var isDone = false
    }

    private static let mostAttempts = 60
    private static let pauseMilliseconds: UInt64 = 900

    package init(cast: Cast) { self.cast = cast }

    package func join(_ world: World) { index = world.add(self) }

    /// Declares terms from some time on.
    func plan(_ contract: Contract, by signer: Signer, startMilliseconds: UInt64, world: World) -> DeclaredTerms {
        guard let terms = try? DeclaredTerms(contract, deployer: signer.publicKey, network: cast.network.id) else {
            preconditionFailure("what is drawn has the form of a contract")
        }
        acts.append(Act(terms: terms, signature: signer.sign(.deploy, network: cast.network.id, terms.body)))
        world.setClientTimer(index, key: acts.count - 1, afterMilliseconds: startMilliseconds)
        return terms
    }

    package func timerFired(_ key: Int, world: World) {
        guard !acts[key].isDone, acts[key].attempts < Deployer.mostAttempts else { return }
        acts[key].attempts += 1
        lastCall += 1
        open[lastCall] = key
        let contract = acts[key].terms.contract
        let chain = world.random.below(2) == 0 ? contract.first.chain : contract.second.chain
        let nodes = cast.network.chain(chain)?.nodes ?? []
        let node = nodes[Int(world.random.below(UInt64(nodes.count)))].id
        world.request(
            Service.name(.collector, chain: chain, node: node), .sponsor(acts[key].terms, acts[key].signature), client: index, id: lastCall,
            timeoutMilliseconds: 4_000)
        world.setClientTimer(index, key: key, afterMilliseconds: Deployer.pauseMilliseconds)
    }

    package func answered(_ call: UInt64, _ response: Response, world: World) {
        guard let key = open.removeValue(forKey: call) else { return }
        switch response {
        case .contracts(let entries, _): if entries.contains(where: { $0.terms == acts[key].terms }) { acts[key].isDone = true }
        case .failure(.superseded, _), .failure(.notAllowed, _): acts[key].isDone = true
        default: break
        }
    }

    package func noticed(_ notice: Notice, world: World) {}
}
