import Cryptography
import Determinism
import Ledger
import Testing
import Wire

/// Caps and delays of contracts (G-1 to G-4): they stop R1 and R2, put off what appears by a peg, and never touch R3 and R4.
@Suite("Brakes")
struct BrakeTests {
    static func cap(_ amount: Amount, _ window: UInt64 = 10_000, isObserved: Bool = false) -> SideBrakes {
        SideBrakes(cap: SideBrakes.Cap(amount: amount, windowMilliseconds: window, isObserved: isObserved))!
    }

    static func delay(_ amount: Amount, _ milliseconds: UInt64, isObserved: Bool = false) -> SideBrakes {
        SideBrakes(delay: SideBrakes.Delay(amount: amount, milliseconds: milliseconds, isObserved: isObserved))!
    }

    /// A world whose contract has brakes; with further versions that have others.
    static func world(_ brakes: ContractBrakes, later: ContractBrakes...) -> World {
        var network = World.network
        network.contracts[0].brakes = brakes
        for (index, more) in later.enumerated() {
            var contract = network.contracts[0]
            (contract.version, contract.brakes) = (UInt32(index + 2), more)
            network.contracts.append(contract)
        }
        var world = World()
        world.alpha = LedgerState(network: network, chain: World.alphaID)
        world.beta = LedgerState(network: network, chain: World.betaID)
        return world
    }

    private func confirm(_ cross: CrossTransaction, _ world: World) -> (transaction: Transaction, final: FinalHeader) {
        let shown = Shown(cross.xid, in: world.alpha)
        return (World.confirm(cross, [shown]), shown.final)
    }

