import Cryptography
import Determinism
import RoleKit
import Wire

/// How large a seed's network is.
package struct Shape: Sendable, Hashable {
    package var chains: Int
    package var nodes: Int
    package var notaries: Int
    /// Collector replicas of each chain's first node.
    package var replicas: Int
    package var people: Int
    package var strategy: NotaryStrategy
    /// How often snapshots are made, and when they are fetched.
    package var snapshots: SnapshotPolicy
    /// How often validators remind other chains of legs.
    package var reminders = ReminderRate()
    /// Whether the first chain votes by stake.
    package var isStaked = false
    /// Notary nodes on standby; none where the notaries are not elected.
    package var standby = 0
    /// How the notary chain's slots fall into epochs, where notaries are elected.
    package var epochs: EpochRule?
    /// The first chain's, when it is mined.
    package var work: WorkRule?
    /// A chain that joins while the others pay (A16); nil for none.
    package var joining: Engine?

    package init(chains: Int = 2, nodes: Int = 4, notaries: Int = 4, replicas: Int = 1, people: Int = 12, strategy: NotaryStrategy = .all,
        snapshots: SnapshotPolicy = SnapshotPolicy(), work: WorkRule? = nil
    ) {
        self.work = work
        self.chains = chains
        self.nodes = nodes
        self.notaries = notaries
        self.replicas = replicas
        self.people = people
        self.strategy = strategy
        self.snapshots = snapshots
    }

    /// To whom builders hand candidates; mostly to all.
    private static let strategies = [
        NotaryStrategy.all, .all, .all, .one, NotaryStrategy(count: 2, order: .random), NotaryStrategy(count: 1, order: .fastest),
    ]

    /// Mostly 2 chains of 4 nodes and 4 notaries; sometimes 1 or 7 nodes, 1 notary, 3 chains.
    ///
    /// - Parameter isMined: whether the first chain is mined in any case, and not in one of five; then mostly with little patience, so that
    ///   branches are left late.
    package init(drawing random: inout SeededRandom, isMined: Bool = false) {
        let nodes = [4, 4, 4, 4, 4, 4, 4, 1, 1, 7][Int(random.below(10))]
        self.init(
            chains: random.below(8) == 0 ? 3 : 2, nodes: nodes, notaries: random.below(5) == 0 ? 1 : 4,
            replicas: 1 + Int(random.below(2)), strategy: Shape.strategies[Int(random.below(UInt64(Shape.strategies.count)))])
        isStaked = random.below(3) == 0
        if notaries == 4, random.below(3) == 0 {
            standby = 1 + Int(random.below(2))
            // Short enough that a run sees several; a margin that skipped slots do not use up.
            let margin = 14 + random.below(6)
            epochs = EpochRule(slots: margin + 4 + random.below(2 * margin), margin: margin)
        }
        // Small enough that chains of a few dozen blocks have several.
        snapshots = SnapshotPolicy(blocks: 2 + random.below(9), transactions: 5 + Int(random.below(100)), blocksBehind: 1 + random.below(5))
        let drawsWork = random.below(5) == 0
        if drawsWork || isMined {
            work = WorkRule(
                intervalMilliseconds: 300 + random.below(isMined ? 300 : 1_200), difficulty: 8 + random.below(24), window: 4 + random.below(28),
                confirmations: random.below(isMined ? 2 : 4) == 0 ? 0 : 1 + random.below(2))
        }
    }
}

