import Cryptography
import Determinism
import Ledger
import Testing
import Wire

/// Bonds, their return, slashing, and the electorates that a chain's own blocks settle.
@Suite struct StakeTests {
    static let chain = ChainID("alpha")!
    static let x = AssetID("X")!
    static let nodes = [KeyPair(seed: Blake2b.hash([1])), KeyPair(seed: Blake2b.hash([2])), KeyPair(seed: Blake2b.hash([3]))]
    static let alice = KeyPair(seed: Blake2b.hash([9]))
    static let network: Network = {
        let described = nodes.enumerated().map { NodeDescription(id: "alpha-\($0 + 1)", key: $1.publicKey, site: "alpha", stake: [600, 300, 50][$0]) }
        let notary = [NodeDescription(id: "notary-1", key: KeyPair(seed: Blake2b.hash([4])).publicKey, site: "notary")]
        return Network(
            id: Blake2b.hash([7]), notary: ChainDescription(id: .notary, engine: .bft, nodes: notary, genesis: [], genesisTime: 1_000),
            chains: [
                ChainDescription(
                    id: chain, engine: .pos, nodes: described,
                    genesis: [GenesisAccount(key: alice.publicKey, balances: [Balance(asset: x, amount: 1_000)])], genesisTime: 1_000,
                    epochs: EpochRule(slots: 10, margin: 4), stake: StakeRule(asset: x, minimum: 100, unbondingMilliseconds: 5_000))
            ], contracts: [], timing: Timing())
    }()

    var ledger = LedgerState(network: StakeTests.network, chain: StakeTests.chain)

    private func order(_ kind: StakeOrder.Kind, _ amount: Amount, nonce: UInt64, node: String = "alpha-2", by owner: KeyPair = StakeTests.alice) -> Transaction {
        let order = StakeOrder(
            kind, chain: StakeTests.chain, network: StakeTests.network.id, node: node, amount: amount, nonce: nonce, signer: owner.signer)
        return Transaction(kind == .bond ? .bond(order) : .unbond(order), chain: StakeTests.chain, network: StakeTests.network.id)
    }

    /// Two votes of a node for one duty.
    private func evidence(_ node: KeyPair, slot: Slot = 3) -> Transaction {
        func vote(_ byte: UInt8) -> Vote {
            Vote(Statement(chain: StakeTests.chain, epoch: 0, slot: slot, kind: .notar, hash: Blake2b.hash([byte])), network: StakeTests.network.id, signer: node.signer)
        }
        let offence = try! Offence(Evidence(chain: StakeTests.chain, kind: .doubleVote, first: vote(1).encoded, second: vote(2).encoded))
        return Transaction(.evidence(offence), chain: StakeTests.chain, network: StakeTests.network.id)
    }

    @discardableResult
    private mutating func block(_ transactions: [Transaction] = [], time: ChainTime? = nil, slot: Slot? = nil) -> [Application] {
        let height = ledger.height + 1
        ledger.begin(height: height, time: time ?? ledger.time + 100, slot: slot ?? height, parent: Blake2b.hash(height.bigEndianBytes))
        let applications = transactions.map { ledger.apply($0, foreign: ForeignBlocks([])) }
        _ = ledger.commit()
        return applications
    }

    private func balance(_ owner: KeyPair = StakeTests.alice) -> Amount { ledger.account(owner.publicKey)?.balances.amount(of: StakeTests.x) ?? 0 }
    private func weights(_ epoch: Epoch) -> [UInt64]? { ledger.epochEntry(epoch)?.members.map(\.weight) }

    @Test("the first electorate is that of the stakes in genesis, without nodes that have too little")
    func genesis() {
        let electorate = StakeTests.network.chains[0].genesisElectorate
        #expect(electorate.members.map(\.weight) == [600, 300] && electorate.quorumWeight == 601)
        #expect(ledger.supply == [Balance(asset: StakeTests.x, amount: 1_950)])
    }

    @Test("a bond leaves the account at once and weighs from the electorate that is settled next")
    mutating func bonds() {
        #expect(block([order(.bond, 200, nonce: 0)]) == [.applied])
        #expect(balance() == 800 && ledger.stakes[1].bonded == 500 && weights(1) == nil)
        block(slot: 6)
        #expect(weights(1) == nil)
        block(slot: 8)
        #expect(weights(1) == [600, 500])
        #expect(block([order(.bond, 100, nonce: 1, node: "alpha-3")], slot: 9) == [.applied])
        #expect(weights(1) == [600, 500])
        block(slot: 17)
        #expect(weights(2) == [600, 500, 150])
    }

