import Cryptography
import Determinism
import Ledger
import Testing
import Wire

/// Pauses (G-5, G-6): few notaries stop new business with a chain, a contract or an asset, a quorum lets it go on, and chains take that in by proof.
@Suite("Pauses")
struct PauseTests {
    static let notaries = (0..<4).map { World.signer(UInt64(70 + $0)) }
    static let network = makeNetwork()
    static let alpha = PauseTarget.chain(World.alphaID), contract = PauseTarget.contract("xy"), asset = PauseTarget.asset(World.betaID, World.y)

    private static func makeNetwork() -> Network {
        var network = World.network
        network.notary.nodes = notaries.enumerated().map { NodeDescription(id: "notary-\($0 + 1)", key: $1.publicKey, site: "s") }
        return network
    }

    static func pause(_ target: PauseTarget, _ level: PauseLevel, _ number: UInt64, by signers: [Signer]) -> Transaction {
        let change = PauseChange(target: target, level: level, number: number)
        let consents = signers.map { PauseConsent(change: change, network: network.id, signer: $0).authorization }
        return Transaction(.pause(Pause(change: change, consents: consents)), chain: .notary, network: network.id)
    }

    static func heed(_ target: PauseTarget, _ number: UInt64, _ notary: LedgerState, on chain: ChainID = World.alphaID) -> (transaction: Transaction, final: FinalHeader) {
        let final = Shown.final(of: notary)
        let evidence = StateEvidence(block: final.hash, proof: notary.proofOfPause(target))
        return (Transaction(.heed(Heed(target: target, number: number, evidence: evidence)), chain: chain, network: network.id), final)
    }

    /// Both chains and the notary chain, with targets stopped so far.
    struct Paused {
        var world = World()
        var notary = LedgerState(network: PauseTests.network, chain: .notary)

        init(_ levels: (PauseTarget, PauseLevel)...) {
            world.alpha = LedgerState(network: PauseTests.network, chain: World.alphaID)
            world.beta = LedgerState(network: PauseTests.network, chain: World.betaID)
            for (target, level) in levels { set(target, level) }
        }

        mutating func set(_ target: PauseTarget, _ level: PauseLevel, taking chains: [ChainID] = [World.alphaID, World.betaID]) {
            let number = (notary.pause(of: target)?.number ?? 0) + 1
            #expect(notary.block(PauseTests.pause(target, level, number, by: PauseTests.notaries)) == [.applied])
            if chains.contains(World.alphaID) {
                let item = PauseTests.heed(target, number, notary)
                #expect(world.alpha.block([item.transaction], showing: [item.final]) == [.applied])
            }
            if chains.contains(World.betaID) {
                let item = PauseTests.heed(target, number, notary, on: World.betaID)
                #expect(world.beta.block([item.transaction], showing: [item.final]) == [.applied])
            }
        }
    }

    private func pause(_ target: PauseTarget, _ level: PauseLevel, _ number: UInt64, _ count: Int) -> Transaction {
        PauseTests.pause(target, level, number, by: Array(PauseTests.notaries.prefix(count)))
    }

