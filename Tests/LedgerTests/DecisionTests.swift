import Cryptography
import Ledger
import Testing
import Wire

@Suite struct DecisionTests {
    /// Both chains, and the evidence of the hold on alpha.
    private func held(_ cross: CrossTransaction, network: Network = World.network) -> (world: World, shown: Shown) {
        var world = World()
        world.beta = LedgerState(network: network, chain: World.betaID)
        world.alpha.block(World.open(cross))
        return (world, Shown(cross.xid, in: world.alpha))
    }

    @Test("a confirmed leg is paid at once, and the receiver's account is opened (rule R2)")
    func confirm() throws {
        let cross = World.exchange(10)
        var (world, shown) = held(cross)
        #expect(world.beta.account(World.bob.publicKey) == nil)
        #expect(world.beta.block(World.confirm(cross, [shown]), showing: [shown.final]) == [.applied])
        #expect(world.beta.balance(World.bob, World.y) == 100)
        #expect(world.beta.balance(World.reserveOnBeta, World.y) == 4_900)
        let entry = try #require(world.beta.cross(cross.xid))
        #expect(entry.decision == .committed && entry.holdStatus == .none && entry.legs == [])
        #expect(entry.decidedHeight == 1)
        // Bob was paid before he registered; his Register is answered all the same.
        #expect(world.beta.block(World.register(World.bob, on: World.betaID)) == [.rejected(.alreadyExists)])
    }

    @Test("at the deadline a confirmation is in time; a millisecond later it is not")
    func deadline() {
        let cross = World.exchange(deadline: 9_000)
        var (world, shown) = held(cross)
        #expect(world.beta.block(World.confirm(cross, [shown]), at: 9_001, showing: [shown.final]) == [.invalid(.deadlinePassed)])
        world.beta.undo()
        #expect(world.beta.block(World.confirm(cross, [shown]), at: 9_000, showing: [shown.final]) == [.applied])
    }

    @Test("whoever is first on the deciding chain decides, for ever")
    func firstStands() {
        let cross = World.exchange()
        let (start, shown) = held(cross)
        let all = [World.confirm(cross, [shown]), World.refuse(cross), World.cancel(cross)]
        let decisions: [Decision] = [.committed, .refused, .cancelled]
        for first in all.indices {
            var beta = start.beta
            #expect(beta.block(all[first], showing: [shown.final]) == [.applied])
            #expect(beta.block(all, showing: [shown.final]) == [Application](repeating: .invalid(.alreadyDecided), count: 3))
            #expect(beta.cross(cross.xid)?.decision == decisions[first])
        }
    }

    @Test("refusal and cancellation need no hold and stand also past the deadline")
    func endsAnyTime() {
        var beta = World().beta
        let first = World.exchange()
        let second = World.exchange(nonce: 1)
        #expect(beta.block(World.refuse(first), World.cancel(second), at: 90_000) == [.applied, .applied])
        #expect(beta.supply == World().beta.supply)
    }

    @Test("a confirmation after the reserve has run short waits for it to be filled")
    func reserveShort() {
        let cross = World.exchange(10)
        var (world, shown) = held(cross, network: World.makeNetwork(reserveOnBetaHas: 99))
        #expect(world.beta.block(World.confirm(cross, [shown]), showing: [shown.final]) == [.invalid(.reserveShort)])
        #expect(world.beta.account(World.bob.publicKey) == nil)
        #expect(Reason.reserveShort.isTemporary)
        let fill = World.transfer(1, World.y, from: World.dave, to: World.reserveOnBeta, nonce: 0, on: World.betaID)
        #expect(world.beta.block(fill, World.confirm(cross, [shown]), showing: [shown.final]) == [.applied, .applied])
    }

