import Chain
import Cryptography
import TestSupport
import Testing
import Wire

/// A chain built anew from its blocks.
@Suite struct ChainRebuildTests {
    private static let alpha = TestNetwork.alpha
    private var test = TestNetwork()
    private var chain: TestChain
    private var blocks: [FinalBlock] = []
    private var rebuild: ChainRebuild

    init() {
        chain = TestChain(test, Self.alpha)
        for nonce in UInt64(0)..<3 {
            let transfer = test.transfer(from: test.alice, to: test.carol.publicKey, amount: 5, nonce: nonce)
            blocks.append(chain.append([BlockItem(transaction: transfer, foreign: [])]))
        }
        rebuild = ChainRebuild(book: ElectorateBook(network: test.network), chain: Self.alpha)
    }

    private mutating func fault(_ item: FinalBlock) -> ChainRebuild.Fault? {
        do throws(ChainRebuild.Fault) {
            try rebuild.add(item)
            return nil
        } catch {
            return error
        }
    }

    @Test("every block is executed, and the state is that of the last one's header")
    mutating func whole() {
        for (count, block) in blocks.enumerated() {
            #expect(fault(block) == nil)
            #expect(rebuild.height == Height(count) + 1 && rebuild.transactions == count + 1)
            #expect(rebuild.stateRoot == block.block.header.stateRoot)
        }
    }

    @Test("a block that was left out, repeated, or is not shown to be final by a quorum is refused, and nothing changes")
    mutating func refused() {
        #expect(fault(blocks[1]) == .notNext)
        #expect(fault(FinalBlock(block: blocks[0].block, final: nil)) == .notFinal(.evidenceMissing))
        let few = FinalBlock(block: blocks[0].block, final: chain.final(blocks[0].block, signers: 2))
        if case .notFinal = fault(few) {} else { Issue.record("two of four are no quorum") }
        #expect(rebuild.height == 0 && rebuild.transactions == 0)
        #expect(fault(blocks[0]) == nil)
        #expect(fault(blocks[0]) == .notNext)
        #expect(fault(blocks[1]) == nil)
    }

    @Test("a final block whose state root is not what comes of executing it is refused: so much can only a corrupt chain sign")
    mutating func untrue() {
        var fields = blocks[0].block.header.fields
        fields.stateRoot = Blake2b.hash([1])
        let header = BlockHeader(fields)
        let leader = test.nodeKeys[Self.alpha]!.first { $0.publicKey == fields.builder }!
        let lie = Block(
            header: header, builderSignature: leader.signer.sign(.candidate, network: test.network.id, header.bytes),
            transactions: blocks[0].block.transactions, outcomes: blocks[0].block.outcomes, foreign: [])
        guard case .untrue = fault(FinalBlock(block: lie, final: chain.final(lie))) else {
            Issue.record("a false state root was taken")
            return
        }
        #expect(rebuild.height == 0)
        #expect(fault(blocks[0]) == nil)
    }
}
