import RoleKit
import Wire

/// A wallet or device in the world. Reference types: the world holds them and calls them.
package protocol SimulatedClient: AnyObject {
    /// Name of its connection.
    var name: String { get }
    func answered(_ call: UInt64, _ response: Response, world: World)
    func noticed(_ notice: Notice, world: World)
    func timerFired(_ key: Int, world: World)
}

extension World {
    /// Adds a client and returns its position, which it names in its calls.
    package func add(_ client: some SimulatedClient) -> Int {
        clients.append(client)
        return clients.count - 1
    }

    /// A client's request; answered once.
    package func request(_ service: String, _ request: Request, client: Int, id: UInt64, timeoutMilliseconds: UInt64) {
        call(service, request, from: .client(client, id: id), timeoutMilliseconds: timeoutMilliseconds)
    }

    package func setClientTimer(_ client: Int, key: Int, afterMilliseconds: UInt64) {
        queue.push(.clientTimer(client: client, key: key), at: now + max(1, afterMilliseconds * 1_000))
    }

    /// Wall clock of the clients' machines, Unix milliseconds.
    package var clientTime: UInt64 { VirtualClock.epochMilliseconds + now / 1_000 }

    func push(_ notice: Notice, to client: String, by instance: Instance) {
        if case .status(let status) = notice { judge.told(status, chain: instance.address.chain, at: now) }
        guard let index = clients.firstIndex(where: { $0.name == client }) else { return }
        if isFaulty, plan.has(.callLoss), random.chance(perMillion: plan.linkPerMillion) {
            tally.add(.callLoss)
            return
        }
        queue.push(.notice(client: index, notice), at: now + plan.nearMicroseconds + random.below(plan.farMicroseconds))
    }
}
