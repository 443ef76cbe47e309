import Foundation
import Schema

/// A voter of a chain.
struct AuditVoter: Sendable {
    var id: String
    var key: Bytes
    var weight: UInt64
}

/// Who votes on a chain in which epoch, and what stands behind its nodes, by the auditor's own rules (docs/protocol.md, epochs and stake).
struct StakeModel: Sendable {
    struct Node: Sendable {
        var id: String
        var key: Bytes
        var bonds: [Bytes: UInt64] = [:]
        var unbondings: [(account: Bytes, amount: UInt64, release: UInt64)] = []
        var burned: UInt64 = 0

        var weight: UInt64 { bonds.values.reduce(0, +) }

        var encoded: Bytes {
            var bytes = Layout.padded(id) + Layout.number(burned) + Layout.number(UInt16(bonds.count))
            for account in bonds.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) { bytes += account + Layout.number(bonds[account] ?? 0) }
            bytes += Layout.number(UInt16(unbondings.count))
            for item in unbondings { bytes += item.account + Layout.number(item.amount) + Layout.number(item.release) }
            return bytes
        }
    }

    let chain: AuditChain
    private(set) var nodes: [Node] = []
    /// By epoch, from 0.
    private(set) var electorates: [[AuditVoter]] = []
    private var seeds: [Bytes] = []
    /// Where the electorate is elected.
    var election: ElectionModel?

    init(_ chain: AuditChain) {
        self.chain = chain
        seeds = [Sodium.hash(.epochSeed, Array(chain.id.utf8))]
        election = chain.election.map { ElectionModel(chain, $0) }
        guard chain.stake != nil else {
            electorates = [chain.nodes.map { AuditVoter(id: $0.id, key: $0.key, weight: 1) }]
            return
        }
        nodes = chain.nodes.map { Node(id: $0.id, key: $0.key, bonds: $0.stake > 0 ? [$0.key: $0.stake] : [:]) }
        electorates = [staked]
    }

    private var staked: [AuditVoter] {
        nodes.filter { $0.weight > 0 && $0.weight >= chain.stake?.minimum ?? 0 }.map { AuditVoter(id: $0.id, key: $0.key, weight: $0.weight) }
    }

    func epoch(of slot: UInt64) -> UInt64 { chain.epochs.map { slot == 0 ? 0 : (slot - 1) / $0.slots } ?? 0 }

    /// Who votes in a slot; nil when no block has settled it.
    func electorate(of slot: UInt64) -> [AuditVoter]? { electorate(ofEpoch: epoch(of: slot)) }

    /// Who votes in an epoch; nil when no block has settled it.
    func electorate(ofEpoch epoch: UInt64) -> [AuditVoter]? {
        epoch < UInt64(electorates.count) ? electorates[Int(epoch)] : nil
    }

    /// The newest epoch that is settled.
    var newestEpoch: UInt64 { UInt64(electorates.count) - 1 }

    /// Who builds for a slot; nil when no block has settled it.
    func leader(of slot: UInt64) -> AuditVoter? {
        guard slot > 0, let voters = electorate(of: slot), let last = voters.last else { return nil }
        guard chain.stake != nil else { return voters[Int((slot - 1) % UInt64(voters.count))] }
        let lot = Sodium.hash(.leader, seeds[Int(epoch(of: slot))] + Layout.number(slot)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var place = lot % voters.map(\.weight).reduce(0, +)
        for voter in voters {
            if place < voter.weight { return voter }
            place -= voter.weight
        }
        return last
    }

    /// The first block past a cut settles the next electorate.
    /// - Returns: epoch and bytes of the state's entry; nil when the block settles nothing.
    mutating func settle(_ header: ParsedHeader) -> (epoch: UInt64, entry: Bytes)? {
        guard let rule = chain.epochs else { return nil }
        let epoch = epoch(of: header.slot)
        guard UInt64(electorates.count) == epoch + 1, header.slot > (epoch + 1) * rule.slots - rule.margin else { return nil }
        let next = election?.elect(after: epoch, sitting: electorates[Int(epoch)]) ?? (chain.stake == nil || staked.isEmpty ? electorates[Int(epoch)] : staked)
        let seed = Sodium.hash(.epochSeed, seeds[Int(epoch)] + header.parent)
        electorates.append(next)
        seeds.append(seed)
        var entry = Layout.number(epoch + 1) + seed + Layout.number(UInt16(next.count))
        for voter in next { entry += Layout.padded(voter.id) + voter.key + Layout.number(voter.weight) }
        return (epoch + 1, entry + (election?.settleHeights(epoch + 1) ?? Layout.number(UInt16(0))))
    }

    func place(of node: String) -> Int? { nodes.firstIndex { $0.id == node } }
    func place(ofKey key: Bytes) -> Int? { nodes.firstIndex { $0.key == key } }

    mutating func bond(_ amount: UInt64, by account: Bytes, to place: Int) { nodes[place].bonds[account, default: 0] += amount }

    /// - Returns: false when less is bonded.
    mutating func unbond(_ amount: UInt64, by account: Bytes, from place: Int, release: UInt64) -> Bool {
        let bonded = nodes[place].bonds[account, default: 0]
        guard bonded >= amount else { return false }
        nodes[place].bonds[account] = bonded == amount ? nil : bonded - amount
        nodes[place].unbondings.append((account, amount, release))
        return true
    }

    mutating func slash(_ place: Int) {
        guard let rule = chain.stake else { return }
        func cut(_ amount: UInt64) -> UInt64 { UInt64(UInt128(amount) * UInt128(rule.slashNumerator) / UInt128(rule.slashDenominator)) }
        for (account, amount) in nodes[place].bonds {
            nodes[place].burned += cut(amount)
            nodes[place].bonds[account] = amount == cut(amount) ? nil : amount - cut(amount)
        }
        nodes[place].unbondings = nodes[place].unbondings.compactMap { item in
            nodes[place].burned += cut(item.amount)
            return item.amount == cut(item.amount) ? nil : (item.account, item.amount - cut(item.amount), item.release)
        }
    }

    /// What returns at a block of this time.
    mutating func release(at time: UInt64) -> [(place: Int, account: Bytes, amount: UInt64)] {
        var released: [(place: Int, account: Bytes, amount: UInt64)] = []
        for place in nodes.indices {
            released += nodes[place].unbondings.filter { $0.release <= time }.map { (place, $0.account, $0.amount) }
            nodes[place].unbondings.removeAll { $0.release <= time }
        }
        return released
    }

    /// Everything behind nodes, on its way back, or burned.
    var total: UInt128 {
        nodes.reduce(0) { sum, node in
            sum + UInt128(node.weight) + UInt128(node.burned) + node.unbondings.reduce(0) { $0 + UInt128($1.amount) }
        }
    }

    /// Follows stored blocks for what they say of stakes alone: outcomes are believed here, and judged by the replay.
    static func following(_ book: ChainBook, genesis: Bytes, network: AuditNetwork) -> StakeModel {
        var model = StakeModel(book.chain)
        model.election?.enter(network)
        guard book.chain.epochs != nil else { return model }
        var parent = genesis
        var height: UInt64 = 1
        while let copy = book.entries[height]?.copies.filter({ $0.header.parent == parent }).max(by: { $0.nodes.count < $1.nodes.count }) {
            model.follow(copy, network: network.id)
            parent = copy.header.hash
            height += 1
        }
        return model
    }

    private mutating func follow(_ copy: ChainBook.Copy, network: Bytes) {
        _ = release(at: copy.header.time)
        // Ballots of the first block past the cut come too late.
        if election != nil { _ = settle(copy.header) }
        for (index, data) in copy.block.transactions.enumerated() where copy.block.outcomes.count > index {
            guard copy.block.outcomes[copy.block.outcomes.startIndex + index] == 0,
                let transaction = try? ParsedTransaction(data, chain: chain.id, network: network)
            else { continue }
            election?.follow(transaction)
            let newest = newestEpoch
            if let joining = transaction.joining { election?.joined(joining.chain, newest: newest) }
            if let closing = transaction.closing, let voter = electorate(ofEpoch: closing.epoch)?.first(where: { $0.key == closing.notary }) {
                election?.close(closing, by: voter.id)
            }
            if let offence = transaction.offence, let place = place(ofKey: offence.offender) { slash(place) }
            guard let order = transaction.stake, let place = place(of: order.node) else { continue }
            if transaction.number == 13 {
                bond(order.amount, by: Bytes(order.account), to: place)
            } else {
                _ = unbond(order.amount, by: Bytes(order.account), from: place, release: copy.header.time + (chain.stake?.unbondingMilliseconds ?? 0))
            }
        }
        _ = settle(copy.header)
    }
}

