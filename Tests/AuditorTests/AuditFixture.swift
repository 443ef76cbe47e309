import Auditor
import Cryptography
import Foundation
import GRDB
import Ledger
import Schema
import SwiftProtobuf
import Wire

/// A network folder in a temporary place, with chains whose every key the test holds: what a corrupt majority could write, it can.
final class AuditFixture {
    static let alpha = ChainID("alpha")!
    static let beta = ChainID("beta")!
    static let genesisTime: ChainTime = 1_800_000_000_000
    static let deadline = genesisTime + 60_000

    let folder: URL
    let network: Network
    let keys: [ChainID: [KeyPair]]
    let alice = AuditFixture.key(1)
    let bob = AuditFixture.key(2)
    let reserves = (AuditFixture.key(3), AuditFixture.key(4))
    var chains: [ChainID: FixtureChain] = [:]
    /// What each node stores, by node id and height; filled by `store()` and then changed by tests.
    var stores: [String: [UInt64: PBFinalBlock]] = [:]
    /// Votes by store (`alpha-1/consensus.alpha`): in the table, and in the log.
    var votes: [String: [(chain: String, slot: UInt64, duty: UInt8, hash: Digest, bytes: Data)]] = [:]
    var logs: [String: Data] = [:]
    var accepted: [String: [Data]] = [:]
    var branches: [String: [Data]] = [:]
    var meta: [String: String] = [:]

    static func key(_ number: UInt64) -> KeyPair { KeyPair(seed: Blake2b.hash(Array("audit \(number)".utf8))) }