    @Test("a confirmation is refused without the receiver, off its chain, or against the terms")
    func refused() {
        let cross = World.exchange()
        var (world, shown) = held(cross)
        let signature = World.bob.sign(.confirm, network: World.network.id, cross.xid.bytes)
        let bob = Authorization(key: World.bob.publicKey, signature: signature)
        let none = World.on(World.betaID, .confirm(Confirm(cross: cross, confirmations: [], holds: [shown.evidence])))
        let twice = World.on(World.betaID, .confirm(Confirm(cross: cross, confirmations: [bob, bob], holds: [shown.evidence])))
        let elsewhere = World.on(World.alphaID, World.confirm(cross, [shown]).kind)
        let terms = World.exchange(contract: "zz")
        #expect(
            world.beta.block(
                none, World.confirm(cross, by: World.carol, [shown]), twice, World.confirm(terms, [shown]),
                World.confirm(World.exchange(1), [shown]),
                World.confirm(cross, []), showing: [shown.final]) == [
                    .invalid(.missingAuthorization), .invalid(.missingAuthorization), .invalid(.notAllowed), .invalid(.unknownContract),
                    .invalid(.termsViolated), .invalid(.evidenceMissing),
                ])
        #expect(world.alpha.block(elsewhere, showing: [shown.final]) == [.invalid(.wrongChain)])
        #expect(world.beta.root == World().beta.root)
    }

    @Test("only the receiver refuses, only the initiator cancels")
    func strangers() {
        var beta = World().beta
        let cross = World.exchange()
        #expect(
            beta.block(
                World.refuse(cross, by: World.alice), World.cancel(cross, by: World.bob), World.on(World.alphaID, World.cancel(cross).kind))
                == [.invalid(.notReceiver), .invalid(.notInitiator), .applied])
        var alpha = World().alpha
        #expect(
            alpha.block(World.on(World.alphaID, World.cancel(cross).kind), World.on(World.alphaID, World.refuse(cross).kind))
                == [.invalid(.wrongChain), .invalid(.wrongChain)])
    }

    @Test("holds that are not there yet are waited for; those that never will be are not")
    func holdMissing() {
        let cross = World.exchange(10, deadline: 5_000)
        var world = World()
        let absent = Shown(cross.xid, in: world.alpha)
        #expect(world.beta.block(World.confirm(cross, [absent]), showing: [absent.final]) == [.invalid(.notHeld)])
        #expect(world.beta.block(World.confirm(cross, [absent])) == [.invalid(.evidenceMissing)])
        // Too late for alpha: the tombstone shows that the hold will never come.
        world.alpha.block(World.open(cross), at: 5_000)
        let tombstone = Shown(cross.xid, in: world.alpha)
        #expect(world.beta.block(World.confirm(cross, [tombstone]), showing: [tombstone.final]) == [.invalid(.crossAlreadyEnded)])
        #expect(Reason.notHeld.isTemporary && Reason.evidenceMissing.isTemporary && !Reason.crossAlreadyEnded.isTemporary)
    }

    @Test("a receiver whose account has no room keeps the transaction waiting")
    func noRoom() {
        let full = (0..<64).map { Balance(asset: AssetID("A\($0 + 100)")!, amount: 1) }
        let network = World.makeNetwork(alpha: [
            GenesisAccount(key: World.carol.publicKey, balances: full), World.funds(World.reserveOnAlpha, (World.x, 500)),
            World.funds(World.dave),
        ])
        var alpha = LedgerState(network: network, chain: World.alphaID)
        var beta = World().beta
        let cross = World.reverse()
        beta.block(World.open(cross))
        let shown = Shown(cross.xid, in: beta)
        let confirm = World.confirm(cross, by: World.carol, [shown])
        #expect(alpha.block(confirm, showing: [shown.final]) == [.invalid(.tooManyAssets)])
        let give = World.transfer(1, AssetID("A100")!, from: World.carol, to: World.dave, nonce: 0)
        #expect(alpha.block(give, confirm, showing: [shown.final]) == [.applied, .applied])
        #expect(alpha.balance(World.carol, World.x) == 10)
    }
}
