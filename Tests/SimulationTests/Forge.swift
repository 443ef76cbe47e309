import Cryptography
import Determinism
import RoleKit
import Simulation
import Wire

/// Makes signed blocks, right ones and wrong ones, for the oracles to judge.
struct Forge {
    let memo = SignatureMemo()
    let cast: Cast
    let chain: ChainDescription
    var network: Network { cast.network }

    init() {
        cast = Cast(Shape(nodes: 4, notaries: 4), seed: 1, memo: memo)
        chain = cast.network.chains[0]
    }

    func signer(_ node: String) -> Signer { cast.nodeSigners[node]! }

    func certificate(_ statement: Statement, count: Int) -> Certificate {
        let nodes = network.chain(statement.chain)!.nodes
        let votes = nodes.prefix(count).enumerated().map {
            (position: $0.offset, signature: Vote(statement, network: network.id, signer: signer($0.element.id)).signature)
        }
        return Certificate(statement: statement, signers: SignerSet(votes, of: nodes.count))
    }

    func notary(_ header: BlockHeader, count: Int) -> NotaryCertificate {
        let nodes = network.notary.nodes
        let statement = NotaryStatement(header, epoch: 0)
        let signatures = nodes.prefix(count).enumerated().map {
            (position: $0.offset, signature: signer($0.element.id).sign(.notary, network: network.id, statement.payload))
        }
        return NotaryCertificate(epoch: 0, signers: SignerSet(signatures, of: nodes.count))
    }

    /// The chain's first block, with what the caller wants to be wrong.
    func block(
        _ transactions: [Transaction] = [], outcomes: [Outcome]? = nil, stateRoot: Digest = .zero, transactionsRoot: Digest? = nil,
        time: UInt64 = 0, slot: Slot = 1
    ) -> Block {
        let outcomes = outcomes ?? transactions.map { _ in .applied }
        let builder = chain.nodes[Int((slot - 1) % UInt64(chain.nodes.count))]
        let leaves = zip(transactions, outcomes).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) }
        let header = BlockHeader(
            .init(
                chain: chain.id, height: 1, epoch: 0, slot: slot, parent: network.genesisHash(of: chain.id), parentSlot: 0,
                time: chain.genesisTime + 1 + time, transactionsRoot: transactionsRoot ?? MerkleTree.root(leaves: leaves),
                transactionCount: transactions.count, foreignRoot: .zero, stateRoot: stateRoot, notaryHeight: 0, notaryHead: .zero,
                builder: builder.key))
        let signature = signer(builder.id).sign(.candidate, network: network.id, header.bytes)
        return Block(header: header, builderSignature: signature, transactions: transactions, outcomes: outcomes, foreign: [])
    }

    func final(_ block: Block, notaries: Int = 3, nodes: Int = 3) -> FinalHeader {
        let statement = Statement(chain: chain.id, epoch: 0, slot: block.header.slot, kind: .final, hash: block.hash)
        return FinalHeader(
            header: block.header, builderSignature: block.builderSignature, notary: notary(block.header, count: notaries),
            finality: certificate(statement, count: nodes), descendants: [])
    }

    /// The state root of genesis.
    var genesisRoot: Digest { ReplayState(chain).root }

    /// Judges blocks stored by one consensus.
    func judge(_ blocks: [(Block, FinalHeader)]) -> [Violation] {
        var judge = Judge(network: network, memo: memo)
        let address = RoleAddress(role: .consensus, chain: chain.id, node: "alpha-1")
        for (block, final) in blocks {
            let bytes = FinalBlock(block: block, final: final).encoded
            judge.stored([.put(.blocks, key: block.header.height, value: bytes)], by: address, at: 0)
        }
        return judge.findings.violations
    }

    func transfer(_ amount: Amount, nonce: UInt64 = 0, to receiver: PublicKey? = nil) -> Transaction {
        let owners = cast.people.filter { person in chain.genesis.contains { $0.key == person.publicKey } }
        let transfer = Transfer(
            chain: chain.id, network: network.id, to: receiver ?? owners[1].publicKey, asset: cast.assets[chain.id]!, amount: amount,
            nonce: nonce, memo: "", signer: owners[0])
        return Transaction(.transfer(transfer), chain: chain.id, network: network.id)
    }

    /// A payment from the first chain to the second.
    func cross() -> CrossTransaction {
        let contract = network.contracts[0]
        return CrossTransaction(
            network: network.id, contract: contract.id, contractVersion: 1,
            legs: [
                Leg(chain: contract.first.chain, debit: cast.people[0].publicKey, credit: contract.first.reserve, asset: contract.first.asset, amount: 10),
                Leg(
                    chain: contract.second.chain, debit: contract.second.reserve, credit: cast.people[1].publicKey,
                    asset: contract.second.asset, amount: 100),
            ], deadline: chain.genesisTime + 10_000, nonce: 1, memo: "", signers: [cast.people[0]])
    }
}
