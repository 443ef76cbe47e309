import Chain
import Cryptography
import Ledger
import RoleKit
import Wire

/// Mines blocks of chain `alpha` of a test network, and has the notary chain record them, without any service running.
package struct MinedChain {
    package let test: TestNetwork
    package var tree: BlockTree
    package private(set) var notary: TestChain

    package init(work: WorkRule = WorkRule(intervalMilliseconds: 1_000, difficulty: 16, window: 4, confirmations: 1)) {
        test = TestNetwork(work: work)
        tree = BlockTree(book: ElectorateBook(network: test.network), chain: TestNetwork.alpha) { $0.holds }
        notary = TestChain(test, .notary)
    }

    /// A mined block on one of the tree, by the node of a number from 0.
    package mutating func mine(
        on parent: Digest, by miner: Int = 0, after milliseconds: UInt64 = 1_000, _ items: [BlockItem] = [],
        change: (inout BlockHeader.Fields) -> Void = { _ in }
    ) -> Block {
        let signer = test.nodeKeys[TestNetwork.alpha]![miner].signer
        let template = tree.build(
            on: parent, slot: tree.height(of: parent)! + 1, time: tree.time(of: parent)! + milliseconds, items: items,
            notary: (height: 0, hash: .zero), signer: signer
        ).block
        var fields = template.header.fields
        change(&fields)
        var search = NonceSearch(MiningJob(BlockHeader(fields)))
        while fields.workNonce == 0 { fields.workNonce = search.search(1_024) ?? 0 }
        let header = BlockHeader(fields)
        return Block(
            header: header, builderSignature: signer.sign(.candidate, network: test.network.id, header.bytes),
            transactions: template.transactions, outcomes: template.outcomes, foreign: template.foreign)
    }

    /// The same, kept in the tree.
    package mutating func add(on parent: Digest, by miner: Int = 0, after milliseconds: UInt64 = 1_000) -> Block {
        let block = mine(on: parent, by: miner, after: milliseconds)
        precondition(tree.validate(block) == .valid, "a mined block of a test is valid")
        return block
    }

    /// With the notaries' signatures.
    package func certified(_ block: Block) -> CertifiedCandidate { notary.certified(of: block) }

    /// The transaction that records a block.
    package func record(_ block: Block, finality: Finality = .pending) -> Transaction {
        let certified = certified(block)
        let final = FinalHeader(
            header: block.header, builderSignature: block.builderSignature, notary: certified.notary, finality: finality)
        return Transaction(.record(Record(final: final, crosses: block.transactions.compactMap(CrossData.init))), chain: .notary, network: test.network.id)
    }

    /// Has the notary chain record blocks, in one block of its own.
    ///
    /// - Returns: what shows the last of them to be recorded.
    package mutating func recorded(_ blocks: [Block]) -> RecordedHead {
        let item = notary.append(blocks.map { BlockItem(transaction: record($0), foreign: []) })
        return RecordedHead(notary: item.final!, proof: notary.proofOfHead(TestNetwork.alpha))
    }

    /// A final header by a record of the block or the last of its descendants.
    package func final(_ block: Block, _ head: RecordedHead, descendants: [Block] = []) -> FinalHeader {
        FinalHeader(
            header: block.header, builderSignature: block.builderSignature, notary: certified(block).notary, finality: .recorded(head),
            descendants: descendants.map(\.header))
    }
}
