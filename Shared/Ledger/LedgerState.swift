import Cryptography
import Wire

/// The state of one chain: accounts, cross entries, and on the notary chain the recorded heads (design, section 5).
///
/// A value without clock, chance or IO: the same blocks give the same state and root everywhere (invariant 8). Blocks are
/// applied between `begin` and `commit`, and taken back by `undo`, so that one state serves a tree of candidates: undo to the
/// common ancestor, then redo. Everything lies in flat arrays; dictionaries are looked up and never walked.
package struct LedgerState: Sendable {
    package let network: Network
    package let chain: ChainID
    /// The chain as the network describes it.
    let description: ChainDescription
    /// Height of the last committed block; 0 at genesis.
    package internal(set) var height: Height = 0
    /// Chain time of the last committed block; the genesis time before the first.
    package internal(set) var time: ChainTime

    var tree = StateTree()
    var slots: ContiguousArray<AccountSlot> = []
    /// Keys of the accounts in the state tree, beside `slots`.
    var slotKeys: ContiguousArray<Digest> = []
    var slotIndex = AccountIndex()
    var crosses: ContiguousArray<CrossSlot> = []
    var crossIndex: [Digest: Int32] = [:]
    /// Places of the held entries that reserve from an account.
    var holders: [PublicKey: [Int32]] = [:]
    var heads: [ChainHead] = []
    var statuses: [ChainStatus] = []
    /// Recorded offences, in the order of their record.
    package internal(set) var offences: ContiguousArray<RecordedOffence> = []
    var offenceIndex: [Digest: Int32] = [:]
    /// Who votes in the newest epochs, ascending.
    var epochs: [EpochEntry] = []
    /// What stands behind each node of a `pos` chain, in the order of its nodes.
    package internal(set) var stakes: [StakeEntry] = []
    /// Newest candidacies of notary nodes, ascending by node.
    package internal(set) var candidacies: [CandidacyEntry] = []
    /// Newest ballots of sub-chain nodes, ascending by chain and voter.
    package internal(set) var ballots: [BallotEntry] = []
    /// Who has closed the newest epoch for each sub-chain, ascending by chain.
    package internal(set) var closings: [ClosingEntry] = []
    /// Declared contracts that stand here (A14), ascending by name and version.
    package internal(set) var contracts: [ContractEntry] = [] {
        didSet { (pegAccounts, hasBrakes) = (pegReserves(), findBrakes()) }
    }
    /// Accounts of pegs on this chain: they follow from the network's description and from `contracts`.
    private(set) var pegAccounts: [PublicKey] = []
    /// Whether any contract has brakes: most chains never ask further.
    private(set) var hasBrakes = false
    /// What has passed under contracts that have caps, ascending by contract and asset.
    package internal(set) var meters: [MeterEntry] = []
    /// How far targets are stopped (G-5), ascending by their names.
    package internal(set) var pauses: [PauseEntry] = []
    /// Orders of pegs, and what they became, in the order in which they came.
    package internal(set) var bridgeItems: ContiguousArray<BridgeItem> = []
    /// Places by key in the state tree.
    var bridgeIndex: [Digest: Int32] = [:]
    /// Ascending by contract.
    package internal(set) var lanes: [LaneEntry] = []
    /// Chains that have joined (A16), in the order in which they did; on the notary chain.
    package internal(set) var joined: [ChainEntry] = []
    /// Ascending by asset.
    var totals: [AssetTotal]

    /// The block between `begin` and `commit`.
    var open: OpenBlock?
    var journal = Journal()
    /// Unlike any stamp in a slot, before the first block.
    var stamp: UInt64 = 1
    /// Of committed blocks, oldest first.
    var undoRecords: [Journal] = []
    /// A forgotten journal, whose memory the next block uses again.
    var spareJournal = Journal()

    struct OpenBlock: Sendable {
        var height: Height
        var time: ChainTime
        /// 0 where epochs do not matter.
        var slot: Slot
        var parent: Digest
    }

    /// The state before a chain's first block.
    ///
    /// - Precondition: the network has the chain, no genesis account appears twice, and no asset's supply exceeds 64 bits.
    package init(network: Network, chain: ChainID) {
        guard let description = network.chain(chain) else { preconditionFailure("\(chain) is no chain of the network") }
        self.network = network
        self.chain = chain
        self.description = description
        time = description.genesisTime
        totals = AssetTotal.totals(of: description)
        pegAccounts = pegReserves()
        hasBrakes = findBrakes()
        for genesis in description.genesis {
            guard let balances = Balances(genesis.balances.filter { $0.amount > 0 }) else {
                preconditionFailure("account \(genesis.key) has an asset twice in genesis")
            }
            precondition(place(of: genesis.key) == nil, "account \(genesis.key) stands twice in genesis")
            insert(Account(key: genesis.key, balances: balances))
        }
        if description.stake != nil {
            stakes = description.nodes.map { node in
                StakeEntry(node: node.id, bonds: node.stake > 0 ? [.init(account: node.key, amount: node.stake)] : [])
            }
            // What a node has bonded itself returns to it: it has an account from the start.
            for node in description.nodes where place(of: node.key) == nil { insert(Account(key: node.key)) }
        }
        tree.update(
            slots.indices.map { (key: slotKeys[$0], value: slots[$0].account.valueHash) }
                + stakes.map { (key: $0.stateKey, value: $0.valueHash) })
    }

    /// Root of the state tree after the last committed block.
    package var root: Digest { tree.root }

    /// Whether a block is open.
    package var isBlockOpen: Bool { open != nil }

    /// An account, with the effects of the open block; nil when it does not exist.
    package func account(_ key: PublicKey) -> Account? {
        place(of: key).map { slots[$0].account }
    }

    /// The entry of a cross transaction, with the effects of the open block; nil when this chain never heard of it.
    package func cross(_ xid: Digest) -> CrossEntry? {
        crossIndex[xid].map { crosses[Int($0)].entry }
    }

    /// The newest block of `chain` that this notary chain has recorded, with the effects of the open block; nil for none.
    package func head(of chain: ChainID) -> ChainHead? {
        heads.first { $0.chain == chain }
    }

    /// Whether this notary chain has frozen or thawed `chain`, with the effects of the open block; nil when it never has.
    package func status(of chain: ChainID) -> ChainStatus? {
        statuses.first { $0.chain == chain }
    }

    /// What unresolved holds reserve from an account, ascending by asset.
    package func held(by account: PublicKey) -> [Balance] {
        let legs = (holders[account] ?? []).flatMap { crosses[Int($0)].entry.legs.filter { $0.debit == account } }
        var sums = Balances()
        for leg in legs { sums.add(leg.amount, of: leg.asset) }
        return sums.list
    }

    /// What there is of every asset, in accounts and holds together; ascending by asset.
    package var supply: [Balance] {
        totals.map { Balance(asset: $0.asset, amount: $0.balances + $0.holds + $0.staked) }
    }

    /// Where every asset's supply is, ascending by asset.
    package var assetTotals: [AssetTotal] { totals }
}
