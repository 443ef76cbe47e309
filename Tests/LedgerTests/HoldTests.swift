import Cryptography
import Ledger
import Testing
import Wire

@Suite struct HoldTests {
    @Test("a hold takes the value out of the account and keeps it (rule R1)")
    func holds() throws {
        var alpha = World().alpha
        let cross = World.exchange(10)
        #expect(alpha.block(World.open(cross)) == [.applied])
        #expect(alpha.balance(World.alice, World.x) == 990)
        #expect(alpha.held(by: World.alice.publicKey) == [Balance(asset: World.x, amount: 10)])
        #expect(alpha.held(by: World.carol.publicKey) == [])
        #expect(alpha.supply == World().alpha.supply)
        #expect(alpha.assetTotals.first { $0.asset == World.x }?.holds == 10)
        let entry = try #require(alpha.cross(cross.xid))
        #expect(entry.holdStatus == .held && entry.decision == .none && entry.deadline == 20_000)
        #expect(entry.legs == HeldLeg.legs(of: cross, on: World.alphaID) && entry.legs.count == 1)
        #expect(entry.openedHeight == 1 && entry.decidingChain == World.betaID)
    }

    @Test("holds of one account add up, and an undo lets go of them")
    func several() {
        var alpha = World().alpha
        alpha.block(World.open(World.exchange(10)), World.open(World.exchange(30, nonce: 1)))
        alpha.block(World.open(World.exchange(5, nonce: 2)))
        #expect(alpha.held(by: World.alice.publicKey) == [Balance(asset: World.x, amount: 45)])
        alpha.undo()
        #expect(alpha.held(by: World.alice.publicKey) == [Balance(asset: World.x, amount: 40)])
        alpha.undo()
        #expect(alpha.held(by: World.alice.publicKey) == [])
        #expect(alpha.balance(World.alice, World.x) == 1_000)
    }

    @Test("what a chain holds is listed in the order of the blocks that opened it, page by page, until it is settled or comes back")
    func listed() throws {
        var alpha = World().alpha
        let crosses = (0..<5).map { World.exchange(10 + UInt64($0), nonce: UInt64($0)) }
        alpha.block(World.open(crosses[3]))
        alpha.block(World.open(crosses[0]), World.open(crosses[1]), World.open(crosses[2]))
        alpha.block(World.open(crosses[4]))
        let order = [crosses[3].xid] + crosses[0...2].map(\.xid).sorted() + [crosses[4].xid]
        let all = alpha.holds(HoldsQuery(chain: World.alphaID))
        #expect(all.entries.map(\.xid) == order && all.count == 5)
        #expect(all.entries.allSatisfy { $0.holdStatus == .held && $0.legs.count == 1 })
        var pages: [Digest] = []
        var after: HoldsQuery.Place?
        while true {
            let page = alpha.holds(HoldsQuery(chain: World.alphaID, after: after, limit: 2))
            #expect(page.count == 5, "every page says how many there are in all")
            guard let last = page.entries.last else { break }
            pages += page.entries.map(\.xid)
            after = HoldsQuery.Place(height: last.openedHeight, xid: last.xid)
        }
        #expect(pages == order)
        #expect(alpha.holds(HoldsQuery(chain: World.alphaID, account: World.alice.publicKey)).entries == all.entries)
        let others = alpha.holds(HoldsQuery(chain: World.alphaID, account: World.carol.publicKey))
        #expect(others.entries.isEmpty && others.count == 0)
        alpha.undo()
        #expect(alpha.holds(HoldsQuery(chain: World.alphaID)).entries.map(\.xid) == Array(order.prefix(4)))
    }

    static let legs = World.exchangeLegs()

    private static func changed(_ place: Int, _ change: (inout Leg) -> Void) -> CrossTransaction {
        var legs = World.exchangeLegs()
        change(&legs[place])
        let payer = legs[0].debit == World.carol.publicKey ? World.carol : World.alice
        return World.exchange(legs: legs, signers: [payer])
    }

    static let refusals: [(String, CrossTransaction, Reason)] = [
        ("no such contract", World.exchange(contract: "zz"), .unknownContract),
        ("no such version", World.exchange(version: 2), .unknownContract),
        ("below the minimum", World.exchange(1), .termsViolated),
        ("above the maximum", World.exchange(401), .termsViolated),
        ("a better rate", changed(1) { $0.amount += 1 }, .termsViolated),
        ("a worse rate", changed(1) { $0.amount -= 1 }, .termsViolated),
        ("another asset paid", changed(0) { $0.asset = World.z }, .termsViolated),
        ("another asset bought", changed(1) { $0.asset = World.z }, .termsViolated),
        ("past the reserve", changed(0) { $0.credit = World.carol.publicKey }, .termsViolated),
        ("a third leg", World.exchange(legs: legs + [legs[1]]), .termsViolated),
        ("at the deadline", World.exchange(deadline: 5_000), .deadlinePassed),
        ("past the deadline", World.exchange(deadline: 4_999), .deadlinePassed),
        ("too far a deadline", World.exchange(deadline: 5_001 + World.deadlineMaximum), .deadlineTooFar),
        ("not covered", changed(0) { $0.debit = World.carol.publicKey }.with(amount: 60), .insufficientFunds),
        ("no account", World.exchange(legs: legs.map { $0.paid(by: World.stranger) }, signers: [World.stranger]), .unknownPayer),
    ]