    @Test("holds use a cap up, the next one is refused for good, and later ones fit again")
    func capOnHolds() {
        var world = BrakeTests.world(ContractBrakes(first: BrakeTests.cap(25)))
        let payments = (0..<5).map { World.exchange(10, deadline: 30_000, nonce: $0) }
        #expect(
            world.alpha.block(World.open(payments[0]), World.open(payments[1]), World.open(payments[2]), at: 2_000)
                == [.applied, .applied, .rejected(.capReached)])
        #expect(world.alpha.balance(World.alice, World.x) == 980 && world.alpha.meter(of: "xy", World.x)?.paidIn.used == 20)
        #expect(world.alpha.block(World.open(payments[2]), at: 60_000) == [.invalid(.crossAlreadyEnded)])
        var late = BrakeTests.world(ContractBrakes(first: BrakeTests.cap(25)))
        late.alpha.block(World.open(payments[0]), World.open(payments[1]), at: 2_000)
        #expect(late.alpha.block(World.open(payments[3]), at: 3_999) == [.rejected(.capReached)])
        #expect(late.alpha.block(World.open(payments[4]), at: 4_000) == [.applied])
    }

    @Test("a deciding leg waits for its cap, and the deadline gives back what it does not let through")
    func capOnDecisions() {
        var world = BrakeTests.world(ContractBrakes(second: BrakeTests.cap(150)))
        let (first, second) = (World.exchange(10, deadline: 9_000), World.exchange(10, deadline: 9_000, nonce: 1))
        #expect(world.alpha.block(World.open(first), World.open(second), at: 2_000) == [.applied, .applied])
        let (one, two) = (confirm(first, world), confirm(second, world))
        #expect(Reason.capReached.isTemporary && Reason.capReached.isOutcome)
        #expect(world.beta.block([one.transaction, two.transaction], at: 2_100, showing: [one.final]) == [.applied, .invalid(.capReached)])
        // 50 of the 100 that are missing come back in a third of the window.
        var early = world
        #expect(early.beta.block([two.transaction], at: 5_433, showing: [two.final]) == [.invalid(.capReached)])
        #expect(early.beta.block([two.transaction], at: 5_434, showing: [two.final]) == [.applied])
        world.beta.block(at: 9_001)
        let shown = Shown(second.xid, in: world.beta)
        #expect(world.alpha.block([World.refund(second, shown)], at: 9_100, showing: [shown.final]) == [.applied])
        #expect(world.alpha.balance(World.alice, World.x) == 990)
    }

    @Test("what comes back by R4 gives a cap nothing back, so opening and taking back cannot stretch it")
    func refundsGiveNothing() {
        var world = BrakeTests.world(ContractBrakes(first: BrakeTests.cap(10, 1_000_000)))
        let cross = World.exchange(10, deadline: 5_000)
        #expect(world.alpha.block(World.open(cross), at: 2_000) == [.applied])
        world.beta.block(World.cancel(cross), at: 2_100)
        let shown = Shown(cross.xid, in: world.beta)
        #expect(world.alpha.block([World.refund(cross, shown)], at: 2_200, showing: [shown.final]) == [.applied])
        #expect(world.alpha.block(World.open(World.exchange(10, deadline: 5_000, nonce: 1)), at: 2_300) == [.rejected(.capReached)])
    }

    @Test("a cap belongs to the contract and not to a version, and the newest version's brakes hold for older ones, too")
    func versions() {
        var world = BrakeTests.world(ContractBrakes(), later: ContractBrakes(first: BrakeTests.cap(15)))
        let old = World.exchange(10, deadline: 9_000)
        let new = World.exchange(10, deadline: 9_000, nonce: 1, version: 2)
        #expect(world.alpha.block(World.open(old), World.open(new), at: 2_000) == [.applied, .rejected(.capReached)])
        var wider = BrakeTests.world(ContractBrakes(first: BrakeTests.cap(15)), later: ContractBrakes(first: BrakeTests.cap(25)))
        let third = World.exchange(10, deadline: 9_000, nonce: 2)
        #expect(wider.alpha.block(World.open(old), World.open(new), World.open(third), at: 2_000) == [.applied, .applied, .rejected(.capReached)])
        #expect(wider.alpha.meter(of: "xy", World.x)?.paidIn.used == 20)
    }

    @Test("a large amount is decided only after its delay, a small one at once, and the payer may withdraw meanwhile")
    func delays() {
        let brakes = ContractBrakes(first: BrakeTests.delay(20, 3_000), second: BrakeTests.delay(1_000, 9_000))
        var world = BrakeTests.world(brakes)
        let (small, large, withdrawn) = (
            World.exchange(19, deadline: 19_000), World.exchange(20, deadline: 19_000, nonce: 1), World.exchange(30, deadline: 19_000, nonce: 2)
        )
        #expect(world.alpha.block(World.open(small), World.open(large), World.open(withdrawn), at: 2_000) == [.applied, .applied, .applied])
        let items = [small, large, withdrawn].map { confirm($0, world) }
        #expect(
            world.beta.block(items.map(\.transaction), at: 4_999, showing: [items[0].final])
                == [.applied, .invalid(.delayed), .invalid(.delayed)])
        #expect(world.beta.block([World.cancel(withdrawn), items[1].transaction, items[2].transaction], at: 5_000, showing: [items[0].final])
            == [.applied, .applied, .invalid(.alreadyDecided)])
        #expect(Reason.delayed.isTemporary && !Reason.delayed.isOutcome)
        // The other side's threshold counts, too.
        #expect(world.alpha.block(World.open(World.exchange(100, deadline: 13_000, nonce: 3)), at: 4_000) == [.rejected(.deadlineTooNear)])
        #expect(world.alpha.block(World.open(World.exchange(100, deadline: 13_002, nonce: 4)), at: 4_001) == [.applied])
    }

    @Test("a deadline that leaves no room for the delay is refused at the hold")
    func tooNear() {
        var world = BrakeTests.world(ContractBrakes(first: BrakeTests.delay(20, 3_000)))
        let near = World.exchange(20, deadline: 5_000), far = World.exchange(20, deadline: 5_001, nonce: 1), small = World.exchange(10, deadline: 2_001, nonce: 2)
        #expect(
            world.alpha.block(World.open(near), World.open(far), World.open(small), at: 2_000)
                == [.rejected(.deadlineTooNear), .applied, .applied])
        #expect(Reason.deadlineTooNear.isOutcome && !Reason.deadlineTooNear.isTemporary)
    }

    @Test("brakes in log-only mode refuse nothing, and the state counts what they would have refused")
    func observed() throws {
        let first = SideBrakes(
            cap: SideBrakes.Cap(amount: 25, windowMilliseconds: 10_000, isObserved: true), delay: SideBrakes.Delay(amount: 20, milliseconds: 3_000, isObserved: true))
        var world = BrakeTests.world(ContractBrakes(first: first, second: BrakeTests.cap(90, isObserved: true)))
        let payments = [World.exchange(20, deadline: 5_000), World.exchange(20, deadline: 15_000, nonce: 1)]
        #expect(world.alpha.block(payments.map(World.open), at: 2_000) == [.applied, .applied])
        let onAlpha = try #require(world.alpha.meter(of: "xy", World.x))
        #expect(onAlpha.paidIn.used == 20 && onAlpha.paidIn.overCap == 1 && onAlpha.paidIn.early == 1 && onAlpha.paidOut == Meter())
        let items = payments.map { confirm($0, world) }
        #expect(world.beta.block(items.map(\.transaction), at: 2_100, showing: [items[0].final]) == [.applied, .applied])
        let onBeta = try #require(world.beta.meter(of: "xy", World.y))
        #expect(onBeta.paidOut.used == 400 && onBeta.paidOut.overCap == 2 && onBeta.paidOut.early == 2)
    }

    @Test("agreements, and contracts without brakes, leave no meters behind")
    func unbraked() {
        var world = World()
        let cross = World.exchange(10)
        #expect(world.alpha.block(World.open(cross), at: 2_000) == [.applied] && world.alpha.meters.isEmpty)
    }

    @Test("meters stand in roots, are taken back with their block, and come back from a snapshot")
    func state() throws {
        var world = BrakeTests.world(ContractBrakes(first: BrakeTests.cap(100)))
        world.alpha.block(World.open(World.exchange(10)), at: 2_000)
        let (root, meters) = (world.alpha.root, world.alpha.meters)
        world.alpha.block(World.open(World.exchange(10, nonce: 1)), at: 2_001)
        #expect(world.alpha.root != root && world.alpha.meters != meters)
        world.alpha.undo()
        #expect(world.alpha.root == root && world.alpha.meters == meters)
        let entry = try #require(world.alpha.meter(of: "xy", World.x))
        let proof = world.alpha.proofOfMeter("xy", World.x)
        #expect(proof.value == entry.encoded && EvidenceCheck.root(of: proof, for: StateKey.meter("xy", World.x)) == root)
        var writer = SnapshotWriter(world.alpha.frozen, partBytes: 200)
        var loader = SnapshotLoader(network: world.alpha.network, chain: World.alphaID)
        while !writer.isDone { try loader.add(writer.nextPart()) }
        let loaded = try loader.finish(Shown.final(of: world.alpha).header)
        #expect(loaded.root == root && loaded.meters == meters)
        world.alpha.undo()
        #expect(world.alpha.meters.isEmpty && world.alpha.proofOfMeter("xy", World.x).value == nil)
    }

    @Test("declared terms carry brakes as they were given, and no others than make sense")
    func terms() throws {
        var contract = World.network.contracts[0]
        contract.id = "bureau"
        contract.brakes = ContractBrakes(first: BrakeTests.cap(100), second: BrakeTests.delay(7, 59_999))
        let terms = try DeclaredTerms(contract, deployer: World.alice.publicKey, network: World.network.id)
        #expect(try DeclaredTerms(decoding: terms.body, network: World.network.id).contract.brakes == contract.brakes)
        contract.brakes.second = BrakeTests.delay(7, 60_000)
        #expect(throws: WireFault.self) { try DeclaredTerms(contract, deployer: World.alice.publicKey, network: World.network.id) }
        contract.brakes.second = BrakeTests.delay(7, 60_000, isObserved: true)
        #expect(throws: Never.self) { try DeclaredTerms(contract, deployer: World.alice.publicKey, network: World.network.id) }
        #expect(SideBrakes() == nil && SideBrakes.Cap(amount: 0, windowMilliseconds: 1) == nil && SideBrakes.Cap(amount: 1, windowMilliseconds: 0) == nil)
        #expect(SideBrakes.Cap(amount: 1, windowMilliseconds: Limits.capWindowMilliseconds + 1) == nil && SideBrakes.Delay(amount: 0, milliseconds: 1) == nil)
        #expect(SideBrakes.Delay(amount: 1, milliseconds: 0) == nil && SideBrakes.Delay(amount: 1, milliseconds: Limits.delayMilliseconds + 1) == nil)
    }
}
