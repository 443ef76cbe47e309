import Cryptography
import Wire

/// Why parts are no state of a chain: a peer's fault or a disk's, never taken further.
package enum SnapshotFault: String, Error, Hashable, Sendable {
    /// A part of a version that this program does not know.
    case unknownVersion = "unknown_version"
    /// Bytes that no writer writes.
    case malformed
    /// Entries that do not ascend.
    case wrongOrder = "wrong_order"
    /// The entries are not those of the final header's state root.
    case wrongRoot = "wrong_root"
    /// Balances and holds are not what genesis had (invariant 1).
    case notConserved = "not_conserved"
}

/// Builds a chain's state from the parts of a snapshot. Nothing of it is believed before the root of what was read is that of a header
/// that is shown to be final (V-8).
package struct SnapshotLoader: Sendable {
    private let network: Network
    private let chain: ChainID
    private var accounts: [Account] = []
    private var crosses: [CrossEntry] = []
    private var heads: [ChainHead] = []
    private var offences: [OffenceEntry] = []
    private var epochs: [EpochEntry] = []
    private var stakes: [StakeEntry] = []
    private var candidacies: [CandidacyEntry] = []
    private var ballots: [BallotEntry] = []
    private var closings: [ClosingEntry] = []
    private var statuses: [ChainStatus] = []
    private var contracts: [ContractEntry] = []
    private var lanes: [LaneEntry] = []
    private var bridgeItems: [BridgeItem] = []
    private var meters: [MeterEntry] = []
    private var pauses: [PauseEntry] = []
    private var joined: [ChainEntry] = []
    private var changes: [StateTree.Change] = []
    private var last: (kind: UInt8, key: Digest)?

    package init(network: Network, chain: ChainID) {
        self.network = network
        self.chain = chain
    }

    /// Takes the next part in.
    package mutating func add(_ part: [UInt8]) throws(SnapshotFault) {
        guard part.first == SnapshotWriter.version else { throw .unknownVersion }
        var position = 1
        while position < part.count {
            guard part.count - position >= SnapshotWriter.framingBytes, let kind = SnapshotEntryKind(rawValue: part[position]) else {
                throw .malformed
            }
            let length = part[position + 1..<position + 5].reduce(0) { $0 << 8 | Int($1) }
            position += SnapshotWriter.framingBytes
            guard length <= part.count - position else { throw .malformed }
            try add(kind, Array(part[position..<position + length]))
            position += length
        }
    }

    private mutating func add(_ kind: SnapshotEntryKind, _ value: [UInt8]) throws(SnapshotFault) {
        switch kind {
        case .account:
            guard let account = Account(decoding: value) else { throw .malformed }
            try follow(kind, account.key.digest)
            accounts.append(account)
            changes.append((key: account.stateKey, value: StateKey.valueHash(value)))
        case .cross:
            guard let entry = CrossEntry(decoding: value) else { throw .malformed }
            try follow(kind, entry.xid)
            crosses.append(entry)
            changes.append((key: entry.stateKey, value: StateKey.valueHash(value)))
        case .head:
            guard let head = ChainHead(decoding: value) else { throw .malformed }
            try follow(kind, head.chain.text.padded)
            heads.append(head)
            changes.append((key: head.stateKey, value: StateKey.valueHash(value)))
        case .offence:
            guard let offence = OffenceEntry(decoding: value) else { throw .malformed }
            try follow(kind, offence.id)
            offences.append(offence)
            changes.append((key: StateKey.offence(offence.id), value: StateKey.valueHash(value)))
        case .epoch:
            guard let entry = EpochEntry(decoding: value) else { throw .malformed }
            // Numbers first: bytes before them would not ascend with the epochs.
            try follow(kind, Digest(a: 0, b: 0, c: 0, d: entry.epoch.bigEndian))
            epochs.append(entry)
            changes.append((key: entry.stateKey, value: StateKey.valueHash(value)))
        case .stake:
            guard let entry = StakeEntry(decoding: value) else { throw .malformed }
            try follow(kind, StakeEntry.order(entry.node))
            stakes.append(entry)
            changes.append((key: entry.stateKey, value: StateKey.valueHash(value)))
        case .candidacy:
            guard let entry = CandidacyEntry(decoding: value), let name = Digest(NodeName.padded(entry.node)) else { throw .malformed }
            try follow(kind, name)
            candidacies.append(entry)
            changes.append((key: entry.stateKey, value: entry.valueHash))
        case .ballot:
            guard let entry = BallotEntry(decoding: value) else { throw .malformed }
            if let last = ballots.last {
                guard (last.chain, last.voter) < (entry.chain, entry.voter) else { throw .wrongOrder }
            }
            last = (kind.rawValue, entry.voter.digest)
            ballots.append(entry)
            changes.append((key: entry.stateKey, value: entry.valueHash))
        case .closing:
            guard let entry = ClosingEntry(decoding: value) else { throw .malformed }
            try follow(kind, entry.chain.text.padded)
            closings.append(entry)
            changes.append((key: entry.stateKey, value: entry.valueHash))
        case .status:
            guard let status = ChainStatus(decoding: value) else { throw .malformed }
            try follow(kind, status.chain.text.padded)
            statuses.append(status)
            changes.append((key: status.stateKey, value: StateKey.valueHash(value)))
        case .contract, .lane, .bridge: try addContract(kind, value)
        case .meter, .pause: try addBrake(kind, value)
        case .chain:
            guard let entry = ChainEntry(decoding: value) else { throw .malformed }
            guard entry.position == joined.count else { throw .wrongOrder }
            try follow(kind, Digest(a: 0, b: 0, c: 0, d: UInt64(entry.position).bigEndian))
            joined.append(entry)
            changes.append((key: entry.stateKey, value: entry.valueHash))
        }
    }

    /// Contracts, and what has crossed pegs.
    private mutating func addContract(_ kind: SnapshotEntryKind, _ value: [UInt8]) throws(SnapshotFault) {
        switch kind {
        case .contract:
            guard let entry = ContractEntry(decoding: value, network: network.id) else { throw .malformed }
            if let last = contracts.last {
                guard ContractEntry.precedes(last, entry) else { throw .wrongOrder }
            }
            last = (kind.rawValue, .zero)
            contracts.append(entry)
            changes.append((key: entry.stateKey, value: entry.valueHash))
        case .lane:
            guard let entry = LaneEntry(decoding: value), let name = Digest(NodeName.padded(entry.contract)) else { throw .malformed }
            try follow(kind, name)
            lanes.append(entry)
            changes.append((key: entry.stateKey, value: entry.valueHash))
        case .bridge:
            guard let item = BridgeItem(decoding: value) else { throw .malformed }
            try follow(kind, item.stateKey)
            bridgeItems.append(item)
            changes.append((key: item.stateKey, value: item.valueHash))
        default: preconditionFailure("other entries are added elsewhere")
        }
    }

    /// What slows value down, or stops it.
    private mutating func addBrake(_ kind: SnapshotEntryKind, _ value: [UInt8]) throws(SnapshotFault) {
        if let last { guard last.kind <= kind.rawValue else { throw .wrongOrder } }
        last = (kind.rawValue, .zero)
        if kind == .meter {
            guard let entry = MeterEntry(decoding: value) else { throw .malformed }
            guard meters.last.map({ MeterEntry.precedes($0, entry) }) ?? true else { throw .wrongOrder }
            meters.append(entry)
            changes.append((key: entry.stateKey, value: entry.valueHash))
        } else {
            guard let entry = PauseEntry(decoding: value) else { throw .malformed }
            guard pauses.last.map({ PauseEntry.precedes($0, entry) }) ?? true else { throw .wrongOrder }
            pauses.append(entry)
            changes.append((key: entry.stateKey, value: entry.valueHash))
        }
    }

    /// Entries ascend strictly, so none comes twice.
    private mutating func follow(_ kind: SnapshotEntryKind, _ key: Digest) throws(SnapshotFault) {
        if let last {
            guard last.kind < kind.rawValue || last.kind == kind.rawValue && last.key < key else { throw .wrongOrder }
        }
        last = (kind.rawValue, key)
    }

    /// The state after all parts were taken in.
    ///
    /// - Parameter header: of the block whose state it is; the caller has checked that it is final, or has made it so itself.
    package consuming func finish(_ header: BlockHeader) throws(SnapshotFault) -> LedgerState {
        var tree = StateTree()
        tree.update(changes)
        guard header.chain == chain, tree.root == header.stateRoot else { throw .wrongRoot }
        var state = LedgerState(network: network, chain: chain)
        guard let totals = conservedTotals(state.totals) else { throw .notConserved }
        let nodes = state.stakes.map(\.node)
        let stakes = nodes.compactMap { node in self.stakes.first { $0.node == node } }
        guard stakes.count == nodes.count, self.stakes.count == nodes.count else { throw .malformed }
        (state.epochs, state.stakes) = (epochs, stakes)
        state.statuses = statuses
        state.load(accounts, crosses, heads, offences, tree: tree, totals: totals, height: header.height, time: header.time)
        state.candidacies = candidacies
        state.ballots = ballots
        state.closings = closings
        state.contracts = contracts
        state.lanes = lanes
        (state.meters, state.pauses) = (meters, pauses)
        state.joined = joined
        for item in bridgeItems {
            state.bridgeIndex[item.stateKey] = Int32(state.bridgeItems.count)
            state.bridgeItems.append(item)
        }
        return state
    }

    /// Where the supply of genesis is now; nil when it does not come out even.
    private func conservedTotals(_ genesis: [AssetTotal]) -> [AssetTotal]? {
        var totals = genesis.map { AssetTotal(asset: $0.asset, supply: $0.supply, balances: 0, holds: 0) }
        func add(_ amount: Amount, _ asset: AssetID, to path: WritableKeyPath<AssetTotal, Amount>) -> Bool {
            guard let place = totals.firstIndex(where: { $0.asset == asset }) else { return false }
            let (sum, overflow) = totals[place][keyPath: path].addingReportingOverflow(amount)
            totals[place][keyPath: path] = sum
            return !overflow
        }
        // What a side chain's pegs have issued: genesis did not have it.
        for lane in lanes {
            let newest = (network.contracts + contracts.map(\.terms.contract)).last { $0.id == lane.contract }
            guard let contract = newest, contract.peg != nil else { return nil }
            guard contract.second.chain == chain else { continue }
            let asset = contract.second.asset
            if !totals.contains(where: { $0.asset == asset }) {
                totals.insert(AssetTotal(asset: asset, supply: 0, balances: 0, holds: 0), at: totals.firstIndex { $0.asset > asset } ?? totals.count)
            }
            guard add(lane.amount, asset, to: \.issued) else { return nil }
        }
        for account in accounts {
            for balance in account.balances.list where !add(balance.amount, balance.asset, to: \.balances) { return nil }
        }
        for entry in crosses where entry.holdStatus == .held {
            for leg in entry.legs where !add(leg.amount, leg.asset, to: \.holds) { return nil }
        }
        if let asset = network.chain(chain)?.stake?.asset {
            for entry in stakes {
                for part in entry.bonds.map(\.amount) + entry.unbondings.map(\.amount) where !add(part, asset, to: \.staked) { return nil }
                guard add(entry.burned, asset, to: \.burned) else { return nil }
            }
        }
        return totals.allSatisfy(\.isConserved) ? totals : nil
    }
}

extension LedgerState {
    /// Replaces the state of genesis by another, with everything that is looked up in it.
    fileprivate mutating func load(
        _ accounts: [Account], _ entries: [CrossEntry], _ heads: [ChainHead], _ entriesOfOffences: [OffenceEntry], tree: StateTree,
        totals: [AssetTotal], height: Height, time: ChainTime
    ) {
        removeAccounts(downTo: 0)
        slots.reserveCapacity(accounts.count)
        for account in accounts { insert(account) }
        crosses.reserveCapacity(entries.count)
        for entry in entries {
            crossIndex[entry.xid] = Int32(crosses.count)
            crosses.append(CrossSlot(entry: entry, stamp: stamp))
            listHolders(entry, crosses.count - 1, isAdded: true)
        }
        self.heads = heads
        for entry in entriesOfOffences {
            offenceIndex[entry.id] = Int32(offences.count)
            // The block that recorded it is told by archives, not by the state.
            offences.append(RecordedOffence(entry: entry, height: 0))
        }
        self.tree = tree
        self.totals = totals
        self.height = height
        self.time = time
    }
}
