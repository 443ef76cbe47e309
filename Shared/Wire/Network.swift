import Cryptography

/// A node of one chain: one organisation's member.
package struct NodeDescription: Hashable, Sendable {
    /// `alpha-1`.
    package var id: String
    /// Signs everything the node says.
    package var key: PublicKey
    /// Bus its roles connect to.
    package var site: String
    /// What its own account has bonded to it before the first block, in minor units of the stake asset; on a `pos` chain only.
    package var stake: Amount

    package init(id: String, key: PublicKey, site: String, stake: Amount = 0) {
        self.stake = stake
        self.id = id
        self.key = key
        self.site = site
    }
}

/// Which engine adopts a chain's blocks (A3).
package enum Engine: String, Sendable, CaseIterable {
    case bft, pos, pow
}

/// What an account owns before the first block.
package struct GenesisAccount: Hashable, Sendable {
    package var key: PublicKey
    /// One an asset, ascending.
    package var balances: [Balance]

    package init(key: PublicKey, balances: [Balance]) {
        self.key = key
        self.balances = balances.sorted { $0.asset < $1.asset }
    }
}

/// One chain of a network.
package struct ChainDescription: Hashable, Sendable {
    package var id: ChainID
    package var engine: Engine
    /// In voting order; a slot's leader is drawn from it in turn.
    package var nodes: [NodeDescription]
    /// Ascending by key; empty on the notary chain.
    package var genesis: [GenesisAccount]
    package var genesisTime: ChainTime
    /// Of engine `pow`, and of no other.
    package var work: WorkRule?
    /// How electorates follow each other; nil when the nodes are the electorate for ever.
    package var epochs: EpochRule?
    /// Of engine `pos`, and of no other.
    package var stake: StakeRule?
    /// How the next notaries are elected; nil on sub-chains, and where the first set stays for ever.
    package var election: ElectionRule?

    package init(
        id: ChainID, engine: Engine, nodes: [NodeDescription], genesis: [GenesisAccount], genesisTime: ChainTime, work: WorkRule? = nil,
        epochs: EpochRule? = nil, stake: StakeRule? = nil
    ) {
        precondition(
            (engine == .pos) == (stake != nil) && (engine != .pos || epochs != nil), "a chain that votes by stake, and no other, has a rule of it")
        self.stake = stake
        precondition((engine == .pow) == (work != nil), "a chain that is mined, and no other, has a rule of work")
        self.epochs = epochs
        self.id = id
        self.engine = engine
        self.nodes = nodes
        self.genesis = genesis.sorted { $0.key < $1.key }
        self.genesisTime = genesisTime
        self.work = work
    }

    /// Who votes in epoch 0: every node, by stake those that have enough.
    package var genesisElectorate: Electorate {
        let members = nodes.compactMap { node -> Electorate.Member? in
            guard let stake else { return Electorate.Member(node: node.id, key: node.key, weight: 1) }
            return node.stake >= stake.minimum ? Electorate.Member(node: node.id, key: node.key, weight: node.stake) : nil
        }
        guard let electorate = Electorate(members, turns: stake == nil ? .inOrder : .byWeight(seed: genesisSeed)) else {
            preconditionFailure("a chain has nodes that vote, each with a key of its own")
        }
        return electorate
    }

    /// Draws the leaders of epoch 0, where they are drawn.
    package var genesisSeed: Digest { Blake2b.hash(.epochSeed, id.bytes) }

    /// The epoch of a slot.
    package func epoch(of slot: Slot) -> Epoch { epochs?.epoch(of: slot) ?? 0 }

    /// Slots above the final one in which a node may vote: the electorate of each is settled by a block that is final.
    package var slotsAhead: UInt64 { min(UInt64(Limits.slotsAhead), epochs?.margin ?? .max) }

    /// Whether a key is one of the chain's nodes', in the electorate or not.
    package func hasNode(_ key: PublicKey) -> Bool { listed.contains { $0.key == key } }

    /// Whether there is some of an asset from the chain's beginning.
    package func hasInGenesis(_ asset: AssetID) -> Bool { genesis.contains { $0.balances.contains { $0.asset == asset && $0.amount > 0 } } }
}

/// One side of an exchange contract.
package struct ContractSide: Hashable, Sendable {
    package var chain: ChainID
    package var asset: AssetID
    /// Account that takes what is paid on this chain and pays what is owed on it; it belongs to the contract, not to a key holder.
    package var reserve: PublicKey

    package init(chain: ChainID, asset: AssetID, reserve: PublicKey) {
        self.chain = chain
        self.asset = asset
        self.reserve = reserve
    }
}

