import Foundation
import Schema

/// A chain that joins while the network runs, read by the schema alone (docs/protocol.md, J-1).
struct JoinModel: Sendable {
    /// Exact bytes of the description.
    var body: Bytes
    var chain: AuditChain

    init(_ message: PBJoin) throws(FormFault) {
        let description = try ParsedTransaction.canonical(PBChainBody.self, message.body, "its description")
        body = Bytes(message.body)
        chain = try JoinModel.chain(description)
        guard body.count <= AuditLimits.chainBodyBytes else { throw FormFault("describes a chain at too great a length") }
        guard message.signatures.count == chain.nodes.count else { throw FormFault("is not signed by every node of the chain") }
    }

    private static func chain(_ body: PBChainBody) throws(FormFault) -> AuditChain {
        guard Layout.isChainName(body.id), body.id != AuditNetwork.notaryName, ["bft", "pos", "pow"].contains(body.engine) else {
            throw FormFault("describes a chain without a name or engine")
        }
        guard body.hasWork == (body.engine == "pow"), body.hasStake == (body.engine == "pos"), body.hasEpochs == (body.engine == "pos") else {
            throw FormFault("describes a chain with the rules of another engine")
        }
        let nodes = body.nodes.map { AuditChain.Node(id: $0.id, key: Bytes($0.key), stake: $0.stake) }
        guard (1...AuditLimits.nodes).contains(nodes.count), nodes.allSatisfy({ Layout.isChainName($0.id) && $0.key.count == Sodium.keyBytes }),
            Set(nodes.map(\.id)).count == nodes.count, Set(nodes.map(\.key)).count == nodes.count
        else { throw FormFault("describes a chain whose nodes are none, or not distinct") }
        let genesis = body.genesis.map { item in
            AuditChain.Genesis(account: Bytes(item.key), balances: item.funds.map { (asset: $0.asset, amount: $0.amount) })
        }
        guard zip(genesis, genesis.dropFirst()).allSatisfy({ $0.account.lexicographicallyPrecedes($1.account) }),
            genesis.allSatisfy({ $0.account.count == Sodium.keyBytes && $0.balances.allSatisfy { Layout.isAssetName($0.asset) && $0.amount > 0 } })
        else { throw FormFault("describes a chain whose accounts are out of order or form") }
        var chain = AuditChain(id: body.id, nodes: nodes, genesis: genesis, genesisTime: body.genesisTimeMilliseconds)
        if body.hasEpochs {
            guard body.epochs.margin > 0, body.epochs.margin < body.epochs.slots else { throw FormFault("describes epochs that make no sense") }
            chain.epochs = AuditChain.Epochs(slots: body.epochs.slots, margin: body.epochs.margin)
        }
        if body.hasStake {
            guard body.stake.slashDenominator > 0, body.stake.slashNumerator <= body.stake.slashDenominator else {
                throw FormFault("describes stake that makes no sense")
            }
            chain.stake = AuditChain.Stake(
                asset: body.stake.asset, minimum: body.stake.minimum, unbondingMilliseconds: body.stake.unbondingMilliseconds,
                slashNumerator: body.stake.slashNumerator, slashDenominator: body.stake.slashDenominator)
        }
        if body.hasWork {
            guard body.work.intervalMilliseconds > 0, body.work.difficulty > 0, body.work.window > 0 else {
                throw FormFault("describes work that makes no sense")
            }
            chain.work = AuditWork(
                interval: body.work.intervalMilliseconds, difficulty: body.work.difficulty, window: body.work.window,
                confirmations: body.work.confirmations)
        }
        return chain
    }
}

extension LedgerModel {
    /// Sub-chains as of this state.
    var subChains: [AuditChain] { network.founding + joined }

    /// A sub-chain as of this state.
    func subChain(_ id: String) -> AuditChain? { subChains.first { $0.id == id } }

    /// The notary chain takes a chain in: new in name and nodes, and admitted by a quorum of the notaries.
    mutating func applyJoin(_ transaction: ParsedTransaction, _ join: PBJoin) -> RuleResult {
        guard let joining = transaction.joining else { return .forbidden(.replay, "joins nothing that can be read") }
        guard subChain(joining.chain.id) == nil, subChains.count < AuditLimits.chains else {
            return .forbidden(.replay, "joins a chain that there is, or that finds no room")
        }
        let others = network.notary.listed + subChains.flatMap(\.nodes)
        let taken = Set(others.map(\.key)).union(candidacies.values.map(\.key))
        guard joining.chain.nodes.allSatisfy({ node in !others.contains { $0.id == node.id } && !taken.contains(node.key) }) else {
            return .forbidden(.replay, "joins a chain with a node that another chain has")
        }
        guard joining.chain.genesisTime <= time else { return .forbidden(.replay, "joins a chain before its genesis time") }
        let voters = stakes.electorate(of: slot) ?? []
        let places = join.admissions.map { admission in voters.firstIndex { $0.key == Bytes(admission.key) } ?? -1 }
        guard places.count >= 2 * voters.count / 3 + 1, places.first ?? -1 >= 0, zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }) else {
            return .forbidden(.certificates, "joins \(joining.chain.id), which too few notaries admit (J-3)")
        }
        write(joining)
        return .outcome(0)
    }
}

extension AuditNetwork {
    /// The network with the chains that the notary chain took in, as one of its nodes has its blocks. Replay judges whether it might.
    func grown(by stores: [StoreSnapshot]) -> AuditNetwork {
        let held = stores.filter { $0.role == "consensus" && $0.chain == AuditNetwork.notaryName }
        guard let fullest = held.max(by: { $0.rows("blocks").last?.key ?? 0 < $1.rows("blocks").last?.key ?? 0 }) else { return self }
        var network = self
        for row in fullest.rows("blocks") {
            guard let stored = try? PBFinalBlock(serializedBytes: row.value) else { continue }
            for data in stored.block.transactions {
                guard let transaction = try? ParsedTransaction(data, chain: AuditNetwork.notaryName, network: id),
                    let joining = transaction.joining, network.chain(joining.chain.id) == nil
                else { continue }
                network.chains.append(joining.chain)
                network.joined[joining.chain.id] = Sodium.hash(joining.body)
            }
        }
        return network
    }
}
