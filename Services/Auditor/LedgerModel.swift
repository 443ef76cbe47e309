import Foundation
import Schema

/// What a transaction does by the rules of docs/protocol.md.
enum RuleResult: Equatable {
    /// The outcome byte that belongs in the block: 0 for applied, else a rejection's number.
    case outcome(UInt8)
    /// It may not be in a block at all.
    case forbidden(Invariant, String)
}

/// Rejections that stand in blocks, by their numbers.
enum RejectionNumber {
    static let insufficientFunds: UInt8 = 1
    static let unknownPayee: UInt8 = 2
    static let unknownPayer: UInt8 = 3
    static let unknownContract: UInt8 = 4
    static let termsViolated: UInt8 = 5
    static let deadlinePassed: UInt8 = 6
    static let deadlineTooFar: UInt8 = 7
    static let alreadyExists: UInt8 = 8
    static let crossAlreadyEnded: UInt8 = 9
    static let tooManyAssets: UInt8 = 10
    static let noSuchNode: UInt8 = 18
    static let stakeShort: UInt8 = 19
    static let stakeFull: UInt8 = 20
    static let contractSuperseded: UInt8 = 21
    static let capReached: UInt8 = 22
    static let deadlineTooNear: UInt8 = 23
    static let paused: UInt8 = 24
}

/// One chain's state, replayed from genesis by the auditor's own rules.
struct LedgerModel: Sendable {
    let network: AuditNetwork
    let chain: AuditChain
    /// Chain time of the block being replayed.
    var time: UInt64
    /// Height of the block being replayed.
    var height: UInt64 = 0
    /// Its slot.
    var slot: UInt64 = 0
    private(set) var accounts: [Bytes: AccountModel] = [:]
    private(set) var crosses: [Bytes: CrossModel] = [:]
    private(set) var heads: [String: HeadModel] = [:]
    private(set) var statuses: [String: StatusModel] = [:]
    var offences: Set<Bytes> = []
    /// Newest candidacies by node, and ballots by chain and voter.
    var candidacies: [String: CandidacyModel] = [:]
    var ballots: [Bytes: BallotModel] = [:]
    /// Declared contracts that stand here, by name and version.
    private(set) var contracts: [Bytes: ContractStanding] = [:]
    /// What has left this chain by pegs, or has appeared on it, by key in the state.
    private(set) var items: [Bytes: BridgeItemModel] = [:]
    /// How much has crossed each peg, as this chain's state says.
    private(set) var lanes: [String: UInt64] = [:]
    /// What has passed under contracts, by contract and asset, each padded.
    private(set) var flows: [Bytes: FlowsModel] = [:]
    /// How far targets are stopped, by name.
    private(set) var pauses: [Bytes: PauseModel] = [:]
    /// Chains that have joined, in the order in which they did.
    private(set) var joined: [AuditChain] = []
    /// What pegs have issued of each asset.
    var issued: [String: UInt128] = [:]
    /// Who votes, and what stands behind them.
    var stakes: StakeModel
    private var tree = StateTreeModel()
    /// State keys written since the last root, with their values.
    private var pending: [Bytes: Bytes] = [:]
    private let supply: [String: UInt128]
    /// Which chain decides a cross transaction that this chain has heard of, and the whole of it.
    private(set) var terms: [Bytes: ParsedCross] = [:]

    init(network: AuditNetwork, chain: AuditChain) {
        self.network = network
        self.chain = chain
        time = chain.genesisTime
        stakes = StakeModel(chain)
        stakes.election?.enter(network)
        var supply: [String: UInt128] = [:]
        for entry in chain.genesis {
            for balance in entry.balances { supply[balance.asset, default: 0] += UInt128(balance.amount) }
        }
        if let rule = chain.stake { for node in chain.nodes { supply[rule.asset, default: 0] += UInt128(node.stake) } }
        self.supply = supply
        for entry in chain.genesis {
            var account = AccountModel(key: entry.account)
            for balance in entry.balances where balance.amount > 0 { account.balances[balance.asset] = balance.amount }
            write(account)
        }
        openNodes()
    }

    /// What a node has bonded itself returns to it: it has an account from the start.
    private mutating func openNodes() {
        for (place, node) in stakes.nodes.enumerated() {
            if accounts[node.key] == nil { write(AccountModel(key: node.key)) }
            writeStake(place)
        }
    }

    mutating func writeStake(_ place: Int) {
        pending[Sodium.hash(.stateStake, Array(stakes.nodes[place].id.utf8))] = stakes.nodes[place].encoded
    }

    /// The first block past a cut settles who votes next.
    mutating func settle(_ header: ParsedHeader) {
        // Where it is elected, the first thing: it was too late for the ballots of this block.
        guard let (epoch, entry) = stakes.settle(header) else { return }
        pending[Sodium.hash(.stateEpoch, Layout.number(epoch))] = entry
        guard epoch > AuditLimits.epochsKept else { return }
        tree.remove(Sodium.hash(.stateEpoch, Layout.number(epoch - AuditLimits.epochsKept)))
    }

    mutating func write(_ account: AccountModel) {
        accounts[account.key] = account
        pending[Sodium.hash(.stateAccount, account.key)] = account.encoded
    }

    mutating func write(_ cross: CrossModel) {
        crosses[cross.xid] = cross
        pending[Sodium.hash(.stateCross, cross.xid)] = cross.encoded
    }

