import Chain
import Cryptography
import Ledger
import Wire

/// A small network with known keys: `alpha` and `beta` trade X for Y, Alice pays on alpha, Bob receives on beta.
struct TradingNetwork: Sendable {
    static let alpha = ChainID("alpha")!
    static let beta = ChainID("beta")!
    static let assetX = AssetID("X")!
    static let assetY = AssetID("Y")!
    static let start: ChainTime = 1_700_000_000_000

    let network: Network
    private let keys: [String: KeyPair]
    let alice = TradingNetwork.pair("alice")
    let bob = TradingNetwork.pair("bob")
    let carol = TradingNetwork.pair("carol")

    init(nodes: Int = 1, notaries: Int = 1) {
        var keys: [String: KeyPair] = [:]
        func members(_ prefix: String, _ count: Int) -> [NodeDescription] {
            (1...count).map { number in
                let id = "\(prefix)-\(number)"
                keys[id] = TradingNetwork.pair(id)
                return NodeDescription(id: id, key: keys[id]!.publicKey, site: prefix)
            }
        }
        let reserveX = TradingNetwork.pair("reserve-alpha").publicKey
        let reserveY = TradingNetwork.pair("reserve-beta").publicKey
        func genesis(_ asset: AssetID, _ reserve: PublicKey, _ owner: PublicKey) -> [GenesisAccount] {
            [
                GenesisAccount(key: reserve, balances: [Balance(asset: asset, amount: 1_000_000)]),
                GenesisAccount(key: owner, balances: [Balance(asset: asset, amount: 1_000)]),
                GenesisAccount(key: TradingNetwork.pair("carol").publicKey, balances: []),
            ]
        }
        let alice = TradingNetwork.pair("alice").publicKey
        let bob = TradingNetwork.pair("bob").publicKey
        let contract = Contract(
            id: "x-y", version: 1, first: ContractSide(chain: Self.alpha, asset: Self.assetX, reserve: reserveX),
            second: ContractSide(chain: Self.beta, asset: Self.assetY, reserve: reserveY), rateNumerator: 10, rateDenominator: 1,
            minimumAmount: 1, maximumAmount: 10_000, deadlineMaximumMilliseconds: 600_000)
        network = Network(
            id: Blake2b.hash(.network, Array("roles".utf8)),
            notary: ChainDescription(id: .notary, engine: .bft, nodes: members("notary", notaries), genesis: [], genesisTime: Self.start),
            chains: [
                ChainDescription(
                    id: Self.alpha, engine: .bft, nodes: members("alpha", nodes), genesis: genesis(Self.assetX, reserveX, alice),
                    genesisTime: Self.start),
                ChainDescription(
                    id: Self.beta, engine: .bft, nodes: members("beta", nodes), genesis: genesis(Self.assetY, reserveY, bob),
                    genesisTime: Self.start),
            ], contracts: [contract], timing: Timing())
        self.keys = keys
    }

    static func pair(_ name: String) -> KeyPair { KeyPair(seed: Blake2b.hash(Array(name.utf8))) }

    func node(_ id: String) -> KeyPair { keys[id]! }

    func transfer(_ amount: Amount, nonce: UInt64, from: KeyPair? = nil, to: KeyPair? = nil) -> Transaction {
        Transaction(
            .transfer(
                Transfer(
                    chain: Self.alpha, network: network.id, to: (to ?? carol).publicKey, asset: Self.assetX, amount: amount, nonce: nonce,
                    memo: "", signer: (from ?? alice).signer)), chain: Self.alpha, network: network.id)
    }

    /// Alice's 10 X for Bob's 100 Y.
    func exchange(nonce: UInt64 = 1, deadline: ChainTime = TradingNetwork.start + 60_000) -> CrossTransaction {
        let contract = network.contracts[0]
        return CrossTransaction(
            network: network.id, contract: contract.id, contractVersion: contract.version,
            legs: [
                Leg(chain: Self.alpha, debit: alice.publicKey, credit: contract.first.reserve, asset: Self.assetX, amount: 10),
                Leg(chain: Self.beta, debit: contract.second.reserve, credit: bob.publicKey, asset: Self.assetY, amount: 100),
            ], deadline: deadline, nonce: nonce, memo: "", signers: [alice.signer])
    }

