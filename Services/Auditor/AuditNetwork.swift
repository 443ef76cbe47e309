/// A network as its description states it, in the auditor's own words.
struct AuditNetwork: Sendable {
    /// Hash of the canonical description; part of every signature.
    var id: Bytes
    var notary: AuditChain
    /// Sub-chains: those of the description ascending by id, then those that have joined, in the order in which they did.
    var chains: [AuditChain]
    var contracts: [AuditContract]
    /// Hash of the description of each chain that has joined, by its id.
    var joined: [String: Bytes] = [:]

    static let notaryName = "notary"

    /// The notary chain first.
    var all: [AuditChain] { [notary] + chains }

    func chain(_ id: String) -> AuditChain? { all.first { $0.id == id } }

    func contract(_ id: String, version: UInt32) -> AuditContract? { contracts.first { $0.id == id && $0.version == version } }

    /// Whether an account belongs to a contract, so that its debits need nobody's signature.
    func isReserve(_ account: Bytes, on chain: String) -> Bool {
        contracts.contains { contract in contract.sides.contains { $0.chain == chain && $0.reserve == account } }
    }

    /// What stands for a chain before its first block.
    func genesisHash(of chain: String) -> Bytes {
        if let description = joined[chain] { return Sodium.hash(.genesis, id + Layout.padded(chain) + description) }
        return Sodium.hash(.genesis, id + Array(chain.utf8))
    }

    /// Sub-chains of the description.
    var founding: [AuditChain] { chains.filter { joined[$0.id] == nil } }
}

/// One chain: who votes on it, in voting order, and what it starts with.
struct AuditChain: Sendable {
    struct Node: Sendable {
        var id: String
        var key: Bytes
        /// Bonded to it from the start, on a chain that votes by stake.
        var stake: UInt64 = 0
    }

    /// Slots of an epoch, and how many before its end the next electorate is settled.
    struct Epochs: Sendable {
        var slots: UInt64
        var margin: UInt64
    }

    struct Stake: Sendable {
        var asset: String
        var minimum: UInt64
        var unbondingMilliseconds: UInt64
        var slashNumerator: UInt64
        var slashDenominator: UInt64
    }

    struct Genesis: Sendable {
        var account: Bytes
        var balances: [(asset: String, amount: UInt64)]
    }

    var id: String
    var nodes: [Node]
    var genesis: [Genesis]
    var genesisTime: UInt64
    /// How its blocks are mined; nil where votes decide.
    var work: AuditWork?
    /// How the next notaries are elected; nil where nobody is.
    var election: AuditElection?
    var epochs: Epochs?
    var stake: Stake?

    var keys: [Bytes] { nodes.map(\.key) }

    /// Every node of the description, those on standby too.
    var listed: [Node] { nodes + (election?.standby ?? []) }
}

/// How the notaries are elected.
struct AuditElection: Sendable {
    var seats: Int
    /// Blocks above a recorded head that its notaries certify.
    var lead: UInt64
    var standby: [AuditChain.Node]
}

/// Declared terms of an exchange between two chains, in both directions.
struct AuditContract: Sendable {
    struct Side: Sendable {
        var chain: String
        var asset: String
        var reserve: Bytes
        var brake = BrakeModel()
    }

    var id: String
    var version: UInt32
    /// Two: the first and the second.
    var sides: [Side]
    /// `numerator` units of the second asset for `denominator` units of the first.
    var rateNumerator: UInt64
    var rateDenominator: UInt64
    var minimumAmount: UInt64
    var maximumAmount: UInt64
    var deadlineMaximumMilliseconds: UInt64
    /// Set for a peg: the first side is the main chain's.
    var peg: PegModel?

    /// Whether a payment of `paid` on side `from` buys exactly `bought` on the other side, with products that fit in 64 bits.
    func isEven(paying paid: UInt64, from: Int, buying bought: UInt64) -> Bool {
        let (numerator, denominator) = from == 0 ? (rateNumerator, rateDenominator) : (rateDenominator, rateNumerator)
        let left = paid.multipliedReportingOverflow(by: numerator)
        let right = bought.multipliedReportingOverflow(by: denominator)
        return denominator > 0 && !left.overflow && !right.overflow && left.partialValue == right.partialValue
    }
}
