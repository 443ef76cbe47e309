import Cryptography
import Ledger
import Testing
import Wire

@Suite struct ResolutionTests {
    private let cross = World.exchange(10, deadline: 9_000)

    /// The hold on alpha, and beta after `decision`, if any.
    private func decided(_ decision: Decision) -> (world: World, shown: Shown) {
        var world = World()
        world.alpha.block(World.open(cross))
        let hold = Shown(cross.xid, in: world.alpha)
        switch decision {
        case .none: world.beta.block()
        case .committed: world.beta.block(World.confirm(cross, [hold]), showing: [hold.final])
        case .refused: world.beta.block(World.refuse(cross))
        case .cancelled: world.beta.block(World.cancel(cross))
        }
        return (world, Shown(cross.xid, in: world.beta))
    }

    @Test("a committed transaction settles: the held value goes to the credit account (rule R3)")
    func settles() {
        var (world, shown) = decided(.committed)
        #expect(world.alpha.block(World.settle(cross, shown), showing: [shown.final]) == [.applied])
        #expect(world.alpha.balance(World.alice, World.x) == 990)
        #expect(world.alpha.balance(World.reserveOnAlpha, World.x) == 510)
        #expect(world.alpha.held(by: World.alice.publicKey) == [])
        #expect(world.alpha.assetTotals.allSatisfy { $0.holds == 0 && $0.isConserved })
        let entry = world.alpha.cross(cross.xid)
        #expect(entry?.holdStatus == .settled && entry?.resolvedHeight == 2)
        #expect(entry?.legs == HeldLeg.legs(of: cross, on: World.alphaID))
    }

    @Test("a refused or cancelled transaction is refunded (rule R4)", arguments: [Decision.refused, .cancelled])
    func refunds(_ decision: Decision) {
        var (world, shown) = decided(decision)
        #expect(world.alpha.block(World.refund(cross, shown), showing: [shown.final]) == [.applied])
        #expect(world.alpha.balance(World.alice, World.x) == 1_000)
        #expect(world.alpha.balance(World.reserveOnAlpha, World.x) == 500)
        #expect(world.alpha.cross(cross.xid)?.holdStatus == .refunded)
    }

    @Test("each decision allows one end and no other", arguments: Decision.allCases)
    func exclusive(_ decision: Decision) {
        var (world, shown) = decided(decision)
        let answers = world.alpha.block(World.settle(cross, shown), World.refund(cross, shown), showing: [shown.final])
        switch decision {
        case .none: #expect(answers == [.invalid(.notReady), .invalid(.notReady)])
        case .committed: #expect(answers == [.applied, .invalid(.crossAlreadyEnded)])
        case .refused, .cancelled: #expect(answers == [.invalid(.alreadyDecided), .applied])
        }
        if decision == .committed {
            world.alpha.undo()
            #expect(world.alpha.block(World.refund(cross, shown), showing: [shown.final]) == [.invalid(.alreadyDecided)])
        }
    }

    @Test("silence is refunded strictly past the deadline, by the deciding chain's time alone", arguments: [false, true])
    func silence(isEntryThere: Bool) {
        var world = World()
        world.alpha.block(World.open(cross))
        // An undecided chain has no entry; what it says is its absence, alone in the tree or beside others.
        if isEntryThere { world.beta.block(World.cancel(World.exchange(nonce: 77))) }
        world.beta.block(at: 9_000)
        let atDeadline = Shown(cross.xid, in: world.beta)
        world.beta.block(at: 9_001)
        let past = Shown(cross.xid, in: world.beta)
        // Alpha's own time means nothing to rule R4.
        let early = world.alpha.block(World.refund(cross, atDeadline), at: 50_000, showing: [atDeadline.final])
        #expect(early == [.invalid(.notReady)])
        let answers = world.alpha.block(World.settle(cross, past), World.refund(cross, past), showing: [past.final])
        #expect(answers == [.invalid(.notReady), .applied])
    }

    @Test("a hold ends once (rule R5)")
    func once() {
        for decision in [Decision.committed, .refused] {
            var (world, shown) = decided(decision)
            let end = decision == .committed ? World.settle(cross, shown) : World.refund(cross, shown)
            #expect(world.alpha.block(end, end, showing: [shown.final]) == [.applied, .invalid(.crossAlreadyEnded)])
            #expect(world.alpha.block(end, showing: [shown.final]) == [.invalid(.crossAlreadyEnded)])
        }
    }

    @Test("what is not held here cannot be resolved here")
    func unknown() {
        var (world, shown) = decided(.committed)
        let other = World.exchange(nonce: 5)
        #expect(
            world.alpha.block(World.settle(other, shown), World.refund(other, shown), showing: [shown.final])
                == [.invalid(.unknownCross), .invalid(.unknownCross)])
        // The deciding chain knows the transaction and holds nothing for it.
        let here = World.on(World.betaID, World.settle(cross, shown).kind)
        #expect(world.beta.block(here, showing: [shown.final]) == [.invalid(.unknownCross)])
        world.alpha.block(World.open(World.exchange(1, nonce: 6)))
        let rejected = World.exchange(1, nonce: 6)
        #expect(world.alpha.block(World.settle(rejected, shown), showing: [shown.final]) == [.invalid(.crossAlreadyEnded)])
    }

    @Test("a refund finds room in an account that has filled up since")
    func noRoomNeeded() {
        let others = (0..<64).map { Balance(asset: AssetID("A\($0 + 100)")!, amount: 1) }
        let network = World.makeNetwork(alpha: [
            World.funds(World.alice, (World.x, 10)), GenesisAccount(key: World.carol.publicKey, balances: others),
            World.funds(World.reserveOnAlpha),
        ])
        var world = World()
        world.alpha = LedgerState(network: network, chain: World.alphaID)
        world.alpha.block(World.open(cross))
        let gifts = others.enumerated().map { World.transfer(1, $1.asset, from: World.carol, to: World.alice, nonce: UInt64($0)) }
        #expect(world.alpha.block(gifts).allSatisfy { $0 == .applied })
        world.beta.block(World.refuse(cross))
        let shown = Shown(cross.xid, in: world.beta)
        #expect(world.alpha.block(World.refund(cross, shown), showing: [shown.final]) == [.applied])
        #expect(world.alpha.account(World.alice.publicKey)?.balances.count == 65)
    }
}
