import Cryptography
import Ledger
import Testing
import Wire

/// Cross transactions of several parties without a contract (A15).
@Suite struct AgreementTests {
    private let alpha = World.alphaID
    private let beta = World.betaID

    private func leg(_ chain: ChainID, _ from: Signer, _ to: Signer, _ asset: AssetID, _ amount: Amount) -> Leg {
        Leg(chain: chain, debit: from.publicKey, credit: to.publicKey, asset: asset, amount: amount)
    }

    private func agreement(_ legs: [Leg], deadline: ChainTime = 20_000, nonce: UInt64 = 0, signers: [Signer]) -> CrossTransaction {
        World.exchange(deadline: deadline, nonce: nonce, contract: Agreement.id, version: Agreement.version, legs: legs, signers: signers)
    }

    private func confirm(_ cross: CrossTransaction, by signers: [Signer], _ shown: Shown) -> Transaction {
        let message = cross.xid.bytes
        let confirmations = signers.map {
            Authorization(key: $0.publicKey, signature: $0.sign(.confirm, network: World.network.id, message))
        }
        return World.on(cross.decidingChain, .confirm(Confirm(cross: cross, confirmations: confirmations, holds: [shown.evidence])))
    }

    /// Both chains after alpha has held its part, and what shows it.
    private func held(_ cross: CrossTransaction) -> (world: World, shown: Shown) {
        var world = World()
        #expect(world.alpha.block(World.open(cross)) == [.applied])
        return (world, Shown(cross.xid, in: world.alpha))
    }

    @Test("two swap what is theirs without a contract: both sign, and the one whose leg decides confirms")
    func swap() {
        let cross = agreement(
            [leg(alpha, World.alice, World.dave, World.x, 100), leg(beta, World.dave, World.alice, World.y, 900)], signers: [World.alice, World.dave])
        #expect(World.network.confirmers(of: cross) == [World.alice.publicKey])
        var (world, shown) = held(cross)
        #expect(world.alpha.balance(World.alice, World.x) == 900)
        #expect(world.beta.block(confirm(cross, by: [World.alice], shown), showing: [shown.final]) == [.applied])
        #expect(world.beta.balance(World.alice, World.y) == 900 && world.beta.balance(World.dave, World.y) == 100)
        let decided = Shown(cross.xid, in: world.beta)
        #expect(world.alpha.block(World.settle(cross, decided), showing: [decided.final]) == [.applied])
        #expect(world.alpha.balance(World.dave, World.x) == 100)
    }

    @Test("who is debited without having signed stops it, on whatever chain")
    func unsigned() {
        let legs = [leg(alpha, World.alice, World.dave, World.x, 100), leg(beta, World.dave, World.alice, World.y, 900)]
        var world = World()
        #expect(world.alpha.block(World.open(agreement(legs, signers: [World.alice]))) == [.invalid(.missingAuthorization)])
    }

    @Test("all who receive and have signed nothing consent, in the order of the legs, and the last leg's receiver last")
    func consents() {
        let cross = agreement(
            [
                leg(alpha, World.alice, World.carol, World.x, 10), leg(beta, World.dave, World.bob, World.y, 5),
                leg(beta, World.dave, World.stranger, World.y, 6),
            ], signers: [World.alice, World.dave])
        #expect(World.network.confirmers(of: cross) == [World.carol, World.bob, World.stranger].map(\.publicKey))
        let start = held(cross)
        func answer(_ signers: [Signer]) -> [Application] {
            var beta = start.world.beta
            return beta.block(confirm(cross, by: signers, start.shown), showing: [start.shown.final])
        }
        #expect(answer([World.stranger]) == [.invalid(.missingAuthorization)])
        #expect(answer([World.carol, World.bob]) == [.invalid(.missingAuthorization)])
        #expect(answer([World.stranger, World.bob, World.carol]) == [.invalid(.notAllowed)])
        #expect(answer([World.carol, World.bob, World.stranger, World.alice]) == [.invalid(.notAllowed)])
        #expect(answer([World.carol, World.bob, World.stranger]) == [.applied])
    }