    @Test("two of four notaries stop, three let go on; one cannot stop, and two cannot let go on")
    func consents() {
        var notary = LedgerState(network: PauseTests.network, chain: .notary)
        let target = PauseTests.alpha
        #expect(
            notary.block(pause(target, .paused, 1, 1), pause(target, .paused, 1, 2), pause(target, .open, 2, 2), pause(target, .observed, 2, 2), pause(target, .open, 2, 3))
                == [.invalid(.consentMissing), .applied, .invalid(.consentMissing), .invalid(.consentMissing), .applied])
        #expect(notary.pause(of: target) == PauseEntry(target: target, level: .open, number: 2, notaryHeight: 1))
        #expect(notary.block(pause(target, .observed, 3, 2), pause(target, .paused, 4, 2), pause(target, .observed, 5, 3)) == [.applied, .applied, .applied])
    }

    @Test("consents by a stranger, twice or out of order count for nothing")
    func strangers() {
        var notary = LedgerState(network: PauseTests.network, chain: .notary)
        let members = PauseTests.notaries
        for signers in [[members[0], World.stranger], [members[0], members[0]], [members[1], members[0]]] {
            #expect(notary.block(PauseTests.pause(PauseTests.alpha, .paused, 1, by: signers)) == [.invalid(.notAllowed)])
        }
        #expect(notary.pauses.isEmpty)
    }

    @Test("an old change never comes after a newer one, none is left out, and none changes nothing")
    func order() {
        var notary = LedgerState(network: PauseTests.network, chain: .notary)
        let target = PauseTests.contract
        let first = pause(target, .paused, 1, 4)
        #expect(
            notary.block(pause(target, .paused, 2, 4), first, first, pause(target, .paused, 2, 4), pause(target, .open, 2, 4), first, pause(target, .open, 3, 4))
                == [
                    .invalid(.notReady), .applied, .invalid(.duplicateTransaction), .invalid(.recordInvalid), .applied, .invalid(.duplicateTransaction),
                    .invalid(.recordInvalid),
                ])
        #expect(notary.pause(of: target)?.number == 2)
    }

    @Test("nothing is stopped that the network does not have; what no contract covers can be")
    func targets() {
        var notary = LedgerState(network: PauseTests.network, chain: .notary)
        let gamma = ChainID("gamma")!
        let missing: [PauseTarget] = [.chain(gamma), .asset(gamma, World.x), .contract("nobody")]
        #expect(notary.block(missing.map { pause($0, .paused, 1, 4) }) == missing.map { _ in .invalid(.recordInvalid) })
        #expect(notary.block(pause(.contract(Agreement.id), .paused, 1, 4), pause(.asset(World.alphaID, AssetID("later")!), .paused, 1, 4)) == [.applied, .applied])
        var alpha = LedgerState(network: PauseTests.network, chain: World.alphaID)
        let elsewhere = Transaction(pause(PauseTests.alpha, .paused, 1, 4).kind, chain: World.alphaID, network: PauseTests.network.id)
        #expect(alpha.block(elsewhere) == [.invalid(.wrongChain)])
    }

    @Test("targets are bounded")
    func bounded() {
        var notary = LedgerState(network: PauseTests.network, chain: .notary)
        let many = (0..<Limits.pauseTargets).map { pause(.asset(World.alphaID, AssetID("a\($0)")!), .observed, 1, 2) }
        #expect(notary.block(many).allSatisfy { $0 == .applied })
        #expect(notary.block(pause(PauseTests.alpha, .paused, 1, 4)) == [.invalid(.overloaded)])
        #expect(notary.block(pause(.asset(World.alphaID, AssetID("a0")!), .paused, 2, 4)) == [.applied])
    }

    @Test("a chain takes in what the notary chain is shown to say, the newest change at once, and no old one after it")
    func heeds() {
        var notary = LedgerState(network: PauseTests.network, chain: .notary)
        var alpha = LedgerState(network: PauseTests.network, chain: World.alphaID)
        let target = PauseTests.contract
        let none = PauseTests.heed(target, 1, notary)
        notary.block(pause(target, .paused, 1, 4))
        let first = PauseTests.heed(target, 1, notary)
        let misnamed = PauseTests.heed(target, 2, notary)
        notary.block(pause(target, .open, 2, 4))
        let second = PauseTests.heed(target, 2, notary)
        let elsewhere = Shown.header(chain: World.betaID, height: 1, time: 5, root: notary.root)
        let forged = Transaction(
            .heed(Heed(target: target, number: 2, evidence: StateEvidence(block: elsewhere.hash, proof: notary.proofOfPause(target)))), chain: World.alphaID,
            network: PauseTests.network.id)
        #expect(alpha.block(first.transaction) == [.invalid(.evidenceMissing)])
        #expect(
            alpha.block([none.transaction, misnamed.transaction, forged], showing: [none.final, misnamed.final, elsewhere])
                == [.invalid(.notReady), .invalid(.evidenceInvalid), .invalid(.evidenceInvalid)])
        let root = alpha.root
        #expect(
            alpha.block([second.transaction, first.transaction, second.transaction], showing: [first.final, second.final])
                == [.applied, .invalid(.duplicateTransaction), .invalid(.duplicateTransaction)])
        #expect(alpha.pause(of: target) == notary.pause(of: target) && alpha.root != root)
        alpha.undo()
        #expect(alpha.pauses.isEmpty && alpha.root == root)
        var other = LedgerState(network: PauseTests.network, chain: .notary)
        let onNotary = Transaction(first.transaction.kind, chain: .notary, network: PauseTests.network.id)
        #expect(other.block([onNotary], showing: [first.final]) == [.invalid(.wrongChain)])
    }

    @Test("while its chain, contract or asset is paused, nothing new is held or decided; transfers go on", arguments: [PauseTests.alpha, PauseTests.contract, PauseTests.asset])
    func stops(_ target: PauseTarget) {
        var before = Paused()
        let held = World.exchange(10, deadline: 9_000)
        before.world.alpha.block(World.open(held), at: 2_000)
        before.set(target, .paused)
        let shown = Shown(held.xid, in: before.world.alpha)
        #expect(
            before.world.alpha.block(World.open(World.exchange(10, deadline: 9_000, nonce: 1)), World.transfer(5, from: World.alice, to: World.carol, nonce: 0), at: 2_100)
                == [.rejected(.paused), .applied])
        let confirm = World.confirm(held, [shown])
        #expect(before.world.beta.block([confirm], at: 2_100, showing: [shown.final]) == [.invalid(.paused)])
        #expect(Reason.paused.isTemporary && Reason.paused.isOutcome)
        var resumed = before
        resumed.set(target, .open)
        #expect(resumed.world.beta.block([confirm], at: 2_300, showing: [shown.final]) == [.applied])
        // And without: the deadline gives it back.
        before.world.beta.block(at: 9_001)
        let past = Shown(held.xid, in: before.world.beta)
        #expect(before.world.alpha.block([World.refund(held, past)], at: 9_100, showing: [past.final]) == [.applied])
        #expect(before.world.alpha.balance(World.alice, World.x) == 995)
    }

    @Test("what is only observed goes on, and the state counts what a pause would have stopped")
    func observed() {
        var paused = Paused((PauseTests.contract, .observed), (PauseTests.alpha, .observed))
        let cross = World.exchange(10, deadline: 9_000)
        #expect(paused.world.alpha.block(World.open(cross), at: 2_000) == [.applied])
        let shown = Shown(cross.xid, in: paused.world.alpha)
        #expect(paused.world.beta.block([World.confirm(cross, [shown])], at: 2_100, showing: [shown.final]) == [.applied])
        #expect(paused.world.alpha.pause(of: PauseTests.contract)?.observed == 1 && paused.world.alpha.pause(of: PauseTests.alpha)?.observed == 1)
        #expect(paused.world.beta.pause(of: PauseTests.contract)?.observed == 1 && paused.notary.pause(of: PauseTests.contract)?.observed == 0)
        // The count goes on over changes.
        paused.set(PauseTests.contract, .paused)
        #expect(paused.world.alpha.pause(of: PauseTests.contract)?.observed == 1)
    }

    @Test("pauses come back from a snapshot, and are read from exactly what is written")
    func state() throws {
        let paused = Paused((PauseTests.contract, .observed), (PauseTests.alpha, .paused), (PauseTests.asset, .paused))
        var writer = SnapshotWriter(paused.world.alpha.frozen, partBytes: 150)
        var loader = SnapshotLoader(network: PauseTests.network, chain: World.alphaID)
        while !writer.isDone { try loader.add(writer.nextPart()) }
        let loaded = try loader.finish(Shown.final(of: paused.world.alpha).header)
        #expect(loaded.root == paused.world.alpha.root && loaded.pauses == paused.world.alpha.pauses && loaded.pauses.count == 3)
        for entry in loaded.pauses {
            #expect(PauseEntry(decoding: entry.encoded) == entry && entry.encoded.count == PauseEntry.byteCount)
            #expect(PauseEntry(decoding: entry.encoded.dropLast()) == nil && PauseEntry(decoding: entry.encoded + [0]) == nil)
        }
        let bytes = PauseEntry(target: PauseTests.alpha, level: .paused, number: 1, notaryHeight: 5).encoded
        for (place, byte) in [(0, UInt8(0)), (0, 2 + 2), (1, 0), (33, 65), (65, 3), (73, 0)] {
            var changed = bytes
            changed[place] = byte
            #expect(PauseEntry(decoding: changed) == nil, "byte \(place)")
        }
    }

    /// Random payments under random brakes and pauses: whatever is held, its resolution is never refused for a brake (G-7, R3, R4).
    @Test("no brake ever refuses a settlement or a refund", arguments: 1...40 as ClosedRange<UInt64>)
    func resolutionsPass(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var network = PauseTests.network
        func side() -> SideBrakes? {
            SideBrakes(
                cap: random.below(2) == 0 ? SideBrakes.Cap(amount: 1 + random.below(600), windowMilliseconds: 1 + random.below(20_000)) : nil,
                delay: random.below(2) == 0 ? SideBrakes.Delay(amount: 1 + random.below(200), milliseconds: 1 + random.below(4_000)) : nil)
        }
        network.contracts[0].brakes = ContractBrakes(first: side(), second: side())
        var paused = Paused()
        paused.world.alpha = LedgerState(network: network, chain: World.alphaID)
        paused.world.beta = LedgerState(network: network, chain: World.betaID)
        var held: [CrossTransaction] = []
        var time: ChainTime = 2_000
        for nonce in 0..<12 as Range<UInt64> {
            time += random.below(1_500)
            let cross = World.exchange(2 + random.below(40), deadline: time + 2_000 + random.below(8_000), nonce: nonce)
            if paused.world.alpha.block(World.open(cross), at: max(time, paused.world.alpha.time + 1)) == [.applied] { held.append(cross) }
            let shown = Shown(cross.xid, in: paused.world.alpha)
            if random.below(2) == 0 {
                paused.world.beta.block([World.confirm(cross, [shown])], at: max(time + random.below(6_000), paused.world.beta.time + 1), showing: [shown.final])
            } else if random.below(4) == 0 {
                paused.world.beta.block(World.cancel(cross), at: max(time, paused.world.beta.time + 1))
            }
            if random.below(4) == 0 {
                let target = [PauseTests.alpha, PauseTests.contract, PauseTests.asset, .chain(World.betaID)][Int(random.below(4))]
                let present = paused.notary.pause(of: target)?.level ?? .open
                paused.set(target, PauseLevel.allCases.first { $0 != present && ($0 != .open || random.below(2) == 0) } ?? .paused)
            }
        }
        for target in [PauseTests.alpha, PauseTests.contract, PauseTests.asset] where paused.notary.pause(of: target)?.level != .paused { paused.set(target, .paused) }
        paused.world.beta.block(at: max(time, paused.world.beta.time) + 60_000)
        for cross in held {
            let shown = Shown(cross.xid, in: paused.world.beta)
            let isCommitted = paused.world.beta.cross(cross.xid)?.decision == .committed
            let end = isCommitted ? World.settle(cross, shown) : World.refund(cross, shown)
            #expect(paused.world.alpha.block([end], showing: [shown.final]) == [.applied], "\(cross.xid)")
        }
        #expect(held.allSatisfy { [.settled, .refunded].contains(paused.world.alpha.cross($0.xid)?.holdStatus) })
    }
}