/// A drawn network, with everybody's keys.
package struct Cast {
    package internal(set) var network: Network
    /// Node id → its signer.
    package let nodeSigners: [String: Signer]
    /// Notary node id → the key that it takes when it rotates.
    package let freshSigners: [String: Signer]
    package let people: [Signer]
    package let assets: [ChainID: AssetID]
    /// A chain that is to join.
    package let joining: Joining?

    /// - Parameter memo: remembers what these signers sign.
    /// - Parameter silentMilliseconds: after so long without a final block notaries freeze a chain by themselves; 0 for never.
    package init(_ shape: Shape, seed: UInt64, memo: SignatureMemo, timing: Timing = Timing(), silentMilliseconds: UInt64 = 0) {
        let names = ["alpha", "beta", "gamma", "delta"].prefix(shape.chains)
        let networkID = Blake2b.hash(Array("simulated network".utf8) + seed.bigEndianBytes)
        var signers: [String: Signer] = [:]
        var assets: [ChainID: AssetID] = [:]
        let people = (0..<shape.people).map { memo.signer(Cast.pair("person \($0)")) }
        let genesisTime = VirtualClock.epochMilliseconds - 60_000

        func nodes(_ name: String, _ count: Int, after first: Int = 0) -> [NodeDescription] {
            (first..<(first + count)).map { place in
                let number = place + 1
                let signer = memo.signer(Cast.pair("node \(name)-\(number)"))
                signers["\(name)-\(number)"] = signer
                return NodeDescription(id: "\(name)-\(number)", key: signer.publicKey, site: name)
            }
        }

        var chains: [ChainDescription] = []
        for (index, name) in names.enumerated() {
            guard let chain = ChainID(name), let asset = AssetID(["X", "Y", "Z", "W"][index]) else { preconditionFailure("names are valid") }
            assets[chain] = asset
            var genesis = people.enumerated().filter { $0.offset % 3 != index % 3 || $0.offset < 2 }.map {
                GenesisAccount(key: $0.element.publicKey, balances: [Balance(asset: asset, amount: 10_000 + 1_000 * UInt64($0.offset))])
            }
            for other in names.indices where other != index {
                genesis.append(GenesisAccount(key: Cast.reserve(name, names[other]), balances: [Balance(asset: asset, amount: 1_000_000)]))
            }
            let work = index == 0 && !shape.isStaked ? shape.work : nil
            chains.append(
                shape.isStaked && index == 0
                    ? Cast.staked(chain, asset, nodes(name, shape.nodes), genesis, genesisTime)
                    : ChainDescription(
                        id: chain, engine: work == nil ? .bft : .pow, nodes: nodes(name, shape.nodes), genesis: genesis,
                        genesisTime: genesisTime, work: work))
        }
        var notary = ChainDescription(
            id: .notary, engine: .bft, nodes: nodes("notary", shape.notaries), genesis: [], genesisTime: genesisTime)
        var fresh: [String: Signer] = [:]
        if shape.standby > 0 {
            notary.epochs = shape.epochs
            notary.election = ElectionRule(seats: shape.notaries, lead: 8, standby: nodes("notary", shape.standby, after: shape.notaries))
            for node in notary.listed { fresh[node.id] = memo.signer(Cast.pair("fresh \(node.id)")) }
        }
        freshSigners = fresh
        network = Network(
            id: networkID, notary: notary, chains: chains, contracts: Cast.contracts(Array(names), assets), timing: timing,
            consequences: Consequences(twoFinals: .freeze, silentMilliseconds: silentMilliseconds))
        joining = shape.joining.map { engine in
            Joining(engine, nodes: nodes("omega", shape.nodes), people: people.map(\.publicKey), genesisTime: genesisTime, signers: signers, network: networkID)
        }
        if let joining { assets[joining.chain.id] = joining.asset }
        nodeSigners = signers
        self.people = people
        self.assets = assets
    }

    /// A chain that votes by stake, with short epochs. The first node weighs so much that nothing goes on without it where the others are
    /// few: their number alone makes no quorum.
    private static func staked(
        _ chain: ChainID, _ asset: AssetID, _ nodes: [NodeDescription], _ genesis: [GenesisAccount], _ genesisTime: ChainTime
    ) -> ChainDescription {
        let weighed = nodes.enumerated().map { position, node in
            NodeDescription(id: node.id, key: node.key, site: node.site, stake: position == 0 ? 17_000 : 10_000)
        }
        return ChainDescription(
            id: chain, engine: .pos, nodes: weighed, genesis: genesis, genesisTime: genesisTime, epochs: EpochRule(slots: 16, margin: 12),
            stake: StakeRule(asset: asset, minimum: 200, unbondingMilliseconds: 6_000))
    }

    private static func contracts(_ names: [String], _ assets: [ChainID: AssetID]) -> [Contract] {
        var contracts: [Contract] = []
        for first in names.indices {
            for second in names.indices where second > first {
                guard let one = ChainID(names[first]), let two = ChainID(names[second]), let oneAsset = assets[one], let twoAsset = assets[two]
                else { continue }
                contracts.append(
                    Contract(
                        id: "\(names[first])-\(names[second])", version: 1,
                        first: ContractSide(chain: one, asset: oneAsset, reserve: reserve(names[first], names[second])),
                        second: ContractSide(chain: two, asset: twoAsset, reserve: reserve(names[second], names[first])),
                        rateNumerator: 10, rateDenominator: 1, minimumAmount: 1, maximumAmount: 100_000,
                        deadlineMaximumMilliseconds: 120_000))
            }
        }
        return contracts
    }

    private static func pair(_ name: String) -> KeyPair { KeyPair(seed: Blake2b.hash(Array("simulated \(name)".utf8))) }

    /// Reserve on one chain of the contract with another; nobody's key.
    private static func reserve(_ chain: String, _ other: String) -> PublicKey {
        PublicKey(Blake2b.hash(Array("simulated reserve \(chain) \(other)".utf8)))
    }
}
