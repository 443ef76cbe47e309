import BuilderCore
import Chain
import Cryptography
import Determinism
import RoleKit
import TestSupport
import Testing
import Wire

/// The builder of a node of a mined chain.
@Suite struct BuilderMiningTests {
    private static let alpha = TestNetwork.alpha
    private var chain = MinedChain()
    private var bench: RoleBench<BuilderRole>
    private var genesis: Digest { BlockHeader.genesisHash(of: Self.alpha, network: chain.test.network.id) }

    init() {
        let context = RoleContext(
            network: chain.test.network, address: RoleAddress(role: .builder, chain: Self.alpha, node: "alpha-1"),
            signer: chain.test.nodeKeys[Self.alpha]![0].signer)
        bench = RoleBench(context)
        bench.now.wallMilliseconds = TestNetwork.genesisTime + 5_000
        _ = bench.run(.started)
    }

    /// This node's consensus says what to mine on.
    private mutating func lead(
        on parent: Digest, height: Height = 0, slot: Slot? = nil, parentSlot: Slot? = nil, node: String = "alpha-1",
        by publisher: String = "consensus.alpha@alpha-1/1"
    ) -> [RoleEffect] {
        let lead = Lead(
            node: node, chain: Self.alpha, slot: slot ?? height + 1, parentSlot: parentSlot ?? height, parent: parent, parentHeight: height)
        return bench.run(.delivered(.lead(lead), publisher: publisher))
    }

    /// This node's collector has taken a payment.
    private mutating func pay(_ nonce: UInt64, amount: Amount = 1) -> (transaction: Transaction, effects: [RoleEffect]) {
        let transaction = chain.test.transfer(from: chain.test.alice, to: chain.test.carol.publicKey, amount: amount, nonce: nonce)
        let batch = AcceptedTransactions(node: "alpha-1", transactions: [PooledTransaction(transaction: transaction.bytes, foreign: [])])
        return (transaction, bench.run(.delivered(.accepted(batch), publisher: "collector.alpha@alpha-1/1")))
    }

    private mutating func finish(_ item: (token: UInt64, job: MiningJob)) -> [RoleEffect] {
        bench.run(.mined(token: item.token, nonce: item.job.nonce))
    }

    /// Mines on genesis until there is a candidate.
    private mutating func candidate() throws -> Block {
        let job = try #require(lead(on: genesis).jobs.first)
        return try #require(finish(job).candidates.first)
    }

    private mutating func tell(_ block: Block, notary: Int, _ verdict: NotaryVerdict.Verdict) -> [RoleEffect] {
        let key = chain.test.nodeKeys[.notary]![notary].publicKey
        let message = NotaryVerdict(chain: Self.alpha, block: block.hash, notary: key, verdict: verdict)
        return bench.run(.delivered(.verdict(message), publisher: "validator.alpha@notary-\(notary + 1)/1"))
    }

    private mutating func sign(_ block: Block, notary: Int) -> [RoleEffect] {
        let payload = NotaryStatement(block.header, epoch: 0).payload
        let signature = chain.test.nodeKeys[.notary]![notary].signer.sign(.notary, network: chain.test.network.id, payload)
        return tell(block, notary: notary, .signed(epoch: 0, slot: block.header.slot, height: block.header.height, signature: signature))
    }

    private mutating func fire(_ kind: UInt8) -> [RoleEffect] { bench.run(.timerFired(TimerID(kind: kind))) }
    private mutating func renew() -> [RoleEffect] { fire(7) }
    private mutating func resend() -> [RoleEffect] { fire(3) }

    @Test("with nothing to do it begins an empty block when a heartbeat has passed since the parent, with a payment at once")
    mutating func begins() throws {
        bench.now.wallMilliseconds = TestNetwork.genesisTime + 1_000
        let waits = lead(on: genesis)
        #expect(waits.jobs.isEmpty && waits.timer(2) == 3_000)
        let (payment, effects) = pay(0)
        let job = try #require(effects.jobs.first).job
        let header = try job.header()
        #expect(header.parent == genesis && header.slot == 1 && header.fields.transactionCount == 1)
        #expect(header.fields.transactionsRoot == MerkleTree.root(leaves: [MerkleTree.leaf(payment.bytes, outcome: 0)]))
        var idle = BuilderMiningTests()
        #expect(try idle.lead(on: genesis).jobs.first?.job.header().fields.transactionCount == 0)
    }

