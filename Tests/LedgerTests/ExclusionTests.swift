import Cryptography
import Determinism
import Ledger
import Testing
import Wire

@Suite struct ExclusionTests {
    /// One transaction, any interleaving of both chains' blocks about its deadline.
    @Test("no two final blocks of the deciding chain ever allow both a settle and a refund", arguments: 1...60 as ClosedRange<UInt64>)
    func exclusion(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var world = World()
        let cross = World.exchange(10, deadline: 2_000)
        world.alpha.block(World.open(cross))
        let hold = Shown(cross.xid, in: world.alpha)
        var finals: [Shown] = []
        while world.beta.time <= 2_100 || finals.count < 4 {
            var attempts: [Transaction] = []
            if random.chance(perMillion: 60_000) { attempts.append(World.refuse(cross)) }
            if random.chance(perMillion: 60_000) { attempts.append(World.cancel(cross)) }
            if random.chance(perMillion: 150_000) { attempts.append(World.confirm(cross, [hold])) }
            attempts.shuffle(using: &random)
            // Steps that often land on the deadline itself, and just beside it.
            let step = world.beta.time < 2_000 && random.chance(perMillion: 300_000) ? 2_000 - world.beta.time : 1 + random.below(200)
            world.beta.block(attempts, at: world.beta.time + step, showing: [hold.final])
            finals.append(Shown(cross.xid, in: world.beta))
        }
        let settles = finals.indices.filter { isApplied(World.settle(cross, finals[$0]), finals[$0], world.alpha) }
        let refunds = finals.indices.filter { isApplied(World.refund(cross, finals[$0]), finals[$0], world.alpha) }
        #expect(settles.isEmpty || refunds.isEmpty)
        // Whichever became true stays true to the end, and one of them has: the last block is past the deadline.
        let ends = settles.isEmpty ? refunds : settles
        #expect(ends == Array(finals.indices.suffix(ends.count)) && !ends.isEmpty)
        #expect(world.beta.cross(cross.xid)?.decision == .committed ? refunds.isEmpty : settles.isEmpty)
    }

    private func isApplied(_ transaction: Transaction, _ shown: Shown, _ alpha: LedgerState) -> Bool {
        var alpha = alpha
        return alpha.block(transaction, showing: [shown.final]) == [.applied]
    }

    @Test("no transaction is ever settled on one side and undone on the other (invariant 5)", arguments: 1...8 as ClosedRange<UInt64>)
    func consistent(seed: UInt64) {
        var maker = HistoryMaker(seed: seed + 500)
        for _ in 0..<80 {
            _ = maker.next(onAlpha: false)
            _ = maker.next(onAlpha: true)
        }
        for cross in maker.crosses {
            let isFromAlpha = cross.holdingChains[0] == World.alphaID
            let hold = (isFromAlpha ? maker.world.alpha : maker.world.beta).cross(cross.xid)?.holdStatus ?? .none
            let decision = (isFromAlpha ? maker.world.beta : maker.world.alpha).cross(cross.xid)?.decision ?? .none
            switch hold {
            case .settled: #expect(decision == .committed)
            case .refunded, .rejected, .none: #expect(decision != .committed)
            case .held: break
            }
        }
        #expect(maker.settled > 0)
    }
}