    init(nodes count: Int = 4) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("concordat-auditor-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var keys: [ChainID: [KeyPair]] = [:]
        for (index, chain) in [ChainID.notary, AuditFixture.alpha, AuditFixture.beta].enumerated() {
            keys[chain] = (0..<count).map { AuditFixture.key(UInt64(100 * (index + 1) + $0)) }
        }
        self.keys = keys
        let x = AssetID("X")!, y = AssetID("Y")!
        let reserves = reserves
        func description(_ chain: ChainID, _ genesis: [GenesisAccount]) -> ChainDescription {
            ChainDescription(
                id: chain, engine: .bft,
                nodes: keys[chain]!.enumerated().map { NodeDescription(id: "\(chain)-\($0 + 1)", key: $1.publicKey, site: "alpha") },
                genesis: genesis, genesisTime: AuditFixture.genesisTime)
        }
        let alphaChain = description(
            AuditFixture.alpha,
            [
                .init(key: alice.publicKey, balances: [Balance(asset: x, amount: 1_000)]), .init(key: bob.publicKey, balances: []),
                .init(key: reserves.0.publicKey, balances: []),
            ])
        let betaChain = description(
            AuditFixture.beta, [.init(key: reserves.1.publicKey, balances: [Balance(asset: y, amount: 10_000)])])
        let contract = Contract(
            id: "alpha-beta", version: 1, first: ContractSide(chain: AuditFixture.alpha, asset: x, reserve: reserves.0.publicKey),
            second: ContractSide(chain: AuditFixture.beta, asset: y, reserve: reserves.1.publicKey), rateNumerator: 10, rateDenominator: 1,
            minimumAmount: 1, maximumAmount: 1_000, deadlineMaximumMilliseconds: 600_000)
        let notary = description(.notary, [])
        try AuditFixture.yaml(notary, [alphaChain, betaChain], contract).write(
            to: folder.appendingPathComponent("network.yaml"), atomically: true, encoding: .utf8)
        let id = Digest(Hexadecimal.decode(try Audit.run(folder: folder.path).networkID)!)!
        network = Network(id: id, notary: notary, chains: [alphaChain, betaChain], contracts: [contract], timing: Timing())
        for chain in keys.keys { chains[chain] = FixtureChain(network: network, chain: chain, keys: keys) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func yaml(_ notary: ChainDescription, _ chains: [ChainDescription], _ contract: Contract) -> String {
        func nodes(_ chain: ChainDescription, _ indent: String) -> String {
            chain.nodes.map { "\(indent)- { id: \($0.id), site: alpha, key: \($0.key.address) }\n" }.joined()
        }
        var text = "version: 1\nname: test\ngenesis_time_milliseconds: \(genesisTime)\nnotary:\n  nodes:\n" + nodes(notary, "    ") + "chains:\n"
        for chain in chains {
            text += "  - id: \(chain.id)\n    engine: bft\n    nodes:\n" + nodes(chain, "      ") + "    genesis:\n"
            for account in chain.genesis {
                let balances = account.balances.map { "\"\($0.asset)\": \($0.amount)" }.joined(separator: ", ")
                text += "      - { account: \(account.key.address), balances: {\(balances)} }\n"
            }
        }
        text += "contracts:\n  - id: \(contract.id)\n    version: 1\n    sides:\n"
        for side in [contract.first, contract.second] {
            text += "      - { chain: \(side.chain), asset: \"\(side.asset)\", reserve: \(side.reserve.address) }\n"
        }
        return text + "    rate: { numerator: 10, denominator: 1 }\n    minimum: 1\n    maximum: 1000\n    deadline_maximum_milliseconds: 600000\n"
    }

    /// Alice's payment of `amount` X for ten times as many Y.
    func cross(_ amount: Amount, nonce: UInt64) -> CrossTransaction {
        let contract = network.contracts[0]
        return CrossTransaction(
            network: network.id, contract: contract.id, contractVersion: 1,
            legs: [
                Leg(chain: Self.alpha, debit: alice.publicKey, credit: reserves.0.publicKey, asset: contract.first.asset, amount: amount),
                Leg(chain: Self.beta, debit: reserves.1.publicKey, credit: bob.publicKey, asset: contract.second.asset, amount: amount * 10),
            ], deadline: Self.deadline, nonce: nonce, memo: "", signers: [alice.signer])
    }

    func transfer(_ amount: Amount, nonce: UInt64) -> Transaction {
        let transfer = Transfer(
            chain: Self.alpha, network: network.id, to: bob.publicKey, asset: AssetID("X")!, amount: amount, nonce: nonce, memo: "",
            signer: alice.signer)
        return transaction(.transfer(transfer), Self.alpha)
    }

    func transaction(_ kind: Transaction.Kind, _ chain: ChainID) -> Transaction { Transaction(kind, chain: chain, network: network.id) }

    func confirm(_ cross: CrossTransaction, hold: StateEvidence) -> Transaction {
        let consent = Authorization(key: bob.publicKey, signature: bob.signer.sign(.confirm, network: network.id, cross.xid.bytes))
        return transaction(.confirm(Confirm(cross: cross, confirmations: [consent], holds: [hold])), Self.beta)
    }

    func refuse(_ cross: CrossTransaction) -> Transaction {
        let answer = Answer(xid: cross.xid, refusal: "no", network: network.id, signer: bob.signer)
        return transaction(.refuse(Refuse(cross: cross, reason: "no", authorization: answer.authorization)), Self.beta)
    }

    func settle(_ cross: CrossTransaction, _ evidence: StateEvidence) -> Transaction {
        transaction(.settle(Resolution(xid: cross.xid, evidence: evidence)), Self.alpha)
    }

    func refund(_ cross: CrossTransaction, _ evidence: StateEvidence) -> Transaction {
        transaction(.refund(Resolution(xid: cross.xid, evidence: evidence)), Self.alpha)
    }

    func evidence(_ cross: CrossTransaction, on chain: ChainID) -> StateEvidence {
        let chain = chains[chain]!
        return StateEvidence(block: chain.finals.last!.hash, proof: chain.ledger.proofOfCross(cross.xid))
    }

    func last(_ chain: ChainID) -> FinalHeader { chains[chain]!.finals.last! }

    func record(_ chain: ChainID, _ height: Int) -> Transaction {
        let block = chains[chain]!.blocks[height - 1]
        let crosses = block.transactions.compactMap { CrossData($0) }
        return transaction(.record(Record(final: chains[chain]!.finals[height - 1], crosses: crosses)), .notary)
    }

    /// One payment settles, one is refused and refunded; three transfers, of which one is rejected.
    func history() {
        let (first, second) = (cross(10, nonce: 1), cross(20, nonce: 2))
        let (alpha, beta) = (Self.alpha, Self.beta)
        let register = Register(chain: alpha, network: network.id, signer: Self.key(9).signer)
        chains[alpha]!.append([transfer(5, nonce: 0), transaction(.register(register), alpha), transaction(.open(first), alpha)])
        chains[beta]!.append([confirm(first, hold: evidence(first, on: alpha))], foreign: [last(alpha)])
        chains[alpha]!.append(
            [settle(first, evidence(first, on: beta)), transaction(.open(second), alpha), transfer(5_000, nonce: 2)], foreign: [last(beta)])
        chains[beta]!.append([refuse(second)])
        chains[alpha]!.append([refund(second, evidence(second, on: beta)), transfer(1, nonce: 1)], foreign: [last(beta)])
        chains[.notary]!.append([record(alpha, 1), record(beta, 1), record(alpha, 2)])
        chains[.notary]!.append([record(beta, 2)])
    }

    /// Gives every node a copy of its chain.
    func store() {
        for chain in chains.keys {
            var rows: [UInt64: PBFinalBlock] = [:]
            for (block, final) in zip(chains[chain]!.blocks, chains[chain]!.finals) {
                rows[block.header.height] = try! PBFinalBlock(serializedBytes: FinalBlock(block: block, final: final).encoded)
            }
            for node in network.chain(chain)!.nodes { stores[node.id] = rows }
        }
    }

    /// Changes a stored block at some nodes, or at all of its chain.
    func change(_ chain: ChainID, _ height: UInt64, at nodes: [String]? = nil, _ body: (inout PBFinalBlock) -> Void) {
        for node in nodes ?? network.chain(chain)!.nodes.map(\.id) {
            var block = stores[node]![height]!
            body(&block)
            stores[node]![height] = block
        }
    }

    /// Writes everything and audits it.
    func audit() throws -> AuditReport {
        for chain in network.chains + [network.notary] {
            for node in chain.nodes {
                let name = "\(node.id)/consensus.\(chain.id)"
                let rows = (stores[node.id] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, try! $0.value.serializedData() as Data) }
                try write(name, ["blocks": rows])
            }
        }
        for (name, rows) in accepted { try write(name, ["accepted": rows.enumerated().map { (UInt64($0), $1) }]) }
        for (name, rows) in branches { try write(name, ["blocks": rows.enumerated().map { (UInt64($0 + 1), $1) }]) }
        return try Audit.run(folder: folder.path)
    }

    func write(_ name: String, _ tables: [String: [(UInt64, Data)]]) throws {
        let place = folder.appendingPathComponent("data/\(name)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let queue = try DatabaseQueue(path: place.appendingPathComponent("store.sqlite").path)
        try queue.write { database in
            try database.execute(sql: "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
            try database.execute(sql: "INSERT INTO meta VALUES ('network', ?)", arguments: [meta[name] ?? network.id.hex])
            try database.execute(
                sql: "CREATE TABLE votes (chain TEXT, epoch INTEGER, slot INTEGER, duty INTEGER, hash BLOB, bytes BLOB)")
            for vote in votes[name] ?? [] {
                try database.execute(
                    sql: "INSERT INTO votes VALUES (?, 0, ?, ?, ?, ?)",
                    arguments: [vote.chain, Int64(vote.slot), Int(vote.duty), Data(vote.hash.bytes), vote.bytes])
            }
            for (table, rows) in tables {
                try database.execute(sql: "CREATE TABLE \(table) (key INTEGER PRIMARY KEY, value BLOB NOT NULL)")
                for row in rows { try database.execute(sql: "INSERT INTO \(table) VALUES (?, ?)", arguments: [Int64(row.0), row.1]) }
            }
        }
        try queue.close()
        try logs[name]?.write(to: place.appendingPathComponent("votes.log"))
    }
}

/// One chain of the fixture. It signs whatever it is told to.
struct FixtureChain {
    let network: Network
    let chain: ChainID
    let keys: [ChainID: [KeyPair]]
    var ledger: LedgerState
    private(set) var blocks: [Block] = []
    private(set) var finals: [FinalHeader] = []

    init(network: Network, chain: ChainID, keys: [ChainID: [KeyPair]]) {
        self.network = network
        self.chain = chain
        self.keys = keys
        ledger = LedgerState(network: network, chain: chain)
    }

    /// Makes a final block. What the rules forbid goes in as applied, without effect.
    ///
    /// - Parameters:
    ///   - outcomes: to be written instead of those that the rules give.
    ///   - change: the last word on the header.
    mutating func append(
        _ transactions: [Transaction], foreign: [FinalHeader] = [], outcomes: [Outcome]? = nil,
        change: (inout BlockHeader.Fields) -> Void = { _ in }
    ) {
        let made = make(transactions, foreign: foreign, outcomes: outcomes, change: change)
        blocks.append(made.block)
        finals.append(made.final)
    }

    mutating func make(
        _ transactions: [Transaction], foreign: [FinalHeader] = [], outcomes: [Outcome]? = nil,
        change: (inout BlockHeader.Fields) -> Void = { _ in }
    ) -> (block: Block, final: FinalHeader) {
        let slot = (blocks.last?.header.slot ?? 0) + 1
        let time = ledger.time + 1_000
        ledger.begin(height: ledger.height + 1, time: time)
        let found = transactions.map { ledger.apply($0, foreign: ForeignBlocks(foreign)).outcome ?? .applied }
        let root = ledger.commit()
        let said = outcomes ?? found
        let leaves = zip(transactions, said).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) }
        var fields = BlockHeader.Fields(
            chain: chain, height: UInt64(blocks.count) + 1, epoch: 0, slot: slot,
            parent: blocks.last?.hash ?? network.genesisHash(of: chain), parentSlot: blocks.last?.header.slot ?? 0, time: time,
            transactionsRoot: MerkleTree.root(leaves: leaves), transactionCount: transactions.count, foreignRoot: Block.foreignRoot(foreign),
            stateRoot: root, notaryHeight: blocks.last?.header.fields.notaryHeight ?? 0, notaryHead: blocks.last?.header.fields.notaryHead ?? .zero,
            builder: leader(slot).publicKey)
        change(&fields)
        let header = BlockHeader(fields)
        let builder = keys[chain]!.first { $0.publicKey == fields.builder } ?? leader(slot)
        let signature = builder.signer.sign(.candidate, network: network.id, header.bytes)
        let block = Block(header: header, builderSignature: signature, transactions: transactions, outcomes: said, foreign: foreign)
        return (block, final(header, signature))
    }

    private func leader(_ slot: Slot) -> KeyPair { keys[chain]![Int((slot - 1) % UInt64(keys[chain]!.count))] }

    private func signers(_ chain: ChainID, _ domain: Domain, _ payload: [UInt8]) -> SignerSet {
        let members = keys[chain]!
        return SignerSet(
            members.prefix(Quorum.size(of: members.count)).enumerated().map { ($0, $1.signer.sign(domain, network: network.id, payload)) },
            of: members.count)
    }

    private func final(_ header: BlockHeader, _ signature: Signature) -> FinalHeader {
        let statement = Statement(chain: chain, epoch: header.epoch, slot: header.slot, kind: .final, hash: header.hash)
        let notary = NotaryCertificate(
            epoch: header.epoch, signers: signers(.notary, .notary, NotaryStatement(header, epoch: header.epoch).payload))
        return FinalHeader(
            header: header, builderSignature: signature, notary: chain == .notary ? nil : notary,
            finality: Certificate(statement: statement, signers: signers(chain, .vote, statement.payload)), descendants: [])
    }
}