    @Test("the nonce that was found makes a block that everybody takes, signed by its miner and sent once")
    mutating func mines() throws {
        let effects = lead(on: genesis)
        let item = try #require(effects.jobs.first)
        #expect(effects.candidates.isEmpty && effects.timer(7) == 1_000)
        let done = finish(item)
        let block = try #require(done.candidates.first)
        #expect(done.candidates.count == 1 && block.header.fields.workNonce == item.job.nonce)
        #expect(done.firstPersist == nil, "two candidates of one miner are no offence: nothing has to be remembered")
        #expect(chain.tree.validate(block) == .valid)
        #expect(bench.run(.mined(token: item.token, nonce: item.job.nonce)).candidates.isEmpty)
    }

    @Test("a nonce for another job makes nothing, and one that does not do is looked for again")
    mutating func wrongNonce() throws {
        let item = try #require(lead(on: genesis).jobs.first)
        #expect(bench.run(.mined(token: item.token + 1, nonce: item.job.nonce)).isEmpty)
        for isZero in [true, false] {
            let current = try #require(renew().jobs.first)
            let effects = bench.run(.mined(token: current.token, nonce: isZero ? 0 : try current.job.wrongNonce()))
            #expect(effects.candidates.isEmpty)
            #expect(effects.jobs.count == 1 && effects.jobs.first?.token != current.token)
        }
    }

    @Test("told the same block again it goes on, told another one it leaves the job for one on that")
    mutating func otherParent() throws {
        let first = try #require(lead(on: genesis).jobs.first)
        let same = lead(on: genesis)
        #expect(same.jobs.isEmpty && !same.stopsMining)
        let parent = chain.add(on: genesis, by: 1, after: 2_000)
        _ = bench.run(.delivered(.candidate(parent), publisher: "builder.alpha@alpha-2/1"))
        bench.now.wallMilliseconds += 5_000
        let effects = lead(on: parent.hash, height: 1)
        #expect(effects.stopsMining)
        let next = try #require(effects.jobs.first)
        #expect(try next.job.header().parent == parent.hash)
        #expect(finish(first).candidates.isEmpty, "what was begun before counts no more")
        let block = try #require(finish(next).candidates.first)
        #expect(chain.tree.validate(block) == .valid)
    }

    @Test("a block to mine on whose body is missing is asked for")
    mutating func missingParent() throws {
        let parent = chain.add(on: genesis, by: 1)
        bench.now.wallMilliseconds += 5_000
        let effects = lead(on: parent.hash, height: 1)
        let call = try #require(effects.calls.first { $0.request == .fetchBlock(chain: Self.alpha, hash: parent.hash) })
        #expect(effects.jobs.isEmpty)
        let item = FinalBlock(block: parent, final: nil, certified: chain.certified(parent))
        let answered = bench.run(.answered(call: call.call, .blocks([item], head: 0)))
        #expect(try answered.jobs.first?.job.header().parent == parent.hash)
    }