/// Bond, unbond and slashing on a chain that votes by stake.
extension LedgerModel {
    mutating func applyStake(_ transaction: ParsedTransaction) -> RuleResult {
        guard let order = transaction.stake, let rule = chain.stake else { return .forbidden(.replay, "does not belong on this chain") }
        let key = Bytes(order.account)
        guard var account = accounts[key] else { return .forbidden(.conservation, "is ordered by an account that does not exist") }
        guard !network.isReserve(key, on: chain.id) else { return .forbidden(.conservation, "is ordered by a contract's reserve") }
        guard account.use(order.nonce) else { return .forbidden(.replay, "uses nonce \(order.nonce), which is used or outside the window") }
        write(account)
        guard let place = stakes.place(of: order.node) else { return .outcome(RejectionNumber.noSuchNode) }
        if transaction.number == 13 {
            guard order.amount >= rule.minimum else { return .outcome(RejectionNumber.termsViolated) }
            guard account.balances[rule.asset, default: 0] >= order.amount else { return .outcome(RejectionNumber.insufficientFunds) }
            guard stakes.nodes[place].bonds[key] != nil || stakes.nodes[place].bonds.count < AuditLimits.bondsPerNode else {
                return .outcome(RejectionNumber.stakeFull)
            }
            guard debit(key, order.amount, of: rule.asset) else { return .forbidden(.conservation, "bonds more than there is") }
            stakes.bond(order.amount, by: key, to: place)
        } else {
            guard stakes.nodes[place].bonds[key, default: 0] >= order.amount else { return .outcome(RejectionNumber.stakeShort) }
            guard stakes.nodes[place].unbondings.count < AuditLimits.bondsPerNode else { return .outcome(RejectionNumber.stakeFull) }
            let (release, overflow) = time.addingReportingOverflow(rule.unbondingMilliseconds)
            _ = stakes.unbond(order.amount, by: key, from: place, release: overflow ? .max : release)
        }
        writeStake(place)
        return .outcome(0)
    }

    mutating func applySlashing(_ transaction: ParsedTransaction) -> RuleResult {
        guard chain.stake != nil, let offence = transaction.offence, offence.chain == chain.id, offence.kind == 1 || offence.kind == 2,
            let place = stakes.place(ofKey: offence.offender)
        else { return .forbidden(.replay, "slashes for what no node of the chain has done") }
        guard offences.insert(offence.id).inserted else { return .forbidden(.replay, "slashes a second time for one offence") }
        write(offence)
        stakes.slash(place)
        writeStake(place)
        return .outcome(0)
    }

    /// The first thing a block does: what has waited long enough returns.
    mutating func releaseStakes() {
        guard let rule = chain.stake else { return }
        for item in stakes.release(at: time) {
            _ = credit(item.account, item.amount, of: rule.asset)
            writeStake(item.place)
        }
    }
}
