import Chain
import CollectorCore
import Cryptography
import RoleKit
import Testing
import Wire

/// Cross transactions that take the consent of several (A5, A15).
@Suite("Collector: consents of several")
struct ConsentTests {
    private let trading = TradingNetwork()
    private let cross: CrossTransaction
    private let alpha: ChainMaker

    init() {
        // Carol gets something and pays nothing; Alice is paid by the leg that decides.
        let legs = [
            Leg(chain: TradingNetwork.alpha, debit: trading.alice.publicKey, credit: trading.carol.publicKey, asset: TradingNetwork.assetX, amount: 5),
            Leg(chain: TradingNetwork.beta, debit: trading.bob.publicKey, credit: trading.alice.publicKey, asset: TradingNetwork.assetY, amount: 7),
        ]
        cross = CrossTransaction(
            network: trading.network.id, contract: Agreement.id, contractVersion: Agreement.version, legs: legs,
            deadline: TradingNetwork.start + 60_000, nonce: 1, memo: "", signers: [trading.alice.signer, trading.bob.signer])
        var maker = ChainMaker(trading, TradingNetwork.alpha)
        maker.make([trading.open(cross)])
        alpha = maker
    }

    /// A collector of beta where the leg waits.
    private func bench() -> RoleBench<CollectorRole> { bench(cross, alpha) }

    private func bench(_ cross: CrossTransaction, _ alpha: ChainMaker, isCaughtUp: Bool = true) -> RoleBench<CollectorRole> {
        var bench = RoleBench<CollectorRole>(
            RoleContext(
                network: trading.network, address: RoleAddress(role: .collector, chain: TradingNetwork.beta, node: "beta-1"),
                signer: trading.node("beta-1").signer))
        let calls = bench.feed(.started).calls.map(\.call)
        if isCaughtUp { for call in calls { _ = bench.feed(.answered(call: call, .blocks([], head: 0))) } }
        let notice = trading.notice(.confirm, cross, for: TradingNetwork.beta, from: alpha)
        _ = bench.run(.delivered(.leg(notice), publisher: "validator.alpha@notary-1/1"))
        return bench
    }

    private func answer(_ pair: KeyPair, _ bench: inout RoleBench<CollectorRole>, refusal: String? = nil) -> [RoleEffect] {
        let answer = Answer(xid: cross.xid, refusal: refusal, network: trading.network.id, signer: pair.signer)
        return bench.run(.requested(.answer(answer), token: 4, client: "phone"))
    }

    private func told(_ effects: [RoleEffect]) -> [ConfirmNotice] {
        effects.compactMap { if case .publish(.confirm, .confirm(let notice)) = $0 { notice } else { nil } }
    }

    private func confirms(_ bench: RoleBench<CollectorRole>) throws -> [Confirm] {
        try bench.table(.accepted).compactMap { row in
            let transaction = try Transaction(
                decoding: PooledTransaction(decoding: row).transaction, chain: TradingNetwork.beta, network: trading.network.id)
            if case .confirm(let confirm) = transaction.kind { return confirm }
            return nil
        }
    }

    private func result(_ effects: [RoleEffect]) -> SubmitResult? {
        for case .submit(let result) in effects.replies { return result }
        return nil
    }

    @Test("a consent is stored, then answered and told to the other collectors; the last one makes the Confirm, in the order of the legs")
    func gathers() throws {
        var bench = bench()
        let first = answer(trading.alice, &bench)
        #expect(try #require(first.firstPersist) < (try #require(first.firstVisible)))
        #expect(result(first)?.rejection == nil && result(first)?.id == nil, "nothing is acknowledged that no transaction stands for")
        #expect(told(first).map(\.authorization?.key) == [trading.alice.publicKey])
        #expect(try confirms(bench).isEmpty)
        #expect(bench.feed(.requested(.fetchLegs(trading.alice.publicKey), token: 1, client: nil)).replies == [.legs([])])
        bench.restart()
        _ = bench.feed(.started)
        let last = answer(trading.carol, &bench)
        #expect(result(last)?.id != nil && result(last)?.rejection == nil)
        #expect(try confirms(bench).first?.confirmations.map(\.key) == [trading.carol.publicKey, trading.alice.publicKey])
    }