    @Test("only its own node's consensus says what to mine on, and a slot is the height")
    mutating func forged() {
        for effects in [
            lead(on: genesis, by: "consensus.alpha@alpha-2/1"), lead(on: genesis, by: "builder.alpha@alpha-1/1"),
            lead(on: genesis, slot: 2), lead(on: genesis, height: .max, slot: 1, parentSlot: 0), lead(on: genesis, height: 1, parentSlot: 0),
        ] { #expect(effects.jobs.isEmpty && effects.count(of: .peerFault) == 1) }
        let other = lead(on: genesis, node: "alpha-2", by: "consensus.alpha@alpha-2/1")
        #expect(other.jobs.isEmpty && other.count(of: .peerFault) == 0, "another node's is none of its business")
        #expect(lead(on: genesis).jobs.count == 1)
    }

    @Test("every interval it begins anew with what has come since, and with the clock's time")
    mutating func renews() throws {
        let first = try #require(lead(on: genesis).jobs.first)
        let (_, effects) = pay(0)
        #expect(effects.jobs.isEmpty, "a payment does not disturb the job")
        bench.pass(milliseconds: 1_000)
        let renewed = renew()
        let second = try #require(renewed.jobs.first)
        let (before, after) = (try first.job.header(), try second.job.header())
        #expect(before.fields.transactionCount == 0 && after.fields.transactionCount == 1)
        #expect(after.time == before.time + 1_000 && after.time == bench.now.wallMilliseconds)
        #expect(renewed.timer(7) == 1_000 && second.token != first.token)
        _ = finish(second)
        #expect(renew().isEmpty, "a block that has its nonce is not begun anew")
    }

    @Test("a quorum of notaries makes the certificate, and then nothing else is mined on the same block")
    mutating func certified() throws {
        let block = try candidate()
        #expect(sign(block, notary: 0).certified.isEmpty)
        #expect(sign(block, notary: 0).certified.isEmpty, "a notary counts once")
        #expect(sign(block, notary: 3).certified.isEmpty)
        let certified = try #require(sign(block, notary: 1).certified.first)
        let notaries = try #require(Electorate(chain.test.network.notary.nodes.map { .init(node: $0.id, key: $0.key, weight: 1) }))
        let checks = try #require(certified.notary?.checks(for: block.header, notaries: notaries, network: chain.test.network.id))
        #expect(checks.count == 3 && checks.allSatisfy(\.holds))
        for _ in 0..<6 {
            let effects = resend()
            #expect(effects.jobs.isEmpty && effects.candidates.map(\.hash) == [block.hash] && effects.certified.count == 1)
        }
        #expect(lead(on: genesis).jobs.isEmpty)
    }

    @Test("without a certificate after three sendings it mines another block beside, and still takes signatures for the first")
    mutating func goesOn() throws {
        let block = try candidate()
        _ = sign(block, notary: 0)
        for _ in 0..<2 {
            let effects = resend()
            #expect(effects.candidates.map(\.hash) == [block.hash] && effects.jobs.isEmpty)
        }
        bench.pass(milliseconds: 5_000)
        let item = try #require(resend().jobs.first)
        let second = try #require(finish(item).candidates.first)
        #expect(second.header.parent == genesis && second.hash != block.hash)
        #expect(sign(block, notary: 1).certified.isEmpty)
        #expect(sign(block, notary: 2).certified.map(\.header.hash) == [block.hash])
        let counted = (0..<3).flatMap { sign(second, notary: $0).certified }
        #expect(counted.map(\.header.hash) == [second.hash])
    }

    @Test("a block that more notaries than may lie refuse for a payment is mined anew without it")
    mutating func refused() throws {
        let (payment, _) = pay(0)
        let block = try candidate()
        #expect(block.transactions == [payment])
        #expect(tell(block, notary: 0, .refused(transaction: payment.id, reason: .badSignature)).jobs.isEmpty)
        #expect(tell(block, notary: 0, .refused(transaction: payment.id, reason: .badSignature)).jobs.isEmpty)
        let effects = tell(block, notary: 1, .refused(transaction: payment.id, reason: .badSignature))
        #expect(try effects.jobs.map { try $0.job.header().fields.transactionCount } == [0])
    }

    @Test("a height that is recorded is over: the job ends, and nothing is mined below")
    mutating func recorded() throws {
        let block = chain.add(on: genesis, by: 1)
        let item = try #require(lead(on: genesis).jobs.first)
        let head = chain.recorded([block])
        let effects = bench.follow(FinalBlock(block: block, final: chain.final(block, head)))
        #expect(bench.role.height == 1 && effects.stopsMining)
        #expect(finish(item).candidates.isEmpty)
        #expect(lead(on: genesis).jobs.isEmpty)
        bench.now.wallMilliseconds += 5_000
        #expect(lead(on: block.hash, height: 1).jobs.count == 1)
    }

    @Test("a recorded block that is invalid here ends all mining, with an alarm")
    mutating func invalidFinal() throws {
        let block = chain.mine(on: genesis, by: 1) { $0.stateRoot = .zero }
        let item = try #require(lead(on: genesis).jobs.first)
        let head = chain.recorded([block])
        let effects = bench.follow(FinalBlock(block: block, final: chain.final(block, head)))
        #expect(effects.contains { if case .raise("invalid_final_block", _, .critical) = $0 { true } else { false } })
        #expect(effects.stopsMining)
        #expect(finish(item).candidates.isEmpty && renew().jobs.isEmpty && lead(on: genesis).jobs.isEmpty)
    }
}
