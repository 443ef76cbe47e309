import Chain
import CollectorCore
import Cryptography
import Determinism
import RecorderCore
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

/// How a pause comes from notaries' operators to the notary chain, and from there to every chain (G-5 to G-7).
@Suite("Pauses, from role to role")
struct PauseRoleTests {
    private let test = TestNetwork()
    private var alpha: ChainID { TestNetwork.alpha }
    private let target = PauseTarget.chain(TestNetwork.beta)

    private func consent(_ notary: Int, _ level: PauseLevel = .paused, number: UInt64 = 1) -> PauseConsent {
        PauseConsent(change: PauseChange(target: target, level: level, number: number), network: test.network.id, signer: test.nodeKeys[.notary]![notary].signer)
    }

    private func pause(_ level: PauseLevel = .paused, number: UInt64 = 1, by count: Int = 4) -> Transaction {
        let consents = (0..<count).map { consent($0, level, number: number).authorization }
        return Transaction(
            .pause(Pause(change: PauseChange(target: target, level: level, number: number), consents: consents)), chain: .notary, network: test.network.id)
    }

    /// A notary chain whose first block holds the pause, with so many blocks above it, and what shows it.
    private func paused(blocksAbove: Int = 0) -> (chain: TestChain, response: Response, notice: PauseNotice) {
        var notary = TestChain(test, .notary)
        var final = notary.append([BlockItem(transaction: pause(), foreign: [])]).final!
        for _ in 0..<blocksAbove { final = notary.append([]).final! }
        let proof = notary.proofOfPause(target)
        let notice = PauseNotice(chain: alpha, target: target, final: final, evidence: StateEvidence(block: final.hash, proof: proof), notary: "notary-1")
        return (notary, .pauseShown(final, proof), notice)
    }

    private func heed(_ notice: PauseNotice) -> Transaction {
        Transaction(.heed(Heed(target: target, number: 1, evidence: notice.evidence)), chain: alpha, network: test.network.id)
    }

    private func recorder() -> RoleBench<RecorderRole> {
        RoleBench<RecorderRole>(
            RoleContext(
                network: test.network, address: RoleAddress(role: .recorder, chain: .notary, node: "notary-1"), signer: test.nodeKeys[.notary]![0].signer))
    }

    @Test("a recorder keeps notaries' wishes, passes them on, and says who wants what; a stranger's and an old change go no further")
    func wishes() throws {
        var bench = recorder()
        _ = bench.feed(.started)
        func ask(_ consent: PauseConsent) -> (replies: [Response], effects: [RoleEffect]) {
            let effects = bench.run(.requested(.pauseConsent(consent), token: 1, client: nil))
            return (effects.replies, effects)
        }
        let first = ask(consent(0))
        guard case .pauses(let states)? = first.replies.first else { throw WireFault(.missing, "pauses") }
        #expect(states == [PauseState(target: target, level: .open, number: 0, notaryHeight: 0, wishes: [.init(level: .paused, notary: "notary-1")])])
        #expect(first.effects.contains { if case .publish(.evidence, .pauseConsent(consent(0))) = $0 { true } else { false } })
        let stranger = PauseConsent(change: consent(0).change, network: test.network.id, signer: test.alice.signer)
        for refused in [stranger, consent(1, .paused, number: 2), consent(1, .open)] {
            guard case .failure(.notAllowed, _)? = ask(refused).replies.first else { throw WireFault(.invalid, "\(refused.change)") }
        }
        var forged = consent(1)
        forged.authorization.signature = consent(0).authorization.signature
        guard case .failure(.notAllowed, _)? = ask(forged).replies.first else { throw WireFault(.invalid, "forged") }
        _ = bench.run(.delivered(.pauseConsent(consent(2)), publisher: "recorder.notary@notary-3/1"))
        guard case .pauses(let all)? = bench.run(.requested(.pauses, token: 2, client: nil)).replies.first else { throw WireFault(.missing, "pauses") }
        #expect(all.first?.wishes.map(\.notary) == ["notary-1", "notary-3"])
        // They are said again, so that they outlive restarts of others.
        bench.pass(milliseconds: 60_000)
        let again = bench.run(.timerFired(TimerID(kind: 6)))
        #expect(again.count { if case .publish(.evidence, .pauseConsent) = $0 { true } else { false } } == 2)
        // Once the notary chain has the change, wishes for it are over.
        let (notary, _, _) = paused()
        _ = bench.follow(notary.blocks[0])
        guard case .pauses(let done)? = bench.run(.requested(.pauses, token: 3, client: nil)).replies.first else { throw WireFault(.missing, "pauses") }
        #expect(done == [PauseState(target: target, level: .paused, number: 1, notaryHeight: 1, wishes: [])])
    }

