import Chain
import Cryptography
import TestSupport
import Testing
import Wire

/// A device that keeps headers believes no node (A9).
@Suite struct LightClientTests {
    private let test = TestNetwork()

    private func run(_ blocks: ArraySlice<FinalBlock>) -> HeaderRun {
        HeaderRun(headers: blocks.dropLast().map(\.block.header), last: blocks.last?.final)
    }

    private func chain(_ count: Int) -> TestChain {
        var chain = TestChain(test, TestNetwork.alpha)
        for number in 0..<count {
            let transfer = test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: UInt64(number))
            chain.append([BlockItem(transaction: transfer, foreign: [])])
        }
        return chain
    }

    @Test("runs of headers are kept from the first block on, and every block of them is known")
    func extends() {
        let blocks = chain(7).blocks
        var client = LightClient(chain: TestNetwork.alpha, network: test.network)
        #expect(client.extend(by: run(blocks[0..<4])) == nil && client.extend(by: run(blocks[4..<7])) == nil)
        #expect(client.height == 7 && client.newest?.hash == blocks[6].block.hash)
        #expect(blocks.allSatisfy { client.contains($0.block.header) })
    }

    @Test("a run with a gap, a stranger among its headers, or an end that no quorum made final is refused, and nothing of it is kept")
    func refuses() {
        let long = chain(4)
        let blocks = long.blocks
        var other = TestChain(test, TestNetwork.alpha)
        let rival = other.append([], after: 1_500)
        var client = LightClient(chain: TestNetwork.alpha, network: test.network)
        #expect(client.extend(by: run(blocks[1..<3])) == .wrongParent)
        #expect(client.extend(by: HeaderRun(headers: [blocks[0].block.header, blocks[2].block.header], last: blocks[3].final)) == .wrongParent)
        #expect(client.extend(by: HeaderRun(headers: [rival.block.header], last: blocks[1].final)) == .wrongParent)
        let weak = long.final(blocks[1].block, signers: 2)
        #expect(client.extend(by: HeaderRun(headers: [blocks[0].block.header], last: weak)) == .evidenceInvalid)
        #expect(client.extend(by: HeaderRun(headers: [], last: nil)) == .notFound)
        #expect(client.height == 0 && !client.contains(blocks[0].block.header))
        #expect(client.extend(by: run(blocks[0..<4])) == nil)
        #expect(client.extend(by: HeaderRun(headers: [], last: rival.final)) == .wrongParent && !client.contains(rival.block.header))
    }

    @Test("an account is believed by its path in the state that a quorum has signed, and so is that there is none")
    func accounts() throws {
        var chain = chain(3)
        let final = chain.last!
        var client = LightClient(chain: TestNetwork.alpha, network: test.network)
        let proof = chain.proofOfAccount(test.carol.publicKey)
        let carol = try client.account(test.carol.publicKey, in: proof, at: final).get()
        #expect(carol == chain.tree.ledger.account(test.carol.publicKey))
        let nobody = KeyPair(seed: Blake2b.hash([9])).publicKey
        #expect(try client.account(nobody, in: chain.proofOfAccount(nobody), at: final).get() == nil)
        #expect(client.account(nobody, in: proof, at: final) == .failure(.evidenceInvalid))
        #expect(client.account(test.carol.publicKey, in: proof, at: chain.blocks[0].final!) == .failure(.evidenceInvalid))
        #expect(client.account(test.carol.publicKey, in: proof, at: chain.final(chain.blocks[2].block, signers: 2)) == .failure(.evidenceInvalid))
    }
}
