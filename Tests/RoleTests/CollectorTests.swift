import Chain
import CollectorCore
import Cryptography
import RoleKit
import Testing
import Wire

@Suite("Collector: submissions")
struct CollectorTests {
    let trading = TradingNetwork()

    func bench(node: String = "alpha-1") -> RoleBench<CollectorRole> {
        var bench = RoleBench<CollectorRole>(
            RoleContext(
                network: trading.network, address: RoleAddress(role: .collector, chain: TradingNetwork.alpha, node: node),
                signer: trading.node(node).signer))
        catchUp(&bench)
        return bench
    }

    /// A consensus node says that nothing is missing.
    func catchUp(_ bench: inout RoleBench<CollectorRole>) {
        for (call, _, _) in bench.feed(.started).calls { _ = bench.feed(.answered(call: call, .blocks([], head: bench.role.height))) }
    }

    func submit(_ transaction: Transaction, _ bench: inout RoleBench<CollectorRole>) -> [RoleEffect] {
        bench.run(.requested(.submit(transaction.bytes), token: 7, client: "phone"))
    }

    func status(_ name: Digest, _ bench: inout RoleBench<CollectorRole>) -> Status? {
        if case .status(let status)? = bench.feed(.requested(.status(name), token: 1, client: "phone")).replies.first { status } else { nil }
    }

    @Test("a transaction is stored before it is acknowledged and spread (S820)")
    func storedFirst() throws {
        var bench = bench()
        let transaction = trading.transfer(5, nonce: 0)
        let effects = submit(transaction, &bench)
        let result = try #require(effects.submitResults.first)
        #expect(result.rejection == nil && result.id == transaction.id)
        #expect(try #require(effects.firstPersist) < (try #require(effects.firstVisible)))
        #expect(effects.spread.map(\.transaction) == [transaction.bytes])
        #expect(bench.table(.accepted) == [PooledTransaction(transaction: transaction.bytes, foreign: []).encoded])
        #expect(status(transaction.id, &bench)?.state == .pending)
        #expect(status(transaction.id, &bench)?.acceptedMilliseconds == bench.now.wallMilliseconds)
    }

    @Test("nothing is stored or said before the signatures are checked")
    func checkedFirst() {
        var bench = bench()
        let effects = bench.feed(.requested(.submit(trading.transfer(5, nonce: 0).bytes), token: 7, client: "phone"))
        #expect(effects.firstPersist == nil && effects.firstVisible == nil)
        #expect(effects.contains { if case .check(_, let checks) = $0 { checks.count == 1 } else { false } })
    }

    @Test("the same transaction again is answered the same way and stored once (faults case 36)")
    func duplicate() {
        var bench = bench()
        let transaction = trading.transfer(5, nonce: 0)
        let first = submit(transaction, &bench).submitResults
        let again = submit(transaction, &bench)
        #expect(first.first?.rejection == nil && again.submitResults.first?.rejection == nil)
        #expect(again.submitResults.first?.id == transaction.id && again.spread.isEmpty)
        #expect(bench.table(.accepted).count == 1)
    }

    @Test("two requests with the same bytes during one check are both answered")
    func duplicateInCheck() {
        var bench = bench()
        let transaction = trading.transfer(5, nonce: 0)
        let first = bench.feed(.requested(.submit(transaction.bytes), token: 1, client: "a"))
        let second = bench.feed(.requested(.submit(transaction.bytes), token: 2, client: "b"))
        #expect(second.firstVisible == nil)
        guard case .check(let token, _)? = first.first(where: { if case .check = $0 { true } else { false } }) else {
            Issue.record("no check was asked for")
            return
        }
        let effects = bench.feed(.checked(token: token, [true]))
        #expect(effects.submitResults.count == 2 && effects.submitResults.allSatisfy { $0.rejection == nil })
        #expect(bench.table(.accepted).count == 1)
    }

    @Test("a forged copy does not spoil the good one that comes while it is checked")
    func forgedCopy() {
        var bench = bench()
        let cross = trading.exchange()
        let good = trading.open(cross)
        // The last byte is the end of the initiator's signature; the id does not cover it.
        var bytes = good.bytes
        bytes[bytes.count - 1] ^= 1
        let forged = bench.feed(.requested(.submit(bytes), token: 1, client: "thief"))
        let honest = bench.feed(.requested(.submit(good.bytes), token: 2, client: "alice"))
        var results: [UInt64: Reason?] = [:]
        for case .check(let token, let checks) in forged + honest {
            for case .reply(let token, .submit(let result)) in bench.feed(.checked(token: token, checks.map(\.holds))) {
                results[token] = .some(result.rejection)
            }
        }
        #expect(results[1] == .some(.badSignature))
        #expect(results[2] == .some(nil))
    }

