import Cryptography
import Determinism
import Ledger
import Testing
import Wire

/// A state in parts, and back (V-8).
@Suite struct SnapshotTests {
    /// A state of alpha after a random history, and the header of its block.
    private func state(seed: UInt64, blocks: Int = 40) -> (LedgerState, HistoryMaker) {
        var maker = HistoryMaker(seed: seed)
        for index in 0..<blocks { _ = maker.next(onAlpha: index % 2 == 0) }
        return (maker.world.alpha, maker)
    }

    private func header(of state: LedgerState, root: Digest? = nil) -> BlockHeader {
        BlockHeader(
            .init(
                chain: state.chain, height: state.height, epoch: 0, slot: state.height + 1, parent: Blake2b.hash([1]), parentSlot: state.height,
                time: state.time, transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: root ?? state.root,
                notaryHeight: 0, notaryHead: .zero, builder: World.alice.publicKey))
    }

    private func parts(of state: LedgerState, bytes: Int = 400) -> [[UInt8]] {
        var writer = SnapshotWriter(state.frozen, partBytes: bytes)
        var parts: [[UInt8]] = []
        while !writer.isDone { parts.append(writer.nextPart()) }
        return parts
    }

    private func load(_ parts: [[UInt8]], _ header: BlockHeader) throws(SnapshotFault) -> LedgerState {
        var loader = SnapshotLoader(network: World.network, chain: World.alphaID)
        for part in parts { try loader.add(part) }
        return try loader.finish(header)
    }

    @Test("a state that was cut into parts and put together again goes on as the one it was made of", arguments: 1...8 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var (original, maker) = state(seed: seed)
        let pieces = parts(of: original)
        #expect(pieces.count > 2 && pieces.allSatisfy { $0.count <= 400 })
        var copy = try load(pieces, header(of: original))
        #expect(copy.root == original.root && copy.height == original.height && copy.time == original.time)
        #expect(copy.assetTotals == original.assetTotals && copy.entryCount == original.entryCount)
        #expect(copy.openHolds.map(\.xid) == original.openHolds.map(\.xid))
        for owner in HistoryMaker.people { #expect(copy.held(by: owner.publicKey) == original.held(by: owner.publicKey)) }
        for _ in 0..<10 {
            maker.world.alpha = original
            let block = maker.next(onAlpha: true)
            original = maker.world.alpha
            #expect(copy.block(block.transactions, at: block.time, showing: block.shown) == block.applications)
            #expect(copy.root == block.root)
        }
        while copy.undoDepth > 0 { copy.undo() }
        #expect(parts(of: copy) == pieces)
    }

    @Test("the parts are a function of the state alone, not of the way to it")
    func canonical() throws {
        let (original, _) = state(seed: 3)
        let copy = try load(parts(of: original, bytes: 1_000), header(of: original))
        #expect(parts(of: copy, bytes: 700) == parts(of: original, bytes: 700))
    }

    @Test("a state without entries is one part, and comes back")
    func empty() throws {
        let notary = LedgerState(network: World.network, chain: .notary)
        let pieces = parts(of: notary)
        #expect(pieces == [[SnapshotWriter.version]])
        var loader = SnapshotLoader(network: World.network, chain: .notary)
        try loader.add(pieces[0])
        var copy = try loader.finish(header(of: notary))
        #expect(copy.root == .zero)
        copy.begin(height: 1, time: 2_000)
        #expect(copy.commit() == .zero)
    }

    @Test("a state held fast stays what it was while the ledger goes on")
    func frozen() throws {
        var (original, maker) = state(seed: 5)
        let before = parts(of: original)
        var writer = SnapshotWriter(original.frozen, partBytes: 400)
        var during: [[UInt8]] = []
        maker.world.alpha = original
        while !writer.isDone {
            during.append(writer.nextPart())
            _ = maker.next(onAlpha: true)
        }
        original = maker.world.alpha
        #expect(during == before && parts(of: original) != before)
    }

    @Test("a changed byte anywhere is found, before anything is believed", arguments: 1...40 as ClosedRange<UInt64>)
    func changedByte(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let (original, _) = state(seed: 2)
        var pieces = parts(of: original)
        let part = Int(random.below(UInt64(pieces.count)))
        let place = Int(random.below(UInt64(pieces[part].count)))
        pieces[part][place] ^= 1 << UInt8(random.below(8))
        #expect(throws: SnapshotFault.self) { try load(pieces, header(of: original)) }
    }

    @Test("parts that are missing, doubled, swapped, cut or of another version are refused with the reason")
    func refusals() throws {
        let (original, _) = state(seed: 2)
        let pieces = parts(of: original)
        let header = header(of: original)
        #expect(throws: SnapshotFault.wrongRoot) { try load(Array(pieces.dropLast()), header) }
        #expect(throws: SnapshotFault.wrongOrder) { try load([pieces[0]] + pieces, header) }
        #expect(throws: SnapshotFault.wrongOrder) { try load([pieces[1], pieces[0]] + pieces[2...], header) }
        #expect(throws: SnapshotFault.malformed) { try load([Array(pieces[0].dropLast())], header) }
        #expect(throws: SnapshotFault.unknownVersion) { try load([[2] + pieces[0].dropFirst()], header) }
        #expect(throws: SnapshotFault.unknownVersion) { try load([[]], header) }
        #expect(throws: SnapshotFault.wrongRoot) { try load(pieces, self.header(of: original, root: Blake2b.hash([9]))) }
    }

    @Test("a state that makes value out of nothing is refused even under its own root")
    func notConserved() throws {
        let rich = World.makeNetwork(alpha: [World.funds(World.alice, (World.x, 1_001)), World.funds(World.reserveOnAlpha, (World.x, 500))])
        var other = LedgerState(network: rich, chain: World.alphaID)
        other.block([], at: 2_000, showing: [])
        #expect(throws: SnapshotFault.notConserved) { try load(parts(of: other), header(of: other)) }
    }
}
