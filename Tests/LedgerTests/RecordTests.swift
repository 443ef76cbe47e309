import Cryptography
import Ledger
import Testing
import Wire

@Suite struct RecordTests {
    private func record(_ final: FinalHeader) -> Transaction { World.on(.notary, .record(Record(final: final, crosses: []))) }

    private func header(_ height: Height, on parent: Digest, chain: ChainID = World.alphaID, time: ChainTime = 2_000) -> FinalHeader {
        Shown.header(chain: chain, height: height, time: time, parent: parent)
    }

    private var genesis: Digest { World.network.genesisHash(of: World.alphaID) }

    @Test("blocks of a chain are recorded in order, from its genesis on")
    func inOrder() {
        var notary = LedgerState(network: World.network, chain: .notary)
        let first = header(1, on: genesis)
        let second = header(2, on: first.hash, time: 2_001)
        #expect(notary.head(of: World.alphaID) == nil)
        #expect(notary.block(record(first), record(second)) == [.applied, .applied])
        let head = ChainHead(chain: World.alphaID, height: 2, hash: second.hash, time: 2_001)
        #expect(notary.head(of: World.alphaID) == head)
        #expect(notary.head(of: World.betaID) == nil)
        #expect(notary.root == notary.rootFromScratch(accounts: [], chains: [World.alphaID]))
        notary.undo()
        #expect(notary.root == .zero && notary.head(of: World.alphaID) == nil)
    }

    @Test("a block off the recorded branch is refused (rule R7)")
    func branch() {
        var notary = LedgerState(network: World.network, chain: .notary)
        let first = header(1, on: genesis)
        notary.block(record(first))
        let rival = header(1, on: genesis, time: 2_002)
        let stray = header(2, on: rival.hash)
        let ahead = header(3, on: first.hash)
        #expect(
            notary.block(record(rival), record(stray), record(ahead), record(first))
                == [.invalid(.recordInvalid), .invalid(.recordInvalid), .invalid(.notReady), .invalid(.duplicateTransaction)])
    }

    @Test("only sub-chains of the network are recorded, from their own genesis, on the notary chain")
    func chains() {
        var notary = LedgerState(network: World.network, chain: .notary)
        let unknown = ChainID("gamma")!
        #expect(
            notary.block(
                record(header(1, on: World.network.genesisHash(of: unknown), chain: unknown)),
                record(header(1, on: World.network.genesisHash(of: .notary), chain: .notary)), record(header(1, on: .zero)))
                == [Application](repeating: .invalid(.recordInvalid), count: 3))
        var alpha = World().alpha
        #expect(alpha.block(World.on(World.alphaID, record(header(1, on: genesis)).kind)) == [.invalid(.wrongChain)])
    }

    @Test("records of two chains do not disturb each other, and an abandoned one leaves nothing")
    func independent() {
        var notary = LedgerState(network: World.network, chain: .notary)
        let alpha = header(1, on: genesis)
        let beta = header(1, on: World.network.genesisHash(of: World.betaID), chain: World.betaID)
        notary.block(record(alpha))
        let root = notary.root
        notary.begin(height: 2, time: 3_000)
        #expect(notary.apply(record(beta), foreign: .none) == .applied)
        #expect(notary.apply(record(header(2, on: alpha.hash)), foreign: .none) == .applied)
        notary.abandon()
        #expect(notary.root == root && notary.height == 1)
        #expect(notary.head(of: World.betaID) == nil)
        #expect(notary.head(of: World.alphaID)?.height == 1)
        #expect(notary.block(record(beta)) == [.applied])
        #expect(notary.root == notary.rootFromScratch(accounts: [], chains: [World.alphaID, World.betaID]))
    }
}