    @Test("garbage, another chain's, forged and strangers' transactions are refused with a reason and change nothing")
    func refusals() {
        var bench = bench()
        let beta = Transaction(
            .transfer(
                Transfer(
                    chain: TradingNetwork.beta, network: trading.network.id, to: trading.carol.publicKey, asset: TradingNetwork.assetX,
                    amount: 1, nonce: 0, memo: "", signer: trading.alice.signer)), chain: TradingNetwork.beta, network: trading.network.id)
        var forged = trading.transfer(5, nonce: 0).bytes
        forged[forged.count - 1] ^= 1
        let table: [(bytes: [UInt8], reason: Reason)] = [
            ([], .malformed), ([1, 2, 3], .malformed), ([UInt8](repeating: 1, count: Limits.transactionBytes + 1), .tooLarge),
            (beta.bytes, .wrongChain), (forged, .badSignature),
            (trading.transfer(5, nonce: 0, from: TradingNetwork.pair("stranger")).bytes, .unknownPayer),
            (trading.transfer(5, nonce: UInt64(Limits.nonceWindow)).bytes, .nonceOutsideWindow),
        ]
        for (bytes, reason) in table {
            let effects = bench.run(.requested(.submit(bytes), token: 7, client: "phone"))
            #expect(effects.submitResults.first?.rejection == reason, "expected \(reason.code)")
            #expect(effects.spread.isEmpty)
        }
        #expect(bench.table(.accepted).isEmpty)
    }

    @Test("a used nonce is refused; what the state cannot tell yet is refused as not ready while the chain is being read")
    func stateAnswers() {
        var maker = ChainMaker(trading, TradingNetwork.alpha)
        var bench = bench()
        _ = bench.follow(maker.make([trading.transfer(5, nonce: 0)]))
        #expect(submit(trading.transfer(6, nonce: 0), &bench).submitResults.first?.rejection == .nonceUsed)
        bench.restart()
        _ = bench.feed(.started)
        let stranger = trading.transfer(5, nonce: 0, from: TradingNetwork.pair("stranger"))
        #expect(submit(stranger, &bench).submitResults.first?.rejection == .notReady)
    }

    @Test("beyond the bound submissions are refused as overloaded, and what was acknowledged stays")
    func overload() {
        var bench = bench()
        for _ in 0..<Limits.collectorPending {
            // No check is answered, so everything piles up.
            _ = bench.feed(.requested(.watch(Watch(time: bench.now.wallMilliseconds, network: trading.network.id, signer: trading.alice.signer)), token: 1, client: "x"))
        }
        let effects = bench.feed(.requested(.submit(trading.transfer(5, nonce: 0).bytes), token: 7, client: "phone"))
        #expect(effects.submitResults.first?.rejection == .overloaded)
        #expect(effects.count(of: .overloaded) == 1)
    }

    @Test("what is not settled is published again with back-off, and after a restart")
    func republish() {
        var bench = bench()
        let transaction = trading.transfer(5, nonce: 0)
        _ = submit(transaction, &bench)
        let republish = TimerID(kind: 2)
        var times: [UInt64] = []
        for step in 1...60 {
            bench.pass(milliseconds: 1_000)
            if !bench.feed(.timerFired(republish)).spread.isEmpty { times.append(UInt64(step)) }
        }
        #expect(times == [5, 15, 35])
        bench.restart()
        let started = bench.feed(.started)
        #expect(started.timer(2) != nil)
        #expect(bench.feed(.timerFired(republish)).spread.map(\.transaction) == [transaction.bytes])
    }