    @Test("a leg that takes from an account on a chain where it is no reserve needs that account's signature, or no block may hold it")
    func unauthorised() {
        var alpha = World().alpha
        let cross = HoldTests.changed(1) { $0.chain = ChainID("gamma")! }
        #expect(alpha.block(World.open(cross), at: 5_000) == [.invalid(.missingAuthorization)])
        #expect(alpha.cross(cross.xid) == nil)
    }

    @Test("a refused hold stands in the block, reserves nothing and leaves a tombstone", arguments: refusals.indices)
    func refused(_ index: Int) throws {
        let (name, cross, reason) = HoldTests.refusals[index]
        var alpha = World().alpha
        #expect(alpha.block(World.open(cross), at: 5_000) == [.rejected(reason)], "\(name)")
        let entry = try #require(alpha.cross(cross.xid))
        #expect(entry.holdStatus == .rejected && entry.legs == [])
        #expect(alpha.held(by: World.alice.publicKey) == [] && alpha.balance(World.alice, World.x) == 1_000)
        #expect(alpha.block(World.open(cross), at: 5_001) == [.invalid(.crossAlreadyEnded)], "R5: \(name)")
    }

    @Test("one millisecond before the deadline is in time, and so is the longest deadline")
    func edges() {
        var alpha = World().alpha
        #expect(alpha.block(World.open(World.exchange(deadline: 5_001)), at: 5_000) == [.applied])
        #expect(alpha.block(World.open(World.exchange(deadline: 6_000 + World.deadlineMaximum)), at: 6_000) == [.applied])
    }

    @Test("an amount that does not come out even is against the terms")
    func uneven() {
        var beta = World().beta
        #expect(beta.block(World.open(World.reverse(105))) == [.rejected(.termsViolated)])
        #expect(beta.block(World.open(World.reverse(100))) == [.applied])
    }

    @Test("a reserve cannot be the one that pays of its own accord")
    func reserve() {
        var legs = World.exchangeLegs()
        legs[0].debit = World.reserveOnAlpha.publicKey
        legs[0].credit = World.carol.publicKey
        var alpha = World().alpha
        #expect(alpha.block(World.open(World.exchange(legs: legs, signers: [World.reserveOnAlpha]))) == [.rejected(.termsViolated)])
    }

    @Test("a held xid is not held twice, nor is one that was resolved (rule R5)")
    func once() {
        var world = World()
        let cross = World.exchange()
        #expect(world.alpha.block(World.open(cross), World.open(cross)) == [.applied, .invalid(.alreadyExists)])
        world.beta.block(World.cancel(cross))
        let shown = Shown(cross.xid, in: world.beta)
        #expect(world.alpha.block(World.refund(cross, shown), showing: [shown.final]) == [.applied])
        #expect(world.alpha.block(World.open(cross)) == [.invalid(.crossAlreadyEnded)])
    }

    @Test("an Open is for a chain that holds a leg, signed by everyone it debits")
    func invalid() {
        var world = World()
        let cross = World.exchange()
        #expect(world.beta.block(World.on(World.betaID, .open(cross))) == [.invalid(.wrongChain)])
        let unsigned = World.exchange(legs: World.exchangeLegs(), signers: [World.carol])
        #expect(world.alpha.block(World.open(unsigned)) == [.invalid(.missingAuthorization)])
        let padded = World.exchange(signers: [World.alice, World.stranger])
        #expect(world.alpha.block(World.open(padded)) == [.invalid(.notAllowed)])
        #expect(world.alpha.root == World().alpha.root)
    }
}

extension CrossTransaction {
    /// The same exchange for another amount, by the same payer.
    func with(amount: Amount) -> CrossTransaction {
        var legs = self.legs
        legs[0].amount = amount
        legs[1].amount = amount * 10
        return World.exchange(legs: legs, signers: [legs[0].debit == World.carol.publicKey ? World.carol : World.alice])
    }
}

extension Leg {
    /// The first leg by another payer; other legs as they are.
    func paid(by payer: Signer) -> Leg {
        var leg = self
        if leg.chain == World.alphaID { leg.debit = payer.publicKey }
        return leg
    }
}
