import Cryptography
import Schema

/// The description of a chain that would join a network, as its nodes sign it (A16). Checked in form: whatever reads it can make the
/// chain's genesis state of it.
package struct ChainBody: Hashable, Sendable {
    /// Exact bytes of a ChainBody; what is signed, and what states commit to.
    package let bytes: [UInt8]
    package let chain: ChainDescription

    /// Writes a description; the sites of its nodes do not matter.
    ///
    /// - Throws: the field that is out of form, as reading would.
    package init(_ chain: ChainDescription) throws(WireFault) {
        var message = PBChainBody()
        message.id = chain.id.description
        message.engine = chain.engine.rawValue
        message.genesisTimeMilliseconds = chain.genesisTime
        message.nodes = chain.nodes.map { node in
            var item = PBChainNode()
            item.id = node.id
            item.key = node.key.data
            item.stake = node.stake
            return item
        }
        message.genesis = chain.genesis.map(ChainBody.message)
        if let work = chain.work { message.work = ChainBody.message(work) }
        if let epochs = chain.epochs {
            message.epochs.slots = epochs.slots
            message.epochs.margin = epochs.margin
        }
        if let stake = chain.stake { message.stake = ChainBody.message(stake) }
        try self.init(decoding: Field.encode(message))
    }

    /// Reads a description.
    ///
    /// - Throws: a fault that names the field.
    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try Field.count(bytes.count, atMost: Limits.chainBodyBytes, "ChainBody")
        let message = try Field.canonical(PBChainBody.self, bytes, "ChainBody")
        let id = try Field.subChain(message.id, "ChainBody.id")
        guard let engine = Engine(rawValue: message.engine) else { throw WireFault(.invalid, "ChainBody.engine") }
        guard message.hasWork == (engine == .pow) else { throw WireFault(.invalid, "ChainBody.work") }
        guard message.hasEpochs == (engine == .pos) else { throw WireFault(.invalid, "ChainBody.epochs") }
        guard message.hasStake == (engine == .pos) else { throw WireFault(.invalid, "ChainBody.stake") }
        let stake = message.hasStake ? try ChainBody.stake(message.stake) : nil
        let nodes = try ChainBody.nodes(message.nodes, site: id.description, stake: stake)
        let genesis = try ChainBody.genesis(message.genesis, bonded: stake.map { ($0.asset, nodes.map(\.stake)) })
        self.bytes = bytes
        chain = ChainDescription(
            id: id, engine: engine, nodes: nodes, genesis: genesis, genesisTime: message.genesisTimeMilliseconds,
            work: message.hasWork ? try ChainBody.work(message.work) : nil, epochs: message.hasEpochs ? try ChainBody.epochs(message.epochs) : nil,
            stake: stake)
    }

    /// Names it, and is what notaries sign.
    package var hash: Digest { Blake2b.hash(bytes) }

    private static func nodes(_ items: [PBChainNode], site: String, stake: StakeRule?) throws(WireFault) -> [NodeDescription] {
        try Field.count(items.count, atMost: Limits.nodesPerChain, "ChainBody.nodes")
        guard !items.isEmpty else { throw WireFault(.missing, "ChainBody.nodes") }
        var nodes: [NodeDescription] = []
        for item in items {
            guard NodeName.isValid(item.id), !nodes.contains(where: { $0.id == item.id }) else { throw WireFault(.invalid, "ChainNode.id") }
            let key = try Field.key(item.key, "ChainNode.key")
            // With one key two nodes vote as one.
            guard !nodes.contains(where: { $0.key == key }) else { throw WireFault(.invalid, "ChainNode.key") }
            guard stake != nil || item.stake == 0 else { throw WireFault(.invalid, "ChainNode.stake") }
            nodes.append(NodeDescription(id: item.id, key: key, site: site, stake: item.stake))
        }
        if let stake, !nodes.contains(where: { $0.stake >= stake.minimum }) { throw WireFault(.invalid, "ChainNode.stake") }
        return nodes
    }

    /// - Parameter bonded: what stands behind nodes from the start is part of the supply, which 64 bits have to hold.
    private static func genesis(
        _ items: [PBChainAccount], bonded: (asset: AssetID, amounts: [Amount])?
    ) throws(WireFault) -> [GenesisAccount] {
        var supply: [AssetID: Amount] = [:]
        func count(_ amount: Amount, _ asset: AssetID) throws(WireFault) {
            let (sum, overflow) = (supply[asset] ?? 0).addingReportingOverflow(amount)
            guard !overflow else { throw WireFault(.tooLarge, "ChainFunds.amount") }
            supply[asset] = sum
        }
        for amount in bonded?.amounts ?? [] {
            if let bonded { try count(amount, bonded.asset) }
        }
        var accounts: [GenesisAccount] = []
        for item in items {
            let key = try Field.key(item.key, "ChainAccount.key")
            guard accounts.last.map({ $0.key < key }) ?? true else { throw WireFault(.invalid, "ChainAccount.key") }
            try Field.count(item.funds.count, atMost: Limits.assetsPerAccount, "ChainAccount.funds")
            var balances: [Balance] = []
            for funds in item.funds {
                let asset = try Field.asset(funds.asset, "ChainFunds.asset")
                guard balances.last.map({ $0.asset < asset }) ?? true else { throw WireFault(.invalid, "ChainFunds.asset") }
                let amount = try Field.amount(funds.amount, "ChainFunds.amount")
                try count(amount, asset)
                balances.append(Balance(asset: asset, amount: amount))
            }
            accounts.append(GenesisAccount(key: key, balances: balances))
        }
        return accounts
    }

    private static func work(_ message: PBChainWork) throws(WireFault) -> WorkRule {
        guard (1...86_400_000).contains(message.intervalMilliseconds) else { throw WireFault(.invalid, "ChainWork.interval_milliseconds") }
        guard WorkRule.difficulties.contains(message.difficulty) else { throw WireFault(.invalid, "ChainWork.difficulty") }
        guard WorkRule.windows.contains(message.window) else { throw WireFault(.invalid, "ChainWork.window") }
        guard WorkRule.confirmationCounts.contains(message.confirmations) else { throw WireFault(.invalid, "ChainWork.confirmations") }
        return WorkRule(
            intervalMilliseconds: message.intervalMilliseconds, difficulty: message.difficulty, window: message.window,
            confirmations: message.confirmations)
    }

    private static func epochs(_ message: PBChainEpochs) throws(WireFault) -> EpochRule {
        // With fewer slots ahead, skip timeouts could end before one of them is long enough for a block.
        guard (8...UInt64(Limits.slotsAhead)).contains(message.margin), EpochRule.isSound(slots: message.slots, margin: message.margin) else {
            throw WireFault(.invalid, "ChainEpochs.margin")
        }
        return EpochRule(slots: message.slots, margin: message.margin)
    }

    private static func stake(_ message: PBChainStake) throws(WireFault) -> StakeRule {
        let asset = try Field.asset(message.asset, "ChainStake.asset")
        let minimum = try Field.amount(message.minimum, "ChainStake.minimum")
        let unbonding = message.unbondingMilliseconds
        guard (1...UInt64(Int64.max)).contains(unbonding) else { throw WireFault(.invalid, "ChainStake.unbonding_milliseconds") }
        guard message.slashDenominator > 0 else { throw WireFault(.invalid, "ChainStake.slash_denominator") }
        guard message.slashNumerator <= message.slashDenominator else { throw WireFault(.invalid, "ChainStake.slash_numerator") }
        return StakeRule(
            asset: asset, minimum: minimum, unbondingMilliseconds: unbonding, slashNumerator: message.slashNumerator,
            slashDenominator: message.slashDenominator)
    }

    private static func message(_ account: GenesisAccount) -> PBChainAccount {
        var message = PBChainAccount()
        message.key = account.key.data
        message.funds = account.balances.filter { $0.amount > 0 }.map { balance in
            var item = PBChainFunds()
            item.asset = balance.asset.description
            item.amount = balance.amount
            return item
        }
        return message
    }

    private static func message(_ work: WorkRule) -> PBChainWork {
        var message = PBChainWork()
        message.intervalMilliseconds = work.intervalMilliseconds
        message.difficulty = work.difficulty
        message.window = work.window
        message.confirmations = work.confirmations
        return message
    }

    private static func message(_ stake: StakeRule) -> PBChainStake {
        var message = PBChainStake()
        message.asset = stake.asset.description
        message.minimum = stake.minimum
        message.unbondingMilliseconds = stake.unbondingMilliseconds
        message.slashNumerator = stake.slashNumerator
        message.slashDenominator = stake.slashDenominator
        return message
    }
}