    @Test("a consent that another collector tells counts, a forged one and a stranger's do not")
    func hears() throws {
        var bench = bench()
        func tell(_ pair: KeyPair, as key: PublicKey? = nil, by publisher: String = "collector.beta@beta-2/1") -> [RoleEffect] {
            let signature = pair.signer.sign(.confirm, network: trading.network.id, cross.xid.bytes)
            let notice = ConfirmNotice(
                xid: cross.xid, node: "beta-2", confirmed: true, authorization: Authorization(key: key ?? pair.publicKey, signature: signature))
            return bench.run(.delivered(.confirm(notice), publisher: publisher))
        }
        _ = tell(trading.bob, as: trading.carol.publicKey)
        _ = tell(trading.bob)
        _ = tell(trading.carol, by: "collector.alpha@beta-2/1")
        _ = answer(trading.alice, &bench)
        #expect(try confirms(bench).isEmpty)
        _ = tell(trading.carol)
        #expect(try confirms(bench).count == 1)
    }

    @Test("where all have consented and the Confirm could not be taken yet, it is made as soon as it can be, unasked")
    func triesAgain() throws {
        let dave = TradingNetwork.pair("dave")
        let legs = [
            Leg(chain: TradingNetwork.alpha, debit: trading.alice.publicKey, credit: trading.carol.publicKey, asset: TradingNetwork.assetX, amount: 5),
            Leg(chain: TradingNetwork.beta, debit: dave.publicKey, credit: trading.bob.publicKey, asset: TradingNetwork.assetY, amount: 7),
        ]
        let cross = CrossTransaction(
            network: trading.network.id, contract: Agreement.id, contractVersion: Agreement.version, legs: legs,
            deadline: TradingNetwork.start + 60_000, nonce: 1, memo: "", signers: [trading.alice.signer, dave.signer])
        var alpha = ChainMaker(trading, TradingNetwork.alpha)
        alpha.make([trading.open(cross)])
        // It has not read the block yet that opens the payer's account.
        var bench = bench(cross, alpha, isCaughtUp: false)
        let answer = Answer(xid: cross.xid, refusal: nil, network: trading.network.id, signer: trading.carol.signer)
        #expect(result(bench.run(.requested(.answer(answer), token: 4, client: "phone")))?.rejection == nil)
        let signature = trading.bob.signer.sign(.confirm, network: trading.network.id, cross.xid.bytes)
        let told = ConfirmNotice(
            xid: cross.xid, node: "beta-2", confirmed: true, authorization: Authorization(key: trading.bob.publicKey, signature: signature))
        _ = bench.run(.delivered(.confirm(told), publisher: "collector.beta@beta-2/1"))
        #expect(try confirms(bench).isEmpty)
        let register = Register(chain: TradingNetwork.beta, network: trading.network.id, signer: dave.signer)
        var beta = ChainMaker(trading, TradingNetwork.beta)
        let block = beta.make([Transaction(.register(register), chain: TradingNetwork.beta, network: trading.network.id)])
        _ = bench.run(.delivered(.candidate(block.block), publisher: "builder.beta@beta-1/1"))
        _ = bench.run(.delivered(.final(try #require(block.final)), publisher: "consensus.beta@beta-1/1"))
        _ = bench.run(.timerFired(TimerID(kind: 2)))
        #expect(try confirms(bench).first?.confirmations.map(\.key) == [trading.carol.publicKey, trading.bob.publicKey])
        _ = bench.run(.timerFired(TimerID(kind: 2)))
        #expect(try confirms(bench).count == 1)
    }

    @Test("one refusal is enough, and who need not consent is not asked")
    func refuses() throws {
        var bench = bench()
        _ = answer(trading.alice, &bench)
        #expect(result(answer(trading.bob, &bench))?.rejection == .notReceiver)
        let refused = answer(trading.carol, &bench, refusal: "no")
        #expect(result(refused)?.rejection == nil && result(refused)?.id != nil)
        #expect(try confirms(bench).isEmpty)
    }
}
