import Chain
import CollectorCore
import Cryptography
import Ledger
import RoleKit
import Testing
import Wire

@Suite("Collector: legs, answers and watches")
struct CollectorLegTests {
    let trading = TradingNetwork()
    let cross: CrossTransaction
    /// Alpha with the hold final.
    let alpha: ChainMaker
    let validator = "validator.alpha@notary-1/1"

    init() {
        cross = trading.exchange()
        var maker = ChainMaker(trading, TradingNetwork.alpha)
        maker.make([trading.open(cross)])
        alpha = maker
    }

    /// A collector of beta, where the deciding leg waits.
    func bench() -> RoleBench<CollectorRole> {
        var bench = RoleBench<CollectorRole>(
            RoleContext(
                network: trading.network, address: RoleAddress(role: .collector, chain: TradingNetwork.beta, node: "beta-1"),
                signer: trading.node("beta-1").signer))
        for (call, _, _) in bench.feed(.started).calls { _ = bench.feed(.answered(call: call, .blocks([], head: 0))) }
        return bench
    }

    var notice: LegNotice { trading.notice(.confirm, cross, for: TradingNetwork.beta, from: alpha) }

    func watch(_ bench: inout RoleBench<CollectorRole>, by pair: KeyPair? = nil, time: UInt64? = nil) -> [RoleEffect] {
        let watch = Watch(time: time ?? bench.now.wallMilliseconds, network: trading.network.id, signer: (pair ?? trading.bob).signer)
        return bench.run(.requested(.watch(watch), token: 3, client: "bob-phone"))
    }

    func answer(_ refusal: String?, _ bench: inout RoleBench<CollectorRole>, by pair: KeyPair? = nil) -> [RoleEffect] {
        let answer = Answer(xid: cross.xid, refusal: refusal, network: trading.network.id, signer: (pair ?? trading.bob).signer)
        return bench.run(.requested(.answer(answer), token: 4, client: "bob-phone"))
    }

    func state(_ bench: inout RoleBench<CollectorRole>) -> Status.State? {
        if case .status(let status)? = bench.feed(.requested(.status(cross.xid), token: 1, client: nil)).replies.first { status.state } else { nil }
    }

    @Test("a leg is stored, then pushed to the receiver's device, once (S870)")
    func legStored() throws {
        var bench = bench()
        #expect(watch(&bench).replies == [.watch(true)])
        let effects = bench.run(.delivered(.leg(notice), publisher: validator))
        #expect(try #require(effects.firstPersist) < (try #require(effects.firstVisible)))
        #expect(effects.pushed.map(\.client) == ["bob-phone"] && effects.pushed.first?.notice == .leg(notice))
        #expect(bench.table(.legs) == [notice.encoded])
        let again = bench.run(.delivered(.leg(notice), publisher: validator))
        #expect(again.pushed.isEmpty && again.count(of: .duplicate) == 1)
        #expect(bench.feed(.requested(.fetchLegs(trading.bob.publicKey), token: 1, client: nil)).replies == [.legs([notice])])
        #expect(bench.feed(.requested(.fetchLegs(trading.alice.publicKey), token: 1, client: nil)).replies == [.legs([])])
    }

    @Test("a device that watches later, or after a restart of the collector, hears of the leg at once")
    func watchLater() {
        var bench = bench()
        _ = bench.run(.delivered(.leg(notice), publisher: validator))
        bench.restart()
        _ = bench.feed(.started)
        let effects = watch(&bench)
        #expect(effects.replies == [.watch(true)])
        #expect(effects.pushed.first?.notice == .leg(notice))
    }

    @Test("a watch needs the account's signature, a clock that is near and a client connection")
    func watchRefused() {
        var bench = bench()
        var forged = Watch(time: bench.now.wallMilliseconds, network: trading.network.id, signer: trading.alice.signer)
        forged.account = trading.bob.publicKey
        let replies = [
            bench.run(.requested(.watch(forged), token: 1, client: "thief")).replies,
            watch(&bench, time: bench.now.wallMilliseconds + Limits.watchSkewMilliseconds + 1).replies,
            bench.run(
                .requested(
                    .watch(Watch(time: bench.now.wallMilliseconds, network: trading.network.id, signer: trading.bob.signer)), token: 1, client: nil)
            ).replies,
        ]
        for reply in replies {
            guard case .failure(.watchRefused, _)? = reply.first else {
                Issue.record("a bad watch was taken")
                continue
            }
        }
    }

