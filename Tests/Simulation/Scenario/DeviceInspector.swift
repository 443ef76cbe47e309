import Chain
import Cryptography
import Ledger
import RoleKit
import Wire

/// Follows every chain at the end of a run as a device does (A9): by headers alone, and asks every honest node to prove an account. Whatever
/// has happened to a node, what it shows must hold by the network's description, and be what the one history says.
final class DeviceInspector: SimulatedClient {
    /// A node that has to prove an account.
    private struct Question: Hashable {
        var chain: ChainID
        var service: String
        var account: PublicKey
    }

    private enum Call {
        case headers(ChainID)
        case account(Question)
    }

    let name = "device"
    /// Times that a node is asked: it may still be catching up, or repairing a block.
    private static let rounds = 12
    private static let roundMicroseconds: UInt64 = 2_500_000

    private let shelf: HandoverShelf
    private var devices: [ChainID: LightClient] = [:]
    /// Handovers of the shelf that each device knows.
    private var taken = 0
    private var targets: [ChainID: Height] = [:]
    private var open: [Question] = []
    private var calls: [UInt64: Call] = [:]
    private var lastCall: UInt64 = 0
    private var index = 0

    init(_ shelf: HandoverShelf) { self.shelf = shelf }

    /// Asks until everything has been shown; what has not been by the last round is a violation.
    func inspect(_ world: World, mostSteps: UInt64) {
        index = world.add(self)
        begin(world)
        for _ in 0..<DeviceInspector.rounds where !isDone {
            shelf.ask(world)
            ask(world)
            world.run(atMost: DeviceInspector.roundMicroseconds, mostSteps: mostSteps) { isDone }
        }
        for (chain, device) in sortedDevices where device.height < targets[chain] ?? 0 {
            world.judge.findings.report(
                .progress, "no node of \(chain) leads a device from header \(device.height) to \(targets[chain] ?? 0)", at: world.now)
        }
        for question in open.prefix(3) {
            world.judge.findings.report(.progress, "\(question.service) does not prove account \(question.account)", at: world.now)
        }
    }

    private var isDone: Bool { open.isEmpty && devices.allSatisfy { $1.height >= targets[$0] ?? 0 } }

    private var sortedDevices: [(ChainID, LightClient)] { devices.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }

    private func begin(_ world: World) {
        let memo = world.memo
        let gone = [world.judge.corrupt, world.dead?.chain]
        for chain in world.network.chains + [world.network.notary] where !gone.contains(chain.id) {
            devices[chain.id] = LightClient(chain: chain.id, network: world.network) { memo.holds($0) }
            targets[chain.id] = Height(world.judge.history.blocks(of: chain.id).count)
            guard chain.id != .notary, targets[chain.id] != 0 else { continue }
            for (position, service) in services(of: chain.id, world).enumerated() {
                open.append(Question(chain: chain.id, service: service, account: chain.genesis[position % chain.genesis.count].key))
            }
        }
    }

    /// The consensus services of a chain's honest nodes.
    private func services(of chain: ChainID, _ world: World) -> [String] {
        world.instances.filter { $0.address.role == .consensus && $0.address.chain == chain && !$0.isByzantine }
            .map { Service.name(.consensus, chain: chain, node: $0.address.node) }
    }

    /// The archives of honest notaries: a chain's nodes have not the blocks that they passed by a snapshot.
    private func recorders(_ world: World) -> [String] {
        world.instances.filter { $0.address.role == .recorder && !$0.isByzantine && $0.isRunning }
            .map { Service.name(.recorder, chain: .notary, node: $0.address.node) }
    }

    private func ask(_ world: World) {
        for (chain, device) in sortedDevices where device.height < targets[chain] ?? 0 {
            for service in services(of: chain, world) + recorders(world) {
                ask(.headers(chain), service, .fetchHeaders(chain: chain, from: device.height + 1, limit: Limits.headersPerAnswer), world)
            }
        }
        for question in open {
            ask(.account(question), question.service, .fetchAccountProof(chain: question.chain, account: question.account), world)
        }
    }

    private func ask(_ call: Call, _ service: String, _ request: Request, _ world: World) {
        lastCall += 1
        calls[lastCall] = call
        world.request(service, request, client: index, id: lastCall, timeoutMilliseconds: 2_000)
    }

    func answered(_ call: UInt64, _ response: Response, world: World) {
        for handover in shelf.handovers.dropFirst(taken) {
            for chain in devices.keys.sorted() where devices[chain]?.learn(handover) == false {
                world.judge.findings.report(.certificates, "a device of \(chain) refuses a handover of \(handover.chain)", at: world.now)
            }
            taken += 1
        }
        switch (calls.removeValue(forKey: call), response) {
        case (.headers(let chain)?, .headers(let run, _)): take(run, of: chain, world)
        case (.account(let question)?, .accountProof(let final, let proof)): take(final, proof, for: question, world)
        default: break
        }
    }

    private func take(_ run: HeaderRun, of chain: ChainID, _ world: World) {
        // Answers to one question come from several nodes: the first has led on.
        guard let last = run.last, let height = devices[chain]?.height, (run.headers.first ?? last.header).height == height + 1 else { return }
        let reason = devices[chain]?.extend(by: run)
        if let reason {
            guard reason != .epochUnknown else { return }
            return world.judge.findings.report(.certificates, "a node of \(chain) shows headers that do not hold: \(reason.code)", at: world.now)
        }
        world.judge.exercised(.headersVerified)
        for header in run.headers + [last.header] {
            guard let hash = world.judge.history.hash(of: chain, at: header.height), hash != header.hash else { continue }
            world.judge.findings.report(.singleHistory, "a device has \(header.hash) at \(chain) \(header.height)", at: world.now)
        }
    }

    private func take(_ final: FinalHeader, _ proof: StateProof, for question: Question, _ world: World) {
        guard let found = devices[question.chain]?.account(question.account, in: proof, at: final) else { return }
        switch found {
        case .failure(.epochUnknown): return
        case .failure(let reason):
            world.judge.findings.report(.certificates, "\(question.service) proves an account by what does not hold: \(reason.code)", at: world.now)
        case .success(let account):
            world.judge.exercised(.accountProven)
            open.removeAll { $0 == question }
            guard final.header.height == Height(world.judge.history.blocks(of: question.chain).count) else { return }
            let expected = world.judge.replay.balances(of: question.account, on: question.chain)
            let shown = account.map { $0.balances.list }
            if shown?.map(\.amount) != expected?.map(\.amount) || shown?.map(\.asset) != expected?.map(\.asset) {
                world.judge.findings.report(.replay, "\(question.service) proves other balances of \(question.account) than replay has", at: world.now)
            }
        }
    }

    func noticed(_ notice: Notice, world: World) {}
    func timerFired(_ key: Int, world: World) {}
}
