import Cryptography
import Ledger
import Testing
import Wire

/// Rule E-8: other notaries take over only from those who have closed their epoch.
@Suite("Closings on the notary chain") struct ClosingTests {
    private typealias Its = ElectionWorld
    private var notary = LedgerState(network: ElectionWorld.epochs, chain: .notary)

    /// Notary-5 wants the seat that notary-1 leaves.
    private let candidacies: [Transaction.Kind] = [
        .candidacy(ElectionWorld.candidacy("notary-5")), .candidacy(ElectionWorld.candidacy("notary-1", 1, withdrawn: true)),
    ]

    private var members: [String]? { notary.epochEntry(1)?.members.map(\.node) }

    @Test("it applies once for each notary and sub-chain, in the newest epoch that is settled")
    mutating func once() {
        let strange = Closing(chain: ChainID("gamma")!, epoch: 0, network: Its.network.id, signer: Its.signer("notary-1"))
        let answers = notary.block(
            slot: 1,
            [
                Its.closing("notary-1", Its.alpha), Its.closing("notary-1", Its.alpha), Its.closing("notary-1", Its.beta),
                Its.closing("notary-5", Its.alpha), Its.closing("notary-2", Its.alpha, 1), .closing(strange),
            ])
        #expect(
            answers == [.applied, .invalid(.superseded), .applied, .invalid(.unlistedNode), .invalid(.notReady), .invalid(.wrongChain)])
        _ = notary.block(slot: 7)
        #expect(notary.block(slot: 8, [Its.closing("notary-2", Its.alpha), Its.closing("notary-2", Its.alpha, 1)]) == [.invalid(.superseded), .applied])
        #expect(notary.closedBy(Its.alpha, 0).isEmpty && notary.closedBy(Its.alpha, 1) == ["notary-2"] && notary.closedBy(Its.beta, 0) == ["notary-1"])
        #expect(
            Closing(chain: .notary, epoch: 0, network: Its.network.id, signer: Its.signer("notary-1")).check(network: Its.network.id).holds)
    }

    @Test("where nobody is elected nothing is closed")
    func unelected() {
        var ledger = LedgerState(network: Its.make(isElected: false), chain: .notary)
        #expect(ledger.block([Its.transaction(Its.closing("notary-1", Its.alpha))]) == [.invalid(.notAllowed)])
    }

    @Test("a quorum that has closed every chain is followed by those elected")
    mutating func closed() {
        _ = notary.block(slot: 1, candidacies + Its.closings(0, by: 2...4))
        _ = notary.block(slot: 7)
        #expect(members == ["notary-2", "notary-3", "notary-4", "notary-5"])
    }

    @Test("less than a quorum, on one chain only, is not: the same nodes go on, with their newest keys", arguments: [true, false])
    mutating func unclosed(isLate: Bool) {
        let all = Its.closings(0, by: 2...4)
        _ = notary.block(slot: 1, candidacies + [.candidacy(Its.candidacy("notary-2", 1, newKey: "fresh"))] + all.dropLast())
        // The last one comes with the settling block itself, or not at all.
        let last = notary.block(slot: 7, isLate ? Array(all.suffix(1)) : [])
        #expect(last == (isLate ? [.invalid(.superseded)] : []))
        #expect(members == ["notary-1", "notary-2", "notary-3", "notary-4"])
        #expect(notary.epochEntry(1)?.members[1].key == Its.signer("fresh").publicKey)
    }

    @Test("closings of an epoch before count for nothing")
    mutating func stale() {
        _ = notary.block(slot: 1, Its.closings(0, by: 1...4))
        _ = notary.block(slot: 7)
        #expect(notary.block(slot: 11, candidacies) == [.applied, .applied])
        _ = notary.block(slot: 17)
        #expect(notary.epochEntry(2)?.members.map(\.node) == ["notary-1", "notary-2", "notary-3", "notary-4"])
    }

    @Test("they are taken back with their block, and a snapshot carries them")
    mutating func snapshot() throws {
        _ = notary.block(slot: 1, Array(Its.closings(0, by: 1...2)))
        let (root, before) = (notary.root, notary.closings)
        _ = notary.block(slot: 2, [Its.closing("notary-3", Its.alpha)])
        #expect(notary.root != root)
        notary.undo()
        #expect(notary.root == root && notary.closings == before && before.count == 2)
        notary.undo()
        #expect(notary.root == .zero && notary.closings.isEmpty)
        _ = notary.block(slot: 1, Its.closings(0, by: 1...2))
        var writer = SnapshotWriter(notary.frozen)
        var loader = SnapshotLoader(network: Its.epochs, chain: .notary)
        while !writer.isDone { try loader.add(writer.nextPart()) }
        let header = BlockHeader(
            .init(
                chain: .notary, height: 1, epoch: 0, slot: 1, parent: .zero, parentSlot: 0, time: 5, transactionsRoot: .zero,
                transactionCount: 0, foreignRoot: .zero, stateRoot: notary.root, notaryHeight: 0, notaryHead: .zero,
                builder: Its.signer("notary-1").publicKey))
        #expect(try loader.finish(header).closings == before)
    }

    @Test("an entry reads back as it was written, and nothing else does")
    func entries() {
        let entry = ClosingEntry(chain: Its.alpha, epoch: 7, nodes: ["notary-1", "notary-2"])
        #expect(ClosingEntry(decoding: entry.encoded) == entry && ClosingEntry(decoding: entry.encoded + [0]) == nil)
        #expect(ClosingEntry(decoding: ClosingEntry(chain: Its.alpha, epoch: 7, nodes: ["notary-2", "notary-1"]).encoded) == nil)
        #expect(ClosingEntry(decoding: ClosingEntry(chain: Its.alpha, epoch: 7, nodes: []).encoded) == nil)
    }
}

extension ElectionWorld {
    static func closing(_ node: String, _ chain: ChainID, _ epoch: Epoch = 0) -> Transaction.Kind {
        .closing(Closing(chain: chain, epoch: epoch, network: network.id, signer: signer(node)))
    }

    /// Of the notaries with these numbers, for both sub-chains.
    static func closings(_ epoch: Epoch, by numbers: ClosedRange<Int>) -> [Transaction.Kind] {
        [alpha, beta].flatMap { chain in numbers.map { closing("notary-\($0)", chain, epoch) } }
    }
}

extension LedgerState {
    /// A notary block of a slot, committed.
    mutating func block(slot: Slot, _ kinds: [Transaction.Kind] = []) -> [Application] {
        begin(height: height + 1, time: time + 1, slot: slot, parent: Blake2b.hash((height + 1).bigEndianBytes))
        let answers = kinds.map { apply(ElectionWorld.transaction($0), foreign: ForeignBlocks([])) }
        _ = commit()
        return answers
    }
}
