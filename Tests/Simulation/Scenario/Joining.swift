import Cryptography
import Determinism
import RoleKit
import Wire

/// A chain that joins while the others pay (A16), and what its nodes have signed.
package struct Joining: Sendable {
    package let body: ChainBody
    /// By every node, in order.
    let signatures: [Signature]
    let asset: AssetID
    var chain: ChainDescription { body.chain }

    init(_ engine: Engine, nodes: [NodeDescription], people: [PublicKey], genesisTime: ChainTime, signers: [String: Signer], network: Digest) {
        guard let id = ChainID("omega"), let asset = AssetID("V") else { preconditionFailure("names are valid") }
        let genesis = people.enumerated().filter { $0.offset % 3 != 1 }.map {
            GenesisAccount(key: $0.element, balances: [Balance(asset: asset, amount: 20_000 + 1_000 * UInt64($0.offset))])
        }
        let staked = nodes.map { NodeDescription(id: $0.id, key: $0.key, site: $0.site, stake: engine == .pos ? 10_000 : 0) }
        let description = ChainDescription(
            id: id, engine: engine, nodes: staked, genesis: genesis, genesisTime: genesisTime,
            work: engine == .pow ? WorkRule(intervalMilliseconds: 600, difficulty: 12, window: 8, confirmations: 1) : nil,
            epochs: engine == .pos ? EpochRule(slots: 16, margin: 12) : nil,
            stake: engine == .pos ? StakeRule(asset: asset, minimum: 200, unbondingMilliseconds: 6_000) : nil)
        guard let body = try? ChainBody(description) else { preconditionFailure("what is drawn has the form of a chain") }
        self.body = body
        self.asset = asset
        signatures = nodes.compactMap { signers[$0.id] }.map { body.signed(by: $0, network: network) }
    }
}

/// The operators of a new chain and of the notaries: one after the other they admit it, again and again until it has joined; some ask for
/// what nobody may have.
final class Applicants: SimulatedClient {
    let name = "applicants"
    private let cast: Cast
    private let joining: Joining
    private let joined: (World, ChainEntry) -> Void
    private var index = 0
    private var lastCall: UInt64 = 0
    private(set) var isDone = false
    private static let pauseMilliseconds: UInt64 = 1_100

    /// - Parameter joined: what happens as soon as they hear that the chain has joined.
    init(_ joining: Joining, cast: Cast, joined: @escaping (World, ChainEntry) -> Void) {
        self.joining = joining
        self.cast = cast
        self.joined = joined
    }

    func join(_ world: World, spanMilliseconds: UInt64) {
        index = world.add(self)
        let start = 200 + world.random.below(spanMilliseconds / 2 + 1)
        for key in cast.network.notary.listed.indices {
            world.setClientTimer(index, key: key, afterMilliseconds: start + world.random.below(3_000))
        }
    }

    func timerFired(_ key: Int, world: World) {
        guard !isDone else { return }
        let notaries = cast.network.notary.listed
        let recorder = Service.name(.recorder, chain: .notary, node: notaries[Int(world.random.below(UInt64(notaries.count)))].id)
        lastCall += 1
        // Whoever is elected meanwhile may have taken another key; both are tried.
        let node = notaries[key]
        let fresh = cast.freshSigners[node.id].flatMap { world.random.below(2) == 0 ? $0 : nil }
        guard let signer = fresh ?? cast.nodeSigners[node.id] else { return }
        world.request(recorder, request(by: signer, world), client: index, id: lastCall, timeoutMilliseconds: 3_000)
        world.setClientTimer(index, key: key, afterMilliseconds: Applicants.pauseMilliseconds + world.random.below(500))
    }

    /// Mostly what is meant; now and then a description that the nodes have not signed, or a stranger's word.
    private func request(by signer: Signer, _ world: World) -> Request {
        switch world.random.below(8) {
        case 0:
            var other = joining.chain
            other.genesis[0].balances[0].amount += 1
            guard let body = try? ChainBody(other) else { preconditionFailure("a richer chain has the same form") }
            return .admit(Admission(body: body, signatures: joining.signatures, network: cast.network.id, notary: signer))
        case 1: return .admit(Admission(body: joining.body, signatures: joining.signatures, network: cast.network.id, notary: cast.people[0]))
        case 2, 3: return .joins
        default: return .admit(Admission(body: joining.body, signatures: joining.signatures, network: cast.network.id, notary: signer))
        }
    }

    func answered(_ call: UInt64, _ response: Response, world: World) {
        guard !isDone, case .joins(let joins) = response, let notice = joins.joined.first(where: { $0.chain == joining.chain.id }),
            let entry = notice.proof.value.flatMap({ ChainEntry(decoding: $0) })
        else { return }
        isDone = true
        world.log?(world.now, "\(joining.chain.id) has joined at notary height \(entry.height)")
        joined(world, entry)
    }

    func noticed(_ notice: Notice, world: World) {}
}

extension PaymentPlan {
    /// People pay on the new chain, and between it and the others, at once; somebody declares a contract with it.
    mutating func planJoined(_ joining: Joining, _ wallets: [Wallet], _ world: World) {
        let chain = joining.chain
        offsetMilliseconds = world.now / 1_000
        cast.network = world.network
        for wallet in wallets { wallet.receivingChains.append(chain.id) }
        let owners = wallets.filter { wallet in chain.genesis.contains { $0.key == wallet.signer.publicKey } }
        for _ in 0..<4 {
            let payer = owners[Int(world.random.below(UInt64(owners.count)))]
            let payee = owners.first { $0 !== payer } ?? payer
            planTransfer(.transfer, chain, payer, payee, world, world.random.below(3_000))
        }
        for _ in 0..<4 { planAgreement(.agreement, wallets, world, world.random.below(4_000)) }
        planBureau("hanse", between: [cast.network.chains[Int(world.random.below(UInt64(world.founding.chains.count)))], chain], wallets, world)
    }
}
