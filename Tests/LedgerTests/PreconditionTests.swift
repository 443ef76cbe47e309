import Cryptography
import Ledger
import Testing
import Wire

/// Our own faults stop the process with a sentence.
@Suite struct PreconditionTests {
    @Test("totals that do not add up are seen")
    func totals() {
        var alpha = World().alpha
        #expect(alpha.assetTotals.map(\.supply) == [1_550, 20])
        #expect(alpha.assetTotals.allSatisfy { $0.isConserved })
        alpha.block(World.open(World.exchange(10)))
        #expect(alpha.assetTotals.map(\.balances) == [1_540, 20] && alpha.assetTotals.map(\.holds) == [10, 0])
        #expect(!AssetTotal(asset: World.x, supply: 10, balances: 9, holds: 0).isConserved)
        #expect(!AssetTotal(asset: World.x, supply: 10, balances: 9, holds: 2).isConserved)
        #expect(!AssetTotal(asset: World.x, supply: 0, balances: .max, holds: 1).isConserved)
        #expect(AssetTotal(asset: World.x, supply: 10, balances: 9, holds: 1).isConserved)
    }

    @Test("a supply beyond 64 bits stops a ledger from being made")
    func supplyOverflow() async {
        await #expect(processExitsWith: .failure) {
            let accounts = [World.funds(World.alice, (World.x, .max)), World.funds(World.carol, (World.x, 1))]
            let network = World.makeNetwork(alpha: accounts)
            _ = LedgerState(network: network, chain: World.alphaID)
        }
    }

    @Test("the largest supply can be moved, held and returned without an overflow")
    func largestSupply() {
        let network = World.makeNetwork(
            alpha: [World.funds(World.alice, (World.x, .max - 1)), World.funds(World.carol, (World.x, 1)), World.funds(World.reserveOnAlpha)])
        var alpha = LedgerState(network: network, chain: World.alphaID)
        #expect(alpha.block(World.transfer(.max - 1, from: World.alice, to: World.carol, nonce: 0)) == [.applied])
        #expect(alpha.balance(World.carol, World.x) == .max)
        #expect(alpha.block(World.transfer(.max - 5, from: World.carol, to: World.alice, nonce: 0)) == [.applied])
        #expect(alpha.block(World.open(World.exchange(300))) == [.applied])
        alpha.undo()
        alpha.undo()
        #expect(alpha.balance(World.carol, World.x) == .max)
    }

    @Test("blocks out of order stop the process")
    func order() async {
        await #expect(processExitsWith: .failure) {
            var alpha = World().alpha
            alpha.begin(height: 2, time: 5_000)
        }
        await #expect(processExitsWith: .failure) {
            var alpha = World().alpha
            alpha.begin(height: 1, time: alpha.time)
        }
        await #expect(processExitsWith: .failure) {
            var alpha = World().alpha
            alpha.undo()
        }
        await #expect(processExitsWith: .failure) {
            var alpha = World().alpha
            _ = alpha.commit()
        }
        await #expect(processExitsWith: .failure) {
            var alpha = World().alpha
            alpha.begin(height: 1, time: 5_000)
            alpha.undo()
        }
    }

    @Test("a transaction outside a block stops the process")
    func outside() async {
        await #expect(processExitsWith: .failure) {
            var alpha = World().alpha
            _ = alpha.apply(World.register(World.alice), foreign: .none)
        }
    }
}
