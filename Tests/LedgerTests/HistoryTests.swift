import Cryptography
import Determinism
import Ledger
import Testing
import Wire

/// Random histories of both chains: everything may be tried at any time, by anybody.
struct HistoryMaker {
    var random: SeededRandom
    var world = World()
    /// Every state either chain ever committed, as evidence may show it.
    var archive: [LedgerState] = []
    var crosses: [CrossTransaction] = []
    var settled = 0, refunded = 0, rejected = 0

    static let people = [World.alice, World.bob, World.carol, World.dave, World.stranger]

    struct Block {
        var time: ChainTime
        var transactions: [Transaction]
        var shown: [FinalHeader]
        var applications: [Application]
        var root: Digest
    }

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// A block of up to 12 attempts on alpha or beta, already committed.
    mutating func next(onAlpha: Bool) -> Block {
        archive.append(onAlpha ? world.beta : world.alpha)
        var state = onAlpha ? world.alpha : world.beta
        let time = state.time + 1 + random.below(500)
        var transactions: [Transaction] = []
        var shown: [FinalHeader] = []
        for _ in 0..<random.below(13) {
            let (transaction, final) = attempt(on: state)
            transactions.append(transaction)
            if let final { shown.append(final) }
        }
        let applications = state.block(transactions, at: time, showing: shown)
        for (transaction, application) in zip(transactions, applications) {
            if case .rejected = application { rejected += 1 }
            guard application == .applied else { continue }
            if case .settle = transaction.kind { settled += 1 }
            if case .refund = transaction.kind { refunded += 1 }
        }
        if onAlpha { world.alpha = state } else { world.beta = state }
        return Block(time: time, transactions: transactions, shown: shown, applications: applications, root: state.root)
    }

    private mutating func attempt(on state: LedgerState) -> (Transaction, FinalHeader?) {
        let isAlpha = state.chain == World.alphaID
        let person = HistoryMaker.people[Int(random.below(5))]
        let other = HistoryMaker.people[Int(random.below(5))]
        switch random.below(10) {
        case 0: return (World.register(person, on: state.chain), nil)
        case 1, 2:
            let asset = [World.x, World.y, World.z][Int(random.below(3))]
            let nonce = random.below(40)
            return (World.transfer(1 + random.below(80), asset, from: person, to: other, nonce: nonce, on: state.chain), nil)
        case 3, 4:
            let deadline = state.time + random.below(1_500)
            let amount = 1 + random.below(20)
            let nonce = random.next()
            let cross =
                isAlpha
                ? World.exchange(amount, deadline: deadline, nonce: nonce)
                : World.reverse(amount * 10, deadline: deadline, nonce: nonce)
            crosses.append(cross)
            return (World.open(cross), nil)
        default:
            guard !crosses.isEmpty else { return (World.register(person, on: state.chain), nil) }
            return follow(crosses[crosses.count - 1 - Int(random.below(UInt64(min(crosses.count, 8))))], on: state)
        }
    }

    /// Something about a known transaction, with evidence from now or long ago.
    private mutating func follow(_ cross: CrossTransaction, on state: LedgerState) -> (Transaction, FinalHeader?) {
        let isFromAlpha = cross.holdingChains[0] == World.alphaID
        let receiver = isFromAlpha ? World.bob : World.carol
        let initiator = isFromAlpha ? World.alice : World.dave
        let foreign = archive.suffix(30).filter { $0.chain != state.chain }
        let source = foreign[foreign.startIndex + Int(random.below(UInt64(foreign.count)))]
        let shown = Shown(cross.xid, in: random.chance(perMillion: 700_000) ? foreign.last! : source)
        guard cross.decidingChain == state.chain else {
            let kind = random.chance(perMillion: 500_000) ? World.settle(cross, shown).kind : World.refund(cross, shown).kind
            return (World.on(state.chain, kind), shown.final)
        }
        switch random.below(10) {
        case 0: return (World.refuse(cross, by: receiver), nil)
        case 1: return (World.cancel(cross, by: initiator), nil)
        default: return (World.confirm(cross, by: receiver, [shown]), shown.final)
        }
    }
}

@Suite struct HistoryTests {
    private static let everybody = (HistoryMaker.people + [World.reserveOnAlpha, World.reserveOnBeta]).map(\.publicKey)