    mutating func write(_ head: HeadModel) {
        heads[head.chain] = head
        stakes.election?.heights[head.chain] = head.height
        pending[Sodium.hash(.stateHead, Array(head.chain.utf8))] = head.encoded
    }

    mutating func write(_ status: StatusModel) {
        statuses[status.chain] = status
        if status.hasLeft { stakes.election?.left.insert(status.chain) }
        pending[Sodium.hash(.stateFrozen, Array(status.chain.utf8))] = status.encoded
    }

    mutating func write(_ offence: OffenceModel) { pending[Sodium.hash(.stateOffence, offence.id)] = offence.encoded }

    mutating func write(_ candidacy: CandidacyModel) {
        candidacies[candidacy.node] = candidacy
        stakes.election?.candidacies[candidacy.node] = candidacy
        pending[Sodium.hash(.stateCandidacy, Array(candidacy.node.utf8))] = candidacy.encoded
    }

    mutating func write(_ ballot: BallotModel) {
        let name = Layout.padded(ballot.chain) + ballot.voter
        ballots[name] = ballot
        stakes.election?.ballots[name] = ballot
        pending[Sodium.hash(.stateBallot, name)] = ballot.encoded
    }

    mutating func writeClosings(of chain: String) {
        guard let closings = stakes.election?.closings[chain] else { return }
        pending[Sodium.hash(.stateClosing, Array(chain.utf8))] = closings.encoded(chain)
    }

    mutating func write(_ contract: ContractStanding) {
        contracts[contract.model.name] = contract
        pending[Sodium.hash(.stateContract, contract.model.name)] = contract.encoded
    }

    mutating func write(_ item: BridgeItemModel) {
        items[item.key] = item
        pending[item.key] = item.encoded
    }

    /// Takes a chain in: position u16 | notary height u64 | epoch u64 | description.
    mutating func write(_ joining: JoinModel) {
        let epoch = stakes.newestEpoch
        let entry = Layout.number(UInt16(joined.count)) + Layout.number(height) + Layout.number(epoch) + joining.body
        joined.append(joining.chain)
        stakes.election?.joined(joining.chain, newest: epoch)
        pending[Sodium.hash(.stateChain, Array(joining.chain.id.utf8))] = entry
    }

    mutating func writeLane(_ contract: String, _ amount: UInt64) {
        lanes[contract] = amount
        pending[Sodium.hash(.stateLane, Layout.padded(contract))] = Layout.padded(contract) + Layout.number(amount)
    }

    mutating func write(_ flows: FlowsModel, of contract: String, _ asset: String) {
        let name = Layout.padded(contract) + Layout.padded(asset)
        self.flows[name] = flows
        pending[Sodium.hash(.stateMeter, name)] = name + flows.into.encoded + flows.out.encoded
    }

    mutating func write(_ pause: PauseModel) {
        pauses[pause.name] = pause
        pending[Sodium.hash(.statePause, pause.name)] = pause.encoded
    }

    mutating func remember(_ cross: ParsedCross) { terms[cross.xid] = cross }

    /// The state root after everything written so far.
    mutating func root() -> Bytes {
        for (key, value) in pending { tree.set(key, to: value) }
        pending = [:]
        return tree.root
    }

    /// What accounts own now.
    var owned: [AuditReport.Balance] {
        accounts.keys.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { key in
            (accounts[key]?.balances ?? [:]).sorted { $0.key < $1.key }.map { AuditReport.Balance(account: key, asset: $0.key, amount: $0.value) }
        }
    }

    /// What of every asset there is now, in accounts and in holds, against genesis.
    /// - Returns: a sentence for each asset that does not come out even.
    func conservationFaults() -> [String] {
        var found: [String: UInt128] = [:]
        for account in accounts.values {
            for (asset, amount) in account.balances { found[asset, default: 0] += UInt128(amount) }
        }
        for cross in crosses.values where cross.status == .held {
            for leg in cross.legs { found[leg.asset, default: 0] += UInt128(leg.amount) }
        }
        if let rule = chain.stake { found[rule.asset, default: 0] += stakes.total }
        return Set(found.keys).union(supply.keys).union(issued.keys).sorted().compactMap { asset in
            let (now, start) = (found[asset, default: 0], supply[asset, default: 0] + issued[asset, default: 0])
            return now == start ? nil : "\(asset): genesis had, and pegs have issued, \(start); accounts and holds have \(now)"
        }
    }

    /// Takes from an account.
    /// - Returns: false when it does not cover the amount; nothing changes then.
    mutating func debit(_ key: Bytes, _ amount: UInt64, of asset: String) -> Bool {
        guard var account = accounts[key], let balance = account.balances[asset], balance >= amount else { return false }
        account.balances[asset] = balance == amount ? nil : balance - amount
        write(account)
        return true
    }

    /// Gives to an account, opening it if need be.
    /// - Returns: false when the sum does not fit in 64 bits; nothing changes then.
    mutating func credit(_ key: Bytes, _ amount: UInt64, of asset: String) -> Bool {
        var account = accounts[key] ?? AccountModel(key: key)
        let (sum, overflow) = account.balances[asset, default: 0].addingReportingOverflow(amount)
        guard !overflow else { return false }
        account.balances[asset] = sum
        write(account)
        return true
    }

    /// Whether an account may be given an asset under the limit of assets.
    func hasRoom(_ key: Bytes, for asset: String) -> Bool {
        guard let account = accounts[key] else { return true }
        return account.balances[asset] != nil || account.balances.count < AuditLimits.assetsPerAccount
    }
}
