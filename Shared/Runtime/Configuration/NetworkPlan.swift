import Cryptography
import Wire

/// What a new network is to look like.
package struct NetworkPlan: Hashable, Sendable {
    package var name = "dev"
    /// Sub-chains.
    package var chains = 2
    /// Engine of each sub-chain, in order; `bft` for those not named.
    package var engines: [Engine] = []
    /// Nodes of each sub-chain.
    package var nodes = 4
    package var notaries = 4
    /// Further notary nodes, which may be elected.
    package var standby = 0
    /// Slots of an epoch of the notary chain; 0 for none: then the first notaries stay for ever.
    package var epochSlots: UInt64 = 0
    /// Slots before an epoch's end at which the election closes; 0 for a quarter of the epoch, at most `Limits.slotsAhead`.
    package var epochMargin: UInt64 = 0
    /// Collector replicas a node.
    package var collectors = 1
    /// Sub-chains with names, assets and accounts of their own, instead of Greek letters and numbered clients; nobody exchanges between
    /// them until somebody deploys a contract.
    package var named: [NamedChain] = []
    /// Client accounts besides alice and bob.
    package var clients = 60
    package var timing = Timing()
    /// Unix milliseconds.
    package var genesisTime: ChainTime = 0

    package init() {}

    /// A sub-chain that is named.
    package struct NamedChain: Hashable, Sendable {
        package var id: ChainID
        package var asset: AssetID
        /// Accounts that are at home on it, with what they own at first.
        package var accounts: [(name: String, amount: Amount)]

        package init(id: ChainID, asset: AssetID, accounts: [(name: String, amount: Amount)]) {
            self.id = id
            self.asset = asset
            self.accounts = accounts
        }

        package static func == (left: NamedChain, right: NamedChain) -> Bool {
            left.id == right.id && left.asset == right.asset && left.accounts.elementsEqual(right.accounts, by: ==)
        }

        package func hash(into hasher: inout Hasher) { hasher.combine(id) }
    }

    /// Ids of the sub-chains.
    var chainIDs: [ChainID] { named.isEmpty ? NetworkPlan.chainNames.prefix(chains).map { ChainID($0)! } : named.map(\.id) }

    /// The asset of a sub-chain, by its position.
    func asset(of index: Int) -> AssetID { named.isEmpty ? AssetID(NetworkPlan.assetNames[index])! : named[index].asset }

    /// Greek letters name the sub-chains.
    package static let chainNames = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi",
        "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ]
    /// Each chain issues one asset.
    package static let assetNames = [
        "X", "Y", "Z", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U",
    ]
    /// What a client has at first of its own chain's asset.
    static let clientFunds: Amount = 100_000
    /// What each node of a chain that votes by stake has bonded to itself at first.
    static let nodeStake: Amount = 100_000
    /// With work a slot takes a fraction of a second, without any a heartbeat: at most some nine minutes an epoch.
    static let epochs = EpochRule(slots: 128, margin: 32)
    /// Longer than two epochs of an idle chain.
    static let unbondingMilliseconds: UInt64 = 1_200_000
    /// What each reserve of a contract has at first.
    static let reserveFunds: Amount = 1_000_000_000
    /// Units of the second chain's asset for one of the first's.
    static let rate: UInt64 = 10
    static let paymentMaximum: Amount = 1_000_000
    static let deadlineMaximumMilliseconds: UInt64 = 600_000
    /// A member that may only listen; its key is for whoever watches the network.
    package static let tapName = "tap-1"

    /// Site ids in the order of their doors: every sub-chain's, then the notaries'.
    package var siteIDs: [String] { chainIDs.map(\.description) + [ChainID.notary.description] }
}

/// The secret half of a new network: every key that `init` writes to a file.
package struct NetworkKeys: Sendable {
    /// Node id → identity.
    package var nodes: [(name: String, pair: KeyPair)] = []
    /// Member or site → CURVE key.
    package var transports: [(name: String, pair: TransportKeyPair)] = []
    /// Account name → key.
    package var wallets: [(name: String, pair: KeyPair)] = []
}

extension NetworkPlan {
    /// Makes keys and the configuration that names their public halves.
    /// - Parameter endpoints: doors of each site, in the order of `siteIDs`.
    /// - Precondition: 1 to 24 chains, nodes and notaries within `Limits.nodesPerChain`, endpoints for every site.
    package func realized(endpoints: [SiteEndpoints]) -> (configuration: NetworkConfiguration, keys: NetworkKeys, book: AddressBook) {
        precondition((1...NetworkPlan.chainNames.count).contains(chains) && endpoints.count == siteIDs.count, "the command checks its options")
        var keys = NetworkKeys()
        var book = AddressBook(entries: [])
        let ids = chainIDs
        for (name, home) in accounts(of: ids) {
            let pair = KeyPair.generate()
            keys.wallets.append((name, pair))
            book.entries.append(AddressBook.Entry(name: name, key: pair.publicKey, chain: home))
        }
        let contracts = named.isEmpty ? self.contracts(between: ids) : []
        let chains = ids.enumerated().map { index, id in
            ChainDescription(
                id: id, engine: engine(of: index),
                nodes: makeNodes(id.description, nodes, &keys, stake: engine(of: index) == .pos ? NetworkPlan.nodeStake : 0),
                genesis: genesis(id, index, book, contracts), genesisTime: genesisTime, work: engine(of: index) == .pow ? WorkRule() : nil,
                epochs: engine(of: index) == .pos ? NetworkPlan.epochs : nil,
                stake: engine(of: index) == .pos ? stakeRule(asset(of: index)) : nil)
        }
        let notary = makeNotary(&keys)
        let id = NetworkIdentity.id(version: NetworkFile.version, notary: notary, chains: chains, contracts: contracts, timing: timing)
        let network = Network(id: id, notary: notary, chains: chains, contracts: contracts, timing: timing)
        var configuration = NetworkConfiguration(name: name, network: network, sites: [], members: [], collectorsPerNode: collectors)
        for (site, doors) in zip(siteIDs, endpoints) {
            let pair = TransportKeyPair.generate()
            let description = SiteDescription(id: site, endpoints: doors, key: pair.publicKey)
            keys.transports.append((description.memberName, pair))
            configuration.sites.append(description)
        }
        for role in configuration.roles(collectorsPerNode: 1) { addMember(role.memberName, .role(role.role), &configuration, &keys) }
        addMember(NetworkPlan.tapName, .tap, &configuration, &keys)
        return (configuration, keys, book)
    }