    @Test("all legs of the deciding chain are executed, or none: each payer has everything beforehand")
    func together() {
        func cross(_ amount: Amount, nonce: UInt64) -> CrossTransaction {
            agreement(
                [
                    leg(alpha, World.alice, World.carol, World.x, 10), leg(beta, World.dave, World.bob, World.y, amount),
                    leg(beta, World.bob, World.dave, World.y, 1), leg(beta, World.dave, World.carol, World.y, amount),
                ], nonce: nonce, signers: [World.alice, World.dave, World.bob])
        }
        let poor = cross(501, nonce: 0)
        var (world, shown) = held(poor)
        // Bob has nothing yet, and what he gets by this does not pay for his own leg.
        #expect(world.beta.block(confirm(poor, by: [World.carol], shown), showing: [shown.final]) == [.invalid(.unknownPayer)])
        #expect(world.beta.block(World.transfer(1, World.y, from: World.dave, to: World.bob, nonce: 0, on: beta)) == [.rejected(.unknownPayee)])
        #expect(world.beta.block(World.register(World.bob, on: beta)) == [.applied])
        #expect(world.beta.block(confirm(poor, by: [World.carol], shown), showing: [shown.final]) == [.invalid(.insufficientFunds)])
        #expect(world.beta.block(World.transfer(1, World.y, from: World.dave, to: World.bob, nonce: 1, on: beta)) == [.applied])
        #expect(world.beta.block(confirm(poor, by: [World.carol], shown), showing: [shown.final]) == [.invalid(.insufficientFunds)])
        #expect(world.beta.balance(World.dave, World.y) == 999)

        let fair = cross(499, nonce: 1)
        var other = World()
        #expect(other.alpha.block(World.open(fair)) == [.applied])
        let fairShown = Shown(fair.xid, in: other.alpha)
        #expect(world.beta.block(confirm(fair, by: [World.carol], fairShown), showing: [fairShown.final]) == [.applied])
        #expect(world.beta.balance(World.dave, World.y) == 2 && world.beta.balance(World.bob, World.y) == 499)
        #expect(world.beta.balance(World.carol, World.y) == 499)
    }

    @Test("a contract's reserve takes part in no agreement, on neither side")
    func reserves() {
        for legs in [
            [leg(alpha, World.alice, World.reserveOnAlpha, World.x, 10), leg(beta, World.dave, World.alice, World.y, 1)],
            [leg(alpha, World.alice, World.carol, World.x, 10), leg(beta, World.reserveOnBeta, World.alice, World.y, 1)],
        ] {
            var world = World()
            let signers = legs[1].debit == World.dave.publicKey ? [World.alice, World.dave] : [World.alice]
            #expect(world.alpha.block(World.open(agreement(legs, signers: signers))) == [.rejected(.termsViolated)])
        }
    }

    @Test("a deadline lies at most a day off, and another version of the terms is unknown")
    func bounds() {
        let legs = [leg(alpha, World.alice, World.carol, World.x, 10), leg(beta, World.dave, World.alice, World.y, 1)]
        var world = World()
        let day: UInt64 = 86_400_000
        let far = agreement(legs, deadline: 5_001 + day, signers: [World.alice, World.dave])
        #expect(world.alpha.block(World.open(far), at: 5_000) == [.rejected(.deadlineTooFar)])
        let near = agreement(legs, deadline: 6_000 + day, nonce: 1, signers: [World.alice, World.dave])
        #expect(world.alpha.block(World.open(near), at: 6_000) == [.applied])
        let newer = World.exchange(nonce: 2, contract: Agreement.id, version: 2, legs: legs, signers: [World.alice, World.dave])
        #expect(world.alpha.block(World.open(newer)) == [.rejected(.unknownContract)])
    }

    @Test("whoever must consent may refuse, and nobody else")
    func refuses() {
        let cross = agreement(
            [leg(alpha, World.alice, World.carol, World.x, 10), leg(beta, World.dave, World.bob, World.y, 5)], signers: [World.alice, World.dave])
        let start = held(cross)
        for (signer, answer) in [(World.carol, Application.applied), (World.bob, .applied), (World.dave, .invalid(.notReceiver))] {
            var beta = start.world.beta
            #expect(beta.block(World.refuse(cross, by: signer)) == [answer])
        }
    }
}