    func open(_ cross: CrossTransaction) -> Transaction { Transaction(.open(cross), chain: Self.alpha, network: network.id) }

    /// A notary's signed verdict on a candidate.
    func signature(of notary: String, on header: BlockHeader) -> NotaryVerdict {
        let statement = NotaryStatement(header, epoch: 0)
        let signer = node(notary).signer
        return NotaryVerdict(
            chain: header.chain, block: header.hash, notary: signer.publicKey,
            verdict: .signed(
                epoch: 0, slot: header.slot, height: header.height,
                signature: signer.sign(.notary, network: network.id, statement.payload)))
    }

    /// Shows a block to be final with the signatures of everyone.
    func final(_ block: Block) -> FinalHeader {
        let header = block.header
        let chain = network.chain(header.chain)!
        let notary = SignerSet(
            network.notary.nodes.enumerated().map { index, member in
                (index, node(member.id).signer.sign(.notary, network: network.id, NotaryStatement(header, epoch: 0).payload))
            }, of: network.notary.nodes.count)
        let statement = Statement(chain: header.chain, epoch: 0, slot: header.slot, kind: .final, hash: header.hash)
        let finality = SignerSet(
            chain.nodes.enumerated().map { index, member in
                (index, node(member.id).signer.sign(.vote, network: network.id, statement.payload))
            }, of: chain.nodes.count)
        return FinalHeader(
            header: header, builderSignature: block.builderSignature,
            notary: header.chain == .notary ? nil : NotaryCertificate(epoch: 0, signers: notary),
            finality: Certificate(statement: statement, signers: finality), descendants: [])
    }

    /// What a validator of `chain` says to another chain, with evidence of its final block.
    func notice(_ purpose: LegNotice.Purpose, _ cross: CrossTransaction, for chain: ChainID, from maker: ChainMaker) -> LegNotice {
        LegNotice(
            chain: chain, purpose: purpose, cross: cross, foreign: [maker.blocks.last!.final!],
            evidence: [StateEvidence(block: maker.blocks.last!.block.hash, proof: maker.tree.ledger.proofOfCross(cross.xid))],
            notary: "notary-1")
    }
}

/// Makes a chain's final blocks with everybody's keys.
struct ChainMaker {
    let trading: TradingNetwork
    var tree: BlockTree
    private(set) var blocks: [FinalBlock] = []
    var slot: Slot = 0

    init(_ trading: TradingNetwork, _ chain: ChainID) {
        self.trading = trading
        tree = BlockTree(book: ElectorateBook(network: trading.network), chain: chain, verify: { _ in true })
    }

    /// A signed candidate on the newest final block.
    mutating func candidate(_ items: [BlockItem] = [], slot: Slot, afterMilliseconds: UInt64 = 100) -> Block {
        let leader = tree.chain.genesisElectorate.leader(of: slot)
        return tree.build(
            on: tree.finalHash, slot: slot, time: tree.finalTime + afterMilliseconds, items: items,
            notary: (0, trading.network.genesisHash(of: .notary)), signer: trading.node(leader.node).signer
        ).block
    }

    /// The next final block.
    @discardableResult
    mutating func make(_ items: [BlockItem] = [], afterMilliseconds: UInt64 = 100) -> FinalBlock {
        slot = max(slot, tree.finalSlot) + 1
        return adopt(candidate(items, slot: slot, afterMilliseconds: afterMilliseconds))
    }

    @discardableResult
    mutating func make(_ transactions: [Transaction], afterMilliseconds: UInt64 = 100) -> FinalBlock {
        make(transactions.map { BlockItem(transaction: $0, foreign: []) }, afterMilliseconds: afterMilliseconds)
    }

    /// Makes a candidate final.
    @discardableResult
    mutating func adopt(_ block: Block) -> FinalBlock {
        precondition(tree.validate(block) == .valid, "a test's block is valid")
        _ = tree.finalize(block.hash)
        let final = FinalBlock(block: block, final: trading.final(block))
        blocks.append(final)
        return final
    }
}