    private func stakeRule(_ asset: AssetID) -> StakeRule {
        StakeRule(asset: asset, minimum: NetworkPlan.nodeStake / 100, unbondingMilliseconds: NetworkPlan.unbondingMilliseconds)
    }

    private func engine(of index: Int) -> Engine { index < engines.count ? engines[index] : .bft }

    /// alice on the first chain, bob on the second, and numbered clients on each chain in turn.
    private func accounts(of chains: [ChainID]) -> [(name: String, home: ChainID)] {
        guard named.isEmpty else { return named.flatMap { chain in chain.accounts.map { ($0.name, chain.id) } } }
        var accounts = [(name: "alice", home: chains[0]), (name: "bob", home: chains[1 % chains.count])]
        let width = max(2, "\(clients)".count)
        for number in 0..<clients {
            let digits = "\(number + 1)"
            let padding = String(repeating: "0", count: width - digits.count)
            accounts.append((name: "client-\(padding)\(digits)", home: chains[number % chains.count]))
        }
        return accounts
    }

    private func makeNotary(_ keys: inout NetworkKeys) -> ChainDescription {
        let name = ChainID.notary.description
        var notary = ChainDescription(id: .notary, engine: .bft, nodes: makeNodes(name, notaries, &keys), genesis: [], genesisTime: genesisTime)
        guard epochSlots > 1 else { return notary }
        let margin = epochMargin > 0 ? epochMargin : min(UInt64(Limits.slotsAhead), max(8, epochSlots / 4))
        notary.epochs = EpochRule(slots: epochSlots, margin: margin)
        notary.election = ElectionRule(seats: notaries, standby: standby > 0 ? makeNodes(name, standby, from: notaries + 1, &keys) : [])
        return notary
    }

    private func makeNodes(
        _ chain: String, _ count: Int, from first: Int = 1, _ keys: inout NetworkKeys, stake: Amount = 0
    ) -> [NodeDescription] {
        var nodes: [NodeDescription] = []
        for number in first..<(first + count) {
            let pair = KeyPair.generate()
            keys.nodes.append(("\(chain)-\(number)", pair))
            nodes.append(NodeDescription(id: "\(chain)-\(number)", key: pair.publicKey, site: chain, stake: stake))
        }
        return nodes
    }

    /// Every client has an account on every chain, so that it can receive there, and money on its own; with more than two chains on all of
    /// them, so that the same payments can be made however many there are. Reserves pay for contracts.
    private func genesis(_ chain: ChainID, _ index: Int, _ book: AddressBook, _ contracts: [Contract]) -> [GenesisAccount] {
        let asset = self.asset(of: index)
        guard named.isEmpty else {
            return book.entries.map { entry in
                let amount = entry.chain == chain ? named[index].accounts.first { $0.name == entry.name }?.amount ?? 0 : 0
                return GenesisAccount(key: entry.key, balances: amount > 0 ? [Balance(asset: asset, amount: amount)] : [])
            }
        }
        var accounts = book.entries.map { entry in
            GenesisAccount(key: entry.key, balances: entry.chain == chain || chains > 2 ? [Balance(asset: asset, amount: NetworkPlan.clientFunds)] : [])
        }
        for contract in contracts {
            if let side = contract.side(of: chain) {
                accounts.append(GenesisAccount(key: side.reserve, balances: [Balance(asset: asset, amount: NetworkPlan.reserveFunds)]))
            }
        }
        return accounts
    }

    /// One exchange for each pair of chains.
    private func contracts(between chains: [ChainID]) -> [Contract] {
        var contracts: [Contract] = []
        for first in chains.indices {
            for second in chains.indices where second > first {
                let id = "exchange-\(chains[first])-\(chains[second])"
                contracts.append(
                    Contract(
                        id: id, version: 1, first: side(id, chains[first], first), second: side(id, chains[second], second),
                        rateNumerator: NetworkPlan.rate, rateDenominator: 1, minimumAmount: 1,
                        maximumAmount: NetworkPlan.paymentMaximum, deadlineMaximumMilliseconds: NetworkPlan.deadlineMaximumMilliseconds))
            }
        }
        return contracts
    }

    /// A reserve's account is a hash, so nobody has its key.
    private func side(_ contract: String, _ chain: ChainID, _ index: Int) -> ContractSide {
        ContractSide(
            chain: chain, asset: AssetID(NetworkPlan.assetNames[index])!,
            reserve: PublicKey(Blake2b.hash(.genesis, Array("reserve of \(contract) on \(chain)".utf8))))
    }

    private func addMember(_ name: String, _ role: MemberRole, _ configuration: inout NetworkConfiguration, _ keys: inout NetworkKeys) {
        let pair = TransportKeyPair.generate()
        keys.transports.append((name, pair))
        configuration.members.append(MemberDescription(name: name, role: role, key: pair.publicKey))
    }
}