    @Test("a collector hands in what a validator shows, once, and nothing that is not shown or not a validator's word")
    func collects() throws {
        var bench = RoleBench<CollectorRole>(
            RoleContext(network: test.network, address: RoleAddress(role: .collector, chain: alpha, node: "alpha-1"), signer: test.nodeKeys[alpha]![0].signer))
        for (call, _, _) in bench.feed(.started).calls { _ = bench.feed(.answered(call: call, .blocks([], head: 0))) }
        func heeds() throws -> [Heed] {
            try bench.table(.accepted).compactMap { row in
                let bytes = try PooledTransaction(decoding: row).transaction
                if case .heed(let heed) = try Transaction(decoding: bytes, chain: alpha, network: test.network.id).kind { return heed }
                return nil
            }
        }
        func hear(_ notice: PauseNotice, by publisher: String = "validator.alpha@notary-1/1") { _ = bench.run(.delivered(.pause(notice), publisher: publisher)) }
        let (_, _, notice) = paused()
        hear(notice, by: "collector.alpha@alpha-2/1")
        var forged = notice
        forged.evidence.proof.value = PauseEntry(target: target, level: .open, number: 1, notaryHeight: 1).encoded
        hear(forged)
        var unproven = notice
        unproven.final.finality = .pending
        hear(unproven)
        #expect(try heeds().isEmpty)
        hear(notice)
        hear(notice)
        #expect(try heeds().map(\.number) == [1])
        bench.restart()
        hear(notice)
        #expect(try heeds().count == 1)
    }

    @Test("a validator asks for what shows a pause and tells its chain's collectors, again and again, until the chain has it")
    func tells() throws {
        var driver = ValidatorDriver(test, chain: alpha)
        let (notary, response, expected) = paused()
        var effects = driver.publish(.candidate(notary.blocks[0].block)) + driver.publish(.final(notary.blocks[0].final!))
        for round in 0..<3 {
            let call = try #require(effects.calls.first { if case .pause(target) = $0.request { true } else { false } }, "round \(round)")
            #expect(call.service == "consensus.notary@notary-1")
            effects = driver.send(.answered(call: call.call, response))
            #expect(effects.contains { if case .publish(.leg(alpha), .pause(expected)) = $0 { true } else { false } })
            driver.setTime(driver.now.wallMilliseconds + 120_000)
            effects = driver.send(.timerFired(TimerID(kind: 10)))
        }
        _ = driver.send(.answered(call: effects.calls.first?.call ?? 0, .failure(.notFound, detail: "")))
        var chain = TestChain(test, alpha)
        let taken = chain.append(candidate(chain, [BlockItem(transaction: heed(expected), foreign: [expected.final])], knowing: expected.final))
        #expect(taken.block.outcomes == [.applied])
        _ = driver.publish(.candidate(taken.block))
        _ = driver.publish(.final(taken.final!))
        driver.setTime(driver.now.wallMilliseconds + 120_000)
        effects = driver.send(.timerFired(TimerID(kind: 10)))
        #expect(effects.calls.allSatisfy { if case .pause = $0.request { false } else { true } })
    }

    /// A block that names the notary block that it relies on, or a later one.
    private func candidate(_ chain: TestChain, _ items: [BlockItem], knowing final: FinalHeader) -> Block {
        var tree = chain.tree
        return tree.build(
            on: tree.finalHash, slot: 1, time: TestNetwork.genesisTime + 1_000, items: items, notary: (height: final.header.height, hash: final.hash),
            signer: test.leader(of: 1, chain: alpha).signer
        ).block
    }

    @Test("a notary signs a hold for a paused chain while the pause is young, not once it has known it for a while, and again when the pause is taken in (G-7)")
    func leftOut() throws {
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 5)
        let open = Transaction(.open(cross), chain: alpha, network: test.network.id)
        for (above, heeds, isSigned) in [(1, false, true), (Int(Limits.pauseGraceBlocks), false, false), (Int(Limits.pauseGraceBlocks), true, true)] {
            var driver = ValidatorDriver(test, chain: alpha)
            let (notary, _, notice) = paused(blocksAbove: above)
            for block in notary.blocks { _ = driver.publish(.candidate(block.block)) + driver.publish(.final(block.final!)) }
            let items = (heeds ? [BlockItem(transaction: heed(notice), foreign: [notice.final])] : []) + [BlockItem(transaction: open, foreign: [])]
            let block = candidate(TestChain(test, alpha), items, knowing: notice.final)
            #expect(block.outcomes.last == (heeds ? Outcome(rejection: .paused) : .applied))
            driver.setTime(block.header.fields.time)
            let verdicts = driver.publish(.candidate(block), by: "builder.alpha@alpha-1/1").verdicts.map(\.verdict)
            let found = verdicts.contains { if case .signed = $0 { true } else { false } }
            #expect(found == isSigned, "\(above) blocks above, \(heeds): \(verdicts)")
            if !isSigned { #expect(verdicts.contains { if case .deferred = $0 { true } else { false } }) }
        }
    }
}