    @Test("undo returns to the very root, redo and replay come to the same one", arguments: 1...12 as ClosedRange<UInt64>)
    func undoRedo(seed: UInt64) {
        var maker = HistoryMaker(seed: seed)
        var undone = SeededRandom(seed: seed + 1_000)
        var history: [HistoryMaker.Block] = []
        let genesis = maker.world.alpha
        for _ in 0..<60 {
            _ = maker.next(onAlpha: false)
            history.append(maker.next(onAlpha: true))
            let count = Int(undone.below(4))
            guard count < history.count else { continue }
            var state = maker.world.alpha
            for back in 0..<count {
                state.undo()
                let place = history.count - 1 - back
                #expect(state.root == (place == 0 ? genesis.root : history[place - 1].root))
                #expect(state.height == Height(place) && state.time == (place == 0 ? genesis.time : history[place - 1].time))
                #expect(state.root == state.rootFromScratch(accounts: HistoryTests.everybody, xids: maker.crosses.map(\.xid)))
            }
            // Another branch in between leaves no trace.
            state.block(World.transfer(1, from: World.alice, to: World.carol, nonce: 39), World.register(World.stranger))
            state.undo()
            for block in history.suffix(count) {
                #expect(state.block(block.transactions, at: block.time, showing: block.shown) == block.applications)
                #expect(state.root == block.root)
            }
            maker.world.alpha = state
        }
        #expect(maker.settled > 0 && maker.refunded > 0 && maker.rejected > 0)
        var replayed = genesis
        for block in history { #expect(replayed.block(block.transactions, at: block.time, showing: block.shown) == block.applications) }
        #expect(replayed.root == maker.world.alpha.root && replayed.supply == genesis.supply)
        while maker.world.alpha.undoDepth > 0 { maker.world.alpha.undo() }
        #expect(maker.world.alpha.root == genesis.root && maker.world.alpha.assetTotals == genesis.assetTotals)
        for key in HistoryTests.everybody { #expect(maker.world.alpha.held(by: key) == []) }
    }

    @Test("a block without its invalid transactions comes to the same root", arguments: 100...104 as ClosedRange<UInt64>)
    func invalidLeaveNoTrace(seed: UInt64) {
        var maker = HistoryMaker(seed: seed)
        var clean = maker.world.alpha
        for _ in 0..<40 {
            _ = maker.next(onAlpha: false)
            let block = maker.next(onAlpha: true)
            let kept = zip(block.transactions, block.applications).filter { $0.1.outcome != nil }
            #expect(clean.block(kept.map(\.0), at: block.time, showing: block.shown) == kept.map(\.1))
            #expect(clean.root == block.root)
            #expect(clean.root == clean.rootFromScratch(accounts: HistoryTests.everybody, xids: maker.crosses.map(\.xid)))
        }
    }

    @Test("an abandoned block leaves nothing behind", arguments: 200...204 as ClosedRange<UInt64>)
    func abandon(seed: UInt64) {
        var maker = HistoryMaker(seed: seed)
        for _ in 0..<30 {
            _ = maker.next(onAlpha: false)
            let before = maker.world.alpha
            let block = maker.next(onAlpha: true)
            var state = before
            state.begin(height: state.height + 1, time: block.time)
            for transaction in block.transactions { _ = state.apply(transaction, foreign: ForeignBlocks(block.shown)) }
            state.abandon()
            #expect(state.root == before.root && state.assetTotals == before.assetTotals && !state.isBlockOpen)
            #expect(state.rootFromScratch(accounts: HistoryTests.everybody, xids: maker.crosses.map(\.xid)) == before.root)
            #expect(state.block(block.transactions, at: block.time, showing: block.shown) == block.applications)
            #expect(state.root == block.root)
        }
    }

    @Test("what each account holds and owns is always the supply (invariant 1)", arguments: 300...304 as ClosedRange<UInt64>)
    func conservation(seed: UInt64) {
        var maker = HistoryMaker(seed: seed)
        let supply = maker.world.alpha.supply
        for _ in 0..<50 {
            _ = maker.next(onAlpha: false)
            _ = maker.next(onAlpha: true)
            let alpha = maker.world.alpha
            var sums: [AssetID: Amount] = [:]
            for key in HistoryTests.everybody {
                let owned = alpha.account(key)?.balances.list ?? []
                for balance in owned + alpha.held(by: key) { sums[balance.asset, default: 0] += balance.amount }
            }
            #expect(supply.allSatisfy { sums[$0.asset] == $0.amount } && sums.count == supply.count)
            #expect(alpha.supply == supply)
        }
    }

    @Test("only as much can be undone as has been kept")
    func forget() {
        var alpha = World().alpha
        for _ in 0..<5 { alpha.block(World.transfer(1, from: World.alice, to: World.carol, nonce: alpha.height)) }
        alpha.forgetUndo(keepingLast: 9)
        #expect(alpha.undoDepth == 5)
        alpha.forgetUndo(keepingLast: 2)
        #expect(alpha.undoDepth == 2)
        alpha.undo()
        alpha.undo()
        #expect(alpha.height == 3 && alpha.balance(World.carol, World.x) == 53)
        // Memory of a forgotten block is used again without its contents.
        alpha.block(World.transfer(1, from: World.alice, to: World.carol, nonce: 100))
        alpha.undo()
        #expect(alpha.height == 3 && alpha.balance(World.carol, World.x) == 53)
    }
}