/// Declared terms between two chains: of an exchange, in both directions (A14, A20), or of a peg (B2).
package struct Contract: Hashable, Sendable {
    package var id: String
    package var version: UInt32
    package var first: ContractSide
    package var second: ContractSide
    /// `rateNumerator` units of `second` for `rateDenominator` units of `first`.
    package var rateNumerator: UInt64
    package var rateDenominator: UInt64
    /// Bounds of the amount paid, in the paid asset's minor units.
    package var minimumAmount: Amount
    package var maximumAmount: Amount
    /// How far past the paying chain's time a deadline may lie; 0 for a peg, which has none.
    package var deadlineMaximumMilliseconds: UInt64
    /// Set for a peg: `first` is its side on the main chain, whose reserve is the custody account, and `second` that on the side chain, whose
    /// reserve is the return account.
    package var peg: PegTerms?
    /// What slows value down under these terms.
    package var brakes: ContractBrakes

    package init(
        id: String, version: UInt32, first: ContractSide, second: ContractSide, rateNumerator: UInt64, rateDenominator: UInt64,
        minimumAmount: Amount, maximumAmount: Amount, deadlineMaximumMilliseconds: UInt64, peg: PegTerms? = nil,
        brakes: ContractBrakes = ContractBrakes()
    ) {
        self.peg = peg
        self.brakes = brakes
        self.id = id
        self.version = version
        self.first = first
        self.second = second
        self.rateNumerator = rateNumerator
        self.rateDenominator = rateDenominator
        self.minimumAmount = minimumAmount
        self.maximumAmount = maximumAmount
        self.deadlineMaximumMilliseconds = deadlineMaximumMilliseconds
    }

    /// Whether these terms may be a further version of others: an exchange stays one, and a peg stays one between the same assets, because
    /// all versions have the same accounts.
    package func mayFollow(_ before: Contract) -> Bool {
        guard peg != nil || before.peg != nil else { return true }
        return peg != nil && before.peg != nil && first == before.first && second == before.second
    }

    /// The side of a chain.
    package func side(of chain: ChainID) -> ContractSide? {
        first.chain == chain ? first : second.chain == chain ? second : nil
    }

    /// What paying `amount` on `chain` buys on the other side; nil when it does not come out even or overflows.
    package func counterAmount(paying amount: Amount, on chain: ChainID) -> Amount? {
        let (numerator, denominator) = chain == first.chain ? (rateNumerator, rateDenominator) : (rateDenominator, rateNumerator)
        guard denominator > 0 else { return nil }
        let (product, overflow) = amount.multipliedReportingOverflow(by: numerator)
        guard !overflow, product % denominator == 0 else { return nil }
        return product / denominator
    }
}

/// A whole network, as `network.yaml` describes it; the same for everyone.
package struct Network: Hashable, Sendable {
    /// Hash of the canonical description; part of every signature.
    package var id: Digest
    /// The notary chain.
    package var notary: ChainDescription
    /// Sub-chains: those of `network.yaml` ascending by id, then those that have joined, in the order in which they did.
    package var chains: [ChainDescription]
    package var contracts: [Contract]
    package var timing: Timing
    package var consequences: Consequences
    /// Chains that have joined since (A16), in the order in which they did: the last ones of `chains`.
    package private(set) var joined: [ChainEntry] = []

    package init(
        id: Digest, notary: ChainDescription, chains: [ChainDescription], contracts: [Contract], timing: Timing,
        consequences: Consequences = Consequences()
    ) {
        self.consequences = consequences
        precondition(notary.id == .notary && timing.isConsistent, "a network has a notary chain and consistent timing")
        self.id = id
        self.notary = notary
        self.chains = chains.sorted { $0.id < $1.id }
        self.contracts = contracts
        self.timing = timing
    }

    /// A chain by id, the notary chain included.
    package func chain(_ id: ChainID) -> ChainDescription? {
        id == .notary ? notary : chains.first { $0.id == id }
    }

    /// A contract by id and version.
    package func contract(_ id: String, version: UInt32) -> Contract? {
        contracts.first { $0.id == id && $0.version == version }
    }

    /// The hash that stands for a chain before its first block.
    package func genesisHash(of chain: ChainID) -> Digest {
        joined.first { $0.chain.id == chain }?.genesisHash(network: id) ?? BlockHeader.genesisHash(of: chain, network: id)
    }

    /// Sub-chains that `network.yaml` describes.
    package var founding: ArraySlice<ChainDescription> { chains.dropLast(joined.count) }

    /// Every chain at the number under which stores keep it: those of `network.yaml`, the notary chain, then those that have joined. So a
    /// number never changes.
    package var stored: [ChainDescription] { founding + [notary] + chains.suffix(joined.count) }

    /// The same network with one more chain; the network id stays.
    ///
    /// - Precondition: the entry is the next one, and its chain is new.
    package func grown(by entry: ChainEntry) -> Network {
        precondition(entry.position == joined.count && chain(entry.chain.id) == nil, "chains join one after the other, each once")
        var network = self
        network.joined.append(entry)
        network.chains.append(entry.chain)
        return network
    }

    /// Accounts that belong to contracts: their debits need no authorization.
    package func isReserve(_ account: PublicKey, on chain: ChainID) -> Bool {
        contracts.contains { $0.side(of: chain)?.reserve == account }
    }
}