    @Test("a submission's outcome comes from the final block: applied or rejected, once, and nothing stays stored")
    func outcomes() {
        var maker = ChainMaker(trading, TradingNetwork.alpha)
        var bench = bench()
        let good = trading.transfer(5, nonce: 0)
        let poor = trading.transfer(5_000, nonce: 1)
        _ = submit(good, &bench)
        _ = submit(poor, &bench)
        let effects = bench.follow(maker.make([good, poor]))
        #expect(effects.firstPersist != nil)
        #expect(bench.table(.accepted).isEmpty)
        #expect(status(good.id, &bench)?.state == .final)
        let rejected = status(poor.id, &bench)
        #expect(rejected?.state == .rejected && rejected?.reason == .insufficientFunds && rejected?.height == 1 && rejected?.index == 1)
        #expect(submit(good, &bench).submitResults.first?.rejection == nil)
        #expect(bench.table(.accepted).isEmpty)
    }

    @Test("a transaction whose nonce another one used ends in a stable reasoned rejection, also across restarts (invariant 7)")
    func rivalEnds() {
        var maker = ChainMaker(trading, TradingNetwork.alpha)
        var bench = bench()
        let mine = trading.transfer(5, nonce: 0)
        let rival = trading.transfer(6, nonce: 0)
        _ = submit(mine, &bench)
        let block = maker.make([rival])
        let effects = bench.follow(block)
        #expect(effects.count(of: .rejected) == 1)
        #expect(bench.table(.accepted).isEmpty && bench.table(.ended).count == 1)
        #expect(status(mine.id, &bench)?.state == .rejected && status(mine.id, &bench)?.reason == .nonceUsed)
        bench.restart()
        _ = bench.feed(.started)
        #expect(status(mine.id, &bench)?.state == .rejected && status(mine.id, &bench)?.reason == .nonceUsed)
        _ = bench.follow(block)
        #expect(bench.table(.ended).count == 1)
        #expect(submit(mine, &bench).submitResults.first?.rejection == nil)
        #expect(bench.table(.accepted).isEmpty)
    }

    @Test("a crash between block and clean-up changes no answer: the block is read again")
    func crashBeforeFinal() {
        var maker = ChainMaker(trading, TradingNetwork.alpha)
        var bench = bench()
        let transaction = trading.transfer(5, nonce: 0)
        _ = submit(transaction, &bench)
        let block = maker.make([transaction])
        bench.restart()
        let calls = bench.feed(.started).calls
        #expect(status(transaction.id, &bench)?.state == .pending)
        _ = bench.feed(.answered(call: calls[0].call, .blocks([block], head: 1)))
        #expect(status(transaction.id, &bench)?.state == .final)
        #expect(bench.table(.accepted).isEmpty)
    }

    @Test("account, head and unknown names are answered from the final state")
    func queries() {
        var maker = ChainMaker(trading, TradingNetwork.alpha)
        var bench = bench()
        let block = maker.make([trading.transfer(5, nonce: 0)])
        _ = bench.follow(block)
        let replies = bench.feed(.requested(.account(trading.alice.publicKey), token: 1, client: nil)).replies
        let view = AccountView(
            account: trading.alice.publicKey, exists: true, height: 1, nonceBase: 1,
            balances: [Balance(asset: TradingNetwork.assetX, amount: 995)], held: [], time: block.block.header.time)
        #expect(replies == [.account(view)])
        #expect(bench.feed(.requested(.head(TradingNetwork.alpha), token: 1, client: nil)).replies == [.head(block.final, height: 1)])
        #expect(status(.zero, &bench)?.state == .unknown)
        let failures = bench.feed(.requested(.trace(.zero), token: 1, client: nil)).replies
        #expect(failures == [.failure(.notAllowed, detail: "a collector does not answer this request")])
    }

    @Test("an invalid final block stops following and raises an alarm instead of a crash")
    func invalidFinal() {
        var bench = bench()
        let leader = trading.node("alpha-1").signer
        let genesis = trading.network.genesisHash(of: TradingNetwork.alpha)
        let header = BlockHeader(
            .init(
                chain: TradingNetwork.alpha, height: 1, epoch: 0, slot: 1, parent: genesis, parentSlot: 0, time: TradingNetwork.start + 1,
                transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: .zero, notaryHeight: 0,
                notaryHead: .zero, builder: leader.publicKey))
        let block = Block(
            header: header, builderSignature: leader.sign(.candidate, network: trading.network.id, header.bytes), transactions: [],
            outcomes: [], foreign: [])
        let effects = bench.follow(FinalBlock(block: block, final: trading.final(block)))
        #expect(effects.contains { if case .raise("invalid_final_block", _, .critical) = $0 { true } else { false } })
        #expect(bench.role.height == 0)
    }
}
