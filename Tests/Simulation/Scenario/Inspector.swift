import Cryptography
import RoleKit
import Wire

/// Asks every collector, at the end of a run, for the ends of acknowledged transactions and for balances.
final class Inspector: SimulatedClient {
    let name = "inspector"
    private var index = 0
    private var lastCall: UInt64 = 0
    private var accounts: [UInt64: (collector: String, chain: ChainID)] = [:]
    /// Accounts that have been asked for and not been answered.
    private var waiting = 0
    private(set) var comparisons = 0

    /// Whether every question for an account has been answered.
    var hasCompared: Bool { waiting == 0 }

    func join(_ world: World) { index = world.add(self) }

    /// Asks each collector instance of the chain about each transaction: as many questions at once as a node has instances come to all of
    /// them, because the least loaded one is taken.
    func inquire(_ open: [(chain: ChainID, id: Digest)], world: World) {
        for item in open {
            for instance in world.instances where instance.address.role == .collector && instance.address.chain == item.chain {
                ask(Service.name(.collector, chain: item.chain, node: instance.address.node), .status(item.id), world)
            }
        }
    }

    /// Asks each node's collector for an account of its chain.
    func compareBalances(_ world: World) {
        for chain in world.network.chains {
            for (position, node) in chain.nodes.enumerated() {
                let account = chain.genesis[position % chain.genesis.count].key
                let service = Service.name(.collector, chain: chain.id, node: node.id)
                accounts[ask(service, .account(account), world)] = (service, chain.id)
                waiting += 1
            }
        }
    }

    @discardableResult
    private func ask(_ service: String, _ request: Request, _ world: World) -> UInt64 {
        lastCall += 1
        world.request(service, request, client: index, id: lastCall, timeoutMilliseconds: 2_000)
        return lastCall
    }

    func answered(_ call: UInt64, _ response: Response, world: World) {
        guard let (collector, chain) = accounts[call] else { return }
        waiting -= 1
        guard case .account(let view) = response,
            view.height == Height(world.judge.history.blocks(of: chain).count)
        else { return }
        comparisons += 1
        if let expected = world.judge.replay.balances(of: view.account, on: chain), expected != view.balances {
            world.judge.findings.report(
                .replay, "\(collector) says \(view.balances.map(\.amount)) of \(view.account), replay says \(expected.map(\.amount))", at: world.now)
        }
    }

    func noticed(_ notice: Notice, world: World) {}
    func timerFired(_ key: Int, world: World) {}
}