    @Test("bonds that cannot be are rejected with their reason and use their nonce")
    mutating func rejections() {
        let applications = block([
            order(.bond, 99, nonce: 0), order(.bond, 100, nonce: 1, node: "alpha-9"), order(.bond, 1_001, nonce: 2), order(.unbond, 1, nonce: 3),
            order(.bond, 100, nonce: 3),
        ])
        #expect(applications == [
            .rejected(.termsViolated), .rejected(.noSuchNode), .rejected(.insufficientFunds), .rejected(.stakeShort), .invalid(.nonceUsed),
        ])
        #expect(balance() == 1_000)
    }

    @Test("what is taken back weighs no more, and returns by itself at the first block past its time")
    mutating func unbonds() {
        block([order(.bond, 200, nonce: 0)])
        block([order(.unbond, 150, nonce: 1)], time: 2_000)
        #expect(ledger.stakes[1].bonded == 350 && balance() == 800)
        block(time: 6_999)
        #expect(balance() == 800)
        block(time: 7_000)
        #expect(balance() == 950 && ledger.stakes[1].unbondings.isEmpty)
    }

    @Test("an offence costs the configured part of every bond of the node, those on their way back included, and costs it once")
    mutating func slashes() {
        block([order(.bond, 101, nonce: 0), order(.bond, 200, nonce: 1)])
        block([order(.unbond, 200, nonce: 2)])
        #expect(block([evidence(StakeTests.nodes[1])]) == [.applied])
        #expect(ledger.stakes[1].bonded == 150 + 51 && ledger.stakes[1].unbondings.map(\.amount) == [100] && ledger.stakes[1].burned == 300)
        #expect(ledger.supply == [Balance(asset: StakeTests.x, amount: 1_650)])
        #expect(block([evidence(StakeTests.nodes[1])]) == [.invalid(.duplicateTransaction)])
        #expect(block([evidence(StakeTests.alice)]) == [.invalid(.recordInvalid)])
        block([evidence(StakeTests.nodes[1], slot: 4), evidence(StakeTests.nodes[1], slot: 5), evidence(StakeTests.nodes[1], slot: 6)], slot: 8)
        #expect(weights(1) == [600])
    }

    @Test("the last ones that vote stay when nobody has enough")
    mutating func neverEmpty() {
        for slot in Slot(1)...5 { block(StakeTests.nodes.map { evidence($0, slot: slot) }) }
        block(slot: 8)
        #expect(weights(1) == [600, 300])
    }

    @Test("taking blocks back gives the very roots that were before them")
    mutating func undoes() {
        var roots = [ledger.root]
        block([order(.bond, 200, nonce: 0)])
        roots.append(ledger.root)
        block([order(.unbond, 50, nonce: 1), evidence(StakeTests.nodes[0])], slot: 8)
        roots.append(ledger.root)
        block(time: 90_000, slot: 9)
        #expect(Set(roots + [ledger.root]).count == 4)
        for root in roots.reversed() {
            ledger.undo()
            #expect(ledger.root == root)
        }
        #expect(balance() == 1_000 && weights(1) == nil)
    }

    @Test("old electorates leave the state, which keeps the newest few")
    mutating func prunes() {
        for epoch in Epoch(0)..<12 { block(slot: epoch * 10 + 9) }
        #expect(ledger.epochEntries.map(\.epoch) == Array(5...12))
    }

    @Test("a snapshot holds stakes and electorates, and goes on as the state it was made of")
    mutating func snapshots() throws {
        block([order(.bond, 200, nonce: 0)])
        block([order(.unbond, 50, nonce: 1), evidence(StakeTests.nodes[0])], slot: 8)
        var writer = SnapshotWriter(ledger.frozen, partBytes: 300)
        var loader = SnapshotLoader(network: StakeTests.network, chain: StakeTests.chain)
        while !writer.isDone { try loader.add(writer.nextPart()) }
        let header = BlockHeader(
            .init(
                chain: StakeTests.chain, height: ledger.height, epoch: 0, slot: 8, parent: .zero, parentSlot: 1, time: ledger.time,
                transactionsRoot: .zero, transactionCount: 0, foreignRoot: .zero, stateRoot: ledger.root, notaryHeight: 0, notaryHead: .zero,
                builder: StakeTests.alice.publicKey))
        var copy = try loader.finish(header)
        #expect(copy.stakes == ledger.stakes && copy.epochEntries == ledger.epochEntries && copy.assetTotals == ledger.assetTotals)
        copy.begin(height: 3, time: 90_000, slot: 18, parent: .zero)
        ledger.begin(height: 3, time: 90_000, slot: 18, parent: .zero)
        #expect(copy.commit() == ledger.commit())
    }

    @Test("entries are read back as they were written, and nothing else is")
    mutating func entries() throws {
        block([order(.bond, 200, nonce: 0)])
        block([order(.unbond, 50, nonce: 1)], slot: 8)
        let entry = try #require(ledger.epochEntry(1))
        #expect(EpochEntry(decoding: entry.encoded) == entry)
        for stake in ledger.stakes { #expect(StakeEntry(decoding: stake.encoded) == stake) }
        #expect(EpochEntry(decoding: entry.encoded + [0]) == nil && EpochEntry(decoding: Array(entry.encoded.dropLast())) == nil)
        #expect(StakeEntry(decoding: ledger.stakes[1].encoded + [0]) == nil)
    }
}