    @Test("a device hears no more a minute after it last asked, however often it asked before, and hears again once it asks again")
    func watchEnds() {
        var bench = bench()
        func told() -> [String] {
            // A leg is told once: each time another collector that has the same watches hears of it.
            var copy = bench
            return copy.run(.delivered(.leg(notice), publisher: validator)).pushed.map(\.client)
        }
        for _ in 0..<3 {
            #expect(watch(&bench).replies == [.watch(true)])
            bench.pass(milliseconds: Limits.watchKeptMilliseconds - 1)
            #expect(told() == ["bob-phone"])
        }
        bench.pass(milliseconds: 1)
        #expect(told().isEmpty)
        #expect(watch(&bench).replies == [.watch(true)])
        #expect(told() == ["bob-phone"])
    }

    @Test("notices by others than the notary they name, for other chains or with bad evidence are dropped and counted")
    func badNotices() {
        var bench = bench()
        var empty = ChainMaker(trading, TradingNetwork.alpha)
        empty.make([Transaction]())
        var wrongProof = notice
        wrongProof.evidence[0].proof.siblings.append(.zero)
        var noHeader = notice
        noHeader.foreign = []
        var unsigned = notice
        unsigned.foreign[0].builderSignature = trading.alice.signer.sign(.candidate, network: trading.network.id, [1])
        var otherNotary = notice
        otherNotary.notary = "notary-9"
        let notHeld = trading.notice(.confirm, cross, for: TradingNetwork.beta, from: empty)
        let table: [(LegNotice, String)] = [
            (notice, "collector.alpha@notary-1/1"), (notice, "validator.alpha@notary-2/1"), (notice, "nobody"),
            (trading.notice(.confirm, cross, for: TradingNetwork.alpha, from: alpha), validator),
            (wrongProof, validator), (noHeader, validator), (unsigned, validator), (otherNotary, "validator.alpha@notary-9/1"),
            (notHeld, validator),
        ]
        for (index, (notice, publisher)) in table.enumerated() {
            let effects = bench.run(.delivered(.leg(notice), publisher: publisher))
            #expect(effects.count(of: .peerFault) == 1 && effects.firstPersist == nil, "row \(index)")
        }
    }

    @Test("the receiver's yes becomes a Confirm with the stored evidence: stored, acknowledged, spread with headers, told to taps (S880)")
    func confirmed() throws {
        var bench = bench()
        _ = bench.run(.delivered(.leg(notice), publisher: validator))
        let effects = answer(nil, &bench)
        #expect(effects.submitResults.first?.rejection == nil)
        #expect(try #require(effects.firstPersist) < (try #require(effects.firstVisible)))
        let pooled = try #require(effects.spread.first)
        #expect(pooled.foreign == notice.foreign)
        #expect(effects.published.contains(.confirm(ConfirmNotice(xid: cross.xid, node: "beta-1", confirmed: true))))
        let confirm = try Transaction(decoding: pooled.transaction, chain: TradingNetwork.beta, network: trading.network.id)
        #expect(effects.submitResults.first?.id == confirm.id)
        #expect(answer(nil, &bench).submitResults.first?.rejection == nil)
        #expect(bench.table(.accepted).count == 1)

        var beta = ChainMaker(trading, TradingNetwork.beta)
        let block = beta.make([BlockItem(transaction: confirm, foreign: pooled.foreign)])
        _ = watch(&bench)
        let final = bench.follow(block)
        #expect(bench.table(.legs).isEmpty && bench.table(.accepted).isEmpty)
        #expect(final.pushed.contains { if case .status(let status) = $0.notice { status.id == cross.xid && status.state == .committed } else { false } })
        #expect(state(&bench) == .committed)
        #expect(answer(nil, &bench).submitResults.first?.rejection == nil)
        #expect(answer("too late", &bench).submitResults.first?.rejection == .alreadyDecided)
    }

    @Test("only the receiver's own signature answers a leg; an answer to nothing is refused")
    func answersRefused() {
        var bench = bench()
        #expect(answer(nil, &bench).submitResults.first?.rejection == .unknownCross)
        _ = bench.run(.delivered(.leg(notice), publisher: validator))
        #expect(answer(nil, &bench, by: trading.carol).submitResults.first?.rejection == .notReceiver)
        var forged = Answer(xid: cross.xid, refusal: nil, network: trading.network.id, signer: trading.carol.signer)
        forged.authorization.key = trading.bob.publicKey
        let effects = bench.run(.requested(.answer(forged), token: 4, client: "thief"))
        #expect(effects.submitResults.first?.rejection == .badSignature)
        #expect(bench.table(.accepted).isEmpty)
    }

