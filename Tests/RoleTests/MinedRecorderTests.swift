import Chain
import Cryptography
import Determinism
import Ledger
import RecorderCore
import RoleKit
import TestSupport
import Testing
import Wire

/// A recorder and the blocks of a mined chain: what it would have recorded, and what it says is.
@Suite struct MinedRecorderTests {
    private static let validator = "validator.alpha@notary-1/1"
    private var chain = MinedChain()
    private var bench: RoleBench<RecorderRole>
    private var genesis: Digest { BlockHeader.genesisHash(of: TestNetwork.alpha, network: chain.test.network.id) }

    init() {
        let context = RoleContext(
            network: chain.test.network, address: RoleAddress(role: .recorder, chain: .notary, node: "notary-1"),
            signer: chain.test.nodeKeys[.notary]![0].signer)
        bench = RoleBench(context)
        bench.now.wallMilliseconds = TestNetwork.genesisTime + 3_000
        _ = bench.run(.started)
    }

    /// A validator tells of a notarized block.
    private mutating func tell(_ block: Block, confirmed: Bool = true, notary: String = "notary-1", by publisher: String = validator) {
        let item = Notarized(
            notary: notary, certified: chain.certified(block), crosses: block.transactions.compactMap(CrossData.init), isConfirmed: confirmed)
        _ = bench.run(.delivered(.notarized(item), publisher: publisher))
    }

    /// Blocks that the next notary block would record, in its order.
    private mutating func recorded() -> [Digest] { records().map(\.final.hash) }

    private mutating func records() -> [Record] {
        let notary = chain.notary.tree
        let lead = Lead(
            node: "notary-1", chain: .notary, slot: notary.finalSlot + 1, parentSlot: notary.finalSlot, parent: notary.finalHash,
            parentHeight: notary.finalHeight)
        var effects = bench.run(.delivered(.lead(lead), publisher: "consensus.notary@notary-1/1"))
        for _ in 0..<2 {
            bench.pass(milliseconds: 200)
            effects += bench.run(.timerFired(TimerID(kind: 1)))
        }
        return (effects.candidates.first?.transactions ?? []).compactMap { if case .record(let record) = $0.kind { record } else { nil } }
    }

    /// The notary chain has recorded blocks in one of its own.
    private mutating func finalize(_ blocks: [Block]) -> (head: RecordedHead, effects: [RoleEffect]) {
        let head = chain.recorded(blocks)
        let item = chain.notary.blocks.last!
        let effects =
            bench.run(.delivered(.candidate(item.block), publisher: "recorder.notary@notary-2/1"))
            + bench.run(.delivered(.final(item.final!), publisher: "consensus.notary@notary-2/1"))
        return (head, effects)
    }

    @Test("what its own validator calls confirmed is recorded, with nothing in place of votes")
    mutating func confirmed() {
        let first = chain.add(on: genesis)
        let second = chain.add(on: first.hash)
        tell(first)
        tell(second)
        let records = records()
        #expect(records.map(\.final.hash) == [first.hash, second.hash])
        #expect(records.allSatisfy { $0.final.finality == .pending && $0.final.notary != nil && $0.final.descendants.isEmpty })
    }

    @Test("what is notarized but not confirmed is not recorded")
    mutating func unconfirmed() {
        let first = chain.add(on: genesis)
        let second = chain.add(on: first.hash)
        tell(first)
        tell(second, confirmed: false)
        #expect(recorded() == [first.hash])
    }

    @Test(
        "only its own validator of that chain is believed",
        arguments: [
            ("notary-2", "validator.alpha@notary-2/1"), ("notary-1", "validator.alpha@notary-2/1"), ("notary-1", "validator.beta@notary-1/1"),
            ("notary-1", "recorder.notary@notary-1/1"), ("notary-2", "validator.alpha@notary-1/1"),
        ])
    mutating func foreign(notary: String, publisher: String) {
        let block = chain.add(on: genesis)
        tell(block, notary: notary, by: publisher)
        // With nothing to record it waits for the heartbeat, and then cuts an empty block.
        bench.pass(milliseconds: 5_000)
        #expect(recorded().isEmpty)
    }

    @Test("another block of a height takes the place of the first, with all that follows it")
    mutating func replaced() {
        let first = chain.add(on: genesis, by: 1)
        let above = chain.add(on: first.hash, by: 1)
        let rival = chain.add(on: genesis, by: 2, after: 1_001)
        let next = chain.add(on: rival.hash, by: 2)
        tell(first)
        tell(above)
        tell(rival)
        tell(next)
        #expect(recorded() == [rival.hash, next.hash])
    }

    @Test("the same said again changes nothing, and neither does a block whose parent is another than the one below")
    mutating func repeated() {
        let first = chain.add(on: genesis, by: 1)
        let above = chain.add(on: first.hash, by: 1)
        let rival = chain.add(on: genesis, by: 2, after: 1_001)
        let stray = chain.add(on: rival.hash, by: 2)
        tell(first)
        tell(stray)
        // The block below has been left: it is told anew, from the lowest.
        tell(first)
        tell(above)
        tell(first)
        #expect(recorded() == [first.hash, above.hash])
    }

    @Test("a block is taken only on the one below it")
    mutating func gap() {
        let first = chain.add(on: genesis)
        let second = chain.add(on: first.hash)
        tell(second)
        tell(first)
        #expect(recorded() == [first.hash], "the upper one is told again later")
    }

    @Test("a block that is recorded is told to the chain's nodes with its proof, and not recorded again")
    mutating func says() throws {
        let first = chain.add(on: genesis)
        let second = chain.add(on: first.hash)
        tell(first)
        let (head, effects) = finalize([first])
        #expect(effects.recorded == [Recorded(chain: TestNetwork.alpha, head: head)])
        let entry = ChainHead(chain: TestNetwork.alpha, height: 1, hash: first.hash, time: first.header.time)
        #expect(effects.recorded.first?.head?.proof.value == entry.encoded)
        #expect(effects.contains { if case .publish(.recorded(TestNetwork.alpha), _) = $0 { true } else { false } })
        tell(first)
        tell(second)
        #expect(recorded() == [second.hash])
    }

    @Test("a notary block that records nothing of the chain says nothing of it")
    mutating func silent() {
        #expect(finalize([]).effects.recorded.isEmpty)
    }

    @Test("who asks hears what is recorded, and that nothing is")
    mutating func answers() throws {
        let request = RoleInput.requested(.fetchRecorded(TestNetwork.alpha), token: 3, client: nil)
        #expect(bench.run(request).replies == [.recorded(Recorded(chain: TestNetwork.alpha, head: nil))])
        let first = chain.add(on: genesis)
        let (head, _) = finalize([first])
        #expect(bench.run(request).replies == [.recorded(Recorded(chain: TestNetwork.alpha, head: head))])
        // Nothing new: the newest notary block shows the same.
        let (later, _) = finalize([])
        #expect(bench.run(request).replies.count == 1 && later.notary.header.height == 2)
        guard case .recorded(let recorded)? = bench.run(request).replies.first else { throw WireFault(.missing, "Response.recorded") }
        #expect(recorded.head?.notary.header.height == 2 && recorded.head?.proof.value == head.proof.value)
    }
}