    @Test("a refusal and a confirmation of one leg exclude each other: the one the chain took stands, the other ends with a reason")
    func rivals() throws {
        var bench = bench()
        _ = bench.run(.delivered(.leg(notice), publisher: validator))
        let confirm = try #require(answer(nil, &bench).submitResults.first?.id)
        let refused = answer("changed my mind", &bench)
        let refuse = try Transaction(decoding: try #require(refused.spread.first).transaction, chain: TradingNetwork.beta, network: trading.network.id)
        var beta = ChainMaker(trading, TradingNetwork.beta)
        _ = bench.follow(beta.make([refuse]))
        #expect(bench.table(.accepted).isEmpty && bench.table(.legs).isEmpty && bench.table(.ended).count == 1)
        #expect(state(&bench) == .refused)
        let replies = bench.feed(.requested(.status(confirm), token: 1, client: nil)).replies
        guard case .status(let status)? = replies.first else {
            Issue.record("no status")
            return
        }
        #expect(status.state == .rejected && status.reason == .refusedByReceiver)
    }

    @Test("past the deadline the leg is gone and an acknowledged Confirm ends with that reason")
    func deadline() throws {
        var bench = bench()
        _ = bench.run(.delivered(.leg(notice), publisher: validator))
        let confirm = try #require(answer(nil, &bench).submitResults.first?.id)
        var beta = ChainMaker(trading, TradingNetwork.beta)
        _ = bench.follow(beta.make([Transaction](), afterMilliseconds: 60_000))
        #expect(bench.table(.legs).isEmpty && bench.table(.accepted).isEmpty)
        guard case .status(let status)? = bench.feed(.requested(.status(confirm), token: 1, client: nil)).replies.first else {
            Issue.record("no status")
            return
        }
        #expect(status.state == .rejected && status.reason == .deadlinePassed)
        #expect(bench.run(.delivered(.leg(notice), publisher: validator)).firstPersist == nil)
    }

    @Test("an Open that comes again is answered with where it stands, and asks for the settle it is owed (S821)")
    func openAgain() throws {
        var bench = RoleBench<CollectorRole>(
            RoleContext(
                network: trading.network, address: RoleAddress(role: .collector, chain: TradingNetwork.alpha, node: "alpha-1"),
                signer: trading.node("alpha-1").signer))
        _ = bench.feed(.started)
        _ = bench.follow(alpha.blocks[0])
        #expect(state(&bench) == .held)
        guard case .holds(let holds)? = bench.feed(.requested(.fetchHolds(HoldsQuery(chain: TradingNetwork.alpha)), token: 2, client: nil)).replies.first else {
            Issue.record("no holds")
            return
        }
        #expect(holds.count == 1 && holds.height == 1 && holds.entries.compactMap { CrossEntry(decoding: $0)?.xid } == [cross.xid])
        let elsewhere = bench.feed(.requested(.fetchHolds(HoldsQuery(chain: TradingNetwork.beta)), token: 3, client: nil)).replies.first
        #expect(elsewhere == .failure(.wrongChain, detail: "this collector serves alpha"))
        var beta = ChainMaker(trading, TradingNetwork.beta)
        let confirm = Transaction(
            .confirm(
                Confirm(
                    cross: cross,
                    confirmations: [Answer(xid: cross.xid, refusal: nil, network: trading.network.id, signer: trading.bob.signer).authorization],
                    holds: notice.evidence)), chain: TradingNetwork.beta, network: trading.network.id)
        beta.make([BlockItem(transaction: confirm, foreign: notice.foreign)])
        let settle = trading.notice(.settle, cross, for: TradingNetwork.alpha, from: beta)
        _ = bench.run(.delivered(.leg(settle), publisher: "validator.beta@notary-1/1"))
        let effects = bench.run(.requested(.submit(trading.open(cross).bytes), token: 7, client: "alice"))
        #expect(effects.submitResults.first?.rejection == nil)
        let pooled = try #require(effects.spread.first)
        let transaction = try Transaction(decoding: pooled.transaction, chain: TradingNetwork.alpha, network: trading.network.id)
        #expect(transaction.kindNumber == 7 && transaction.xid == cross.xid)
        var alpha = alpha
        _ = bench.follow(alpha.make([BlockItem(transaction: transaction, foreign: pooled.foreign)]))
        #expect(state(&bench) == .settled)
        #expect(bench.table(.accepted).isEmpty)
    }
}
