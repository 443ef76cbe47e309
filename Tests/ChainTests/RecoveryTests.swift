import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import TestSupport
import Testing
import Wire

/// Snapshots in a store, the way back from it, and what damage does (V-8, V-9, faults case 15).
@Suite struct RecoveryTests {
    let test = TestNetwork()
    private var context: RoleContext {
        RoleContext(
            network: test.network, address: RoleAddress(role: .consensus, chain: TestNetwork.alpha, node: "alpha-1"),
            signer: test.nodeKeys[TestNetwork.alpha]![0].signer)
    }

    /// Rows of a store that a keeper and its owner have filled.
    private struct Rows {
        var tables: [StoreTable: [UInt64: [UInt8]]] = [:]
        var damaged: Set<UInt64> = []
        var damagedTable: StoreTable?

        mutating func carryOut(_ effects: [RoleEffect]) {
            for case .persist(let operations) in effects {
                for operation in operations {
                    switch operation {
                    case .put(let table, let key, let value): tables[table, default: [:]][key] = value
                    case .delete(let table, let key): tables[table]?[key] = nil
                    case .deleteThrough(let table, let key): tables[table] = tables[table]?.filter { $0.key > key }
                    case .index, .vote, .forgetVotes: break
                    }
                }
            }
        }

        func rows(_ table: StoreTable) -> [StoredRow] {
            (tables[table] ?? [:]).sorted { $0.key < $1.key }.map {
                StoredRow(key: $0.key, value: $0.value, isDamaged: damagedTable == table && damaged.contains($0.key))
            }
        }

        var state: StoredState { StoredState(rows: tables.keys.reduce(into: [:]) { $0[$1] = rows($1) }) }
    }

    /// A chain of blocks of payments, stored as a role does it, with a snapshot every few blocks.
    private func stored(blocks: Int, every: Height = 4) -> (TestChain, Rows) {
        var chain = TestChain(test, TestNetwork.alpha)
        var tree = BlockTree(book: ElectorateBook(network: test.network), chain: TestNetwork.alpha) { $0.holds }
        var keeper = SnapshotKeeper(
            policy: SnapshotPolicy(blocks: every, transactions: 1_000, blocksBehind: 2), timer: 9, stored: [], transactions: 0)
        var rows = Rows()
        for number in 0..<blocks {
            let payment = test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: UInt64(number))
            let item = chain.append([BlockItem(transaction: payment, foreign: [])])
            _ = tree.validate(item.block)
            _ = tree.finalize(item.block.hash)
            rows.carryOut([.persist([.put(.blocks, key: item.block.header.height, value: item.encoded)])])
            rows.carryOut(keeper.follow(item.block, item.final!, &tree))
        }
        return (chain, rows)
    }

    @Test("a role starts from the newest snapshot and executes only what came after it")
    func startsFromNewest() throws {
        let (chain, rows) = stored(blocks: 14)
        #expect(rows.rows(.snapshots).map(\.key) == [8, 12])
        var executed: [Height] = []
        let recovery = try ChainRecovery(context, book: ElectorateBook(network: context.network), chain: TestNetwork.alpha, rows.state) { item throws(StoredFault) in
            executed.append(item.block.header.height)
        }
        #expect(executed == [13, 14])
        #expect(recovery.tree.finalHash == chain.last!.hash && recovery.tree.ledger.root == chain.last!.header.stateRoot)
        #expect(recovery.final == chain.last && recovery.transactions == 2 && recovery.repairs.isEmpty)
        #expect(recovery.snapshots.map(\.height) == [8, 12])
    }

    @Test("a damaged snapshot is found, thrown away and said; the older one is used, and without any the chain from genesis")
    func damagedSnapshots() throws {
        var (chain, rows) = stored(blocks: 14)
        for (table, expected) in [(StoreTable.snapshotParts, [Height(8)]), (.snapshots, [])] {
            let newest = rows.rows(.snapshots).last!.key
            let key = table == .snapshots ? newest : StoredSnapshot.key(newest, 0)
            rows.tables[table]![key]![20] ^= 1
            let recovery = try ChainRecovery(context, book: ElectorateBook(network: context.network), chain: TestNetwork.alpha, rows.state)
            #expect(recovery.tree.finalHash == chain.last!.hash)
            #expect(recovery.snapshots.map(\.height) == expected)
            #expect(recovery.repairs.contains { if case .raise("stored_damage", _, .warning) = $0 { true } else { false } })
            rows.carryOut(recovery.repairs)
            #expect(rows.rows(.snapshots).map(\.key) == expected)
        }
        chain.append([])
    }

    @Test("blocks from the first damaged one on are left to peers; a block that is whole and wrong is a fault")
    func damagedBlock() throws {
        var (_, rows) = stored(blocks: 14)
        rows.damagedTable = .blocks
        rows.damaged = [13]
        var recovery = try ChainRecovery(context, book: ElectorateBook(network: context.network), chain: TestNetwork.alpha, rows.state)
        #expect(recovery.tree.finalHeight == 12 && !recovery.repairs.isEmpty)
        rows.damaged = []
        rows.tables[.blocks]![13] = nil
        recovery = try ChainRecovery(context, book: ElectorateBook(network: context.network), chain: TestNetwork.alpha, rows.state)
        #expect(recovery.tree.finalHeight == 12 && recovery.repairs.isEmpty)
        rows.tables[.blocks]![13] = [1, 2, 3]
        #expect(throws: StoredFault.self) { try ChainRecovery(context, book: ElectorateBook(network: context.network), chain: TestNetwork.alpha, rows.state) }
    }

    /// Answers a fetcher's calls from rows.
    private func answer(_ effects: [RoleEffect], _ rows: Rows, change: (inout Response) -> Void = { _ in }) -> (call: UInt64, Response, service: String)? {
        for case .call(let call, let service, .fetchSnapshot(_, let height, let part), _) in effects {
            let found = part == 0 ? rows.rows(.snapshots).last { $0.key <= height }?.key ?? 0 : height
            var response = Response.failure(.notFound, detail: "")
            if part == 0, let row = rows.rows(.snapshots).first(where: { $0.key == found }) {
                response = .snapshot(try! SnapshotManifest(decoding: row.value))
            } else if part > 0, let row = rows.rows(.snapshotParts).first(where: { $0.key == StoredSnapshot.key(found, part - 1) }) {
                response = .snapshotPart(row.value)
            }
            change(&response)
            return (call, response, service)
        }
        return nil
    }

    @Test("a snapshot is fetched from the first peer that gives a whole and true one; what the others say is believed in nothing")
    func fetches() throws {
        let (chain, rows) = stored(blocks: 14)
        var other = TestChain(test, TestNetwork.alpha)
        let forged = other.append([])
        var fetch = SnapshotFetch(
            book: ElectorateBook(network: test.network), chain: TestNetwork.alpha, verify: { $0.holds }, nodes: ["alpha-1", "alpha-2", "alpha-3", "alpha-4"], calls: 100)
        var effects = fetch.begin(above: 0)
        var peers: [String] = []
        var found: FetchedSnapshot?
        while let (call, response, service) = answer(effects, rows, change: { response in
            let known = peers.count
            switch (known, response) {
            // Of too few signers; of another state; with other bytes.
            case (0, .snapshot(var manifest)):
                manifest.final = other.final(forged.block, signers: 2)
                response = .snapshot(manifest)
            case (1, .snapshot(var manifest)):
                manifest.final = forged.final!
                response = .snapshot(manifest)
            case (3, .snapshotPart(var part)):
                part[part.count - 1] ^= 1
                response = .snapshotPart(part)
            default: break
            }
        }) {
            if !peers.contains(service) { peers.append(service) }
            let answered = fetch.answered(call: call, response)
            let step = try #require(answered)
            effects = step.effects
            if let snapshot = step.snapshot { found = snapshot }
            #expect(!step.hasFailed)
        }
        #expect(peers.count == 4)
        let snapshot = try #require(found)
        #expect(snapshot.final.header.height == 12 && snapshot.ledger.root == snapshot.final.header.stateRoot)
        #expect(chain.blocks[11].block.hash == snapshot.final.hash)
    }

    @Test("when no peer has a snapshot above the height, or below the ceiling, the fetch fails and says so")
    func fetchFails() throws {
        let (_, rows) = stored(blocks: 14)
        for (above, ceiling) in [(Height(12), Height.max), (0, 7)] {
            var fetch = SnapshotFetch(
                book: ElectorateBook(network: test.network), chain: TestNetwork.alpha, verify: { $0.holds }, nodes: ["alpha-1", "alpha-2"], calls: 100)
            var effects = fetch.begin(above: above, through: ceiling)
            var hasFailed = false
            while let (call, response, _) = answer(effects, rows) {
                let answered = fetch.answered(call: call, response)
            let step = try #require(answered)
                effects = step.effects
                hasFailed = hasFailed || step.hasFailed
            }
            #expect(hasFailed && !fetch.isBusy)
        }
    }

    @Test("a damaged block is not served, is fetched again, and is put back only if it is the one that was there")
    func repairs() {
        let (chain, rows) = stored(blocks: 6)
        let head = (height: Height(6), hash: chain.last!.hash)
        for height in [Height(3), 6] {
            var repair = BlockRepair(
                book: ElectorateBook(network: test.network), chain: TestNetwork.alpha, table: .blocks, verify: { $0.holds }, nodes: ["alpha-2", "alpha-3"],
                numbers: 1 << 38)
            var read = rows
            read.damagedTable = .blocks
            read.damaged = [height]
            var (whole, effects) = repair.sift(read.rows(.blocks), head: head)
            #expect(whole.map(\.key) == Array(1..<height))
            for case .read(let token, .blocks, let from, _) in effects {
                effects = repair.served(token: token, rows.rows(.blocks).filter { $0.key == from }, head: head) ?? []
            }
            func call() -> UInt64 {
                effects.compactMap { if case .call(let call, _, .fetchBlocks(_, height, 1), _) = $0 { call } else { nil } }.first ?? 0
            }
            let wrong = chain.blocks[Int(height) - 2]
            effects = repair.answered(call: call(), .blocks([wrong], head: 6), head: head) ?? []
            #expect(!effects.contains { if case .persist = $0 { true } else { false } })
            let right = chain.blocks[Int(height) - 1]
            effects = repair.answered(call: call(), .blocks([right], head: 6), head: head) ?? []
            var repaired = Rows()
            repaired.carryOut(effects)
            #expect(repaired.rows(.blocks) == [StoredRow(key: height, value: right.encoded)])
        }
    }

    @Test("where no node of a chain answers, those who keep its archive are asked for a damaged block")
    func repairsFromArchives() {
        let (chain, _) = stored(blocks: 3)
        let head = (height: Height(3), hash: chain.last!.hash)
        let archives = ["recorder.notary@notary-1", "recorder.notary@notary-2"]
        var repair = BlockRepair(
            book: ElectorateBook(network: test.network), chain: TestNetwork.alpha, table: .blocks, verify: { $0.holds }, nodes: ["alpha-1", "alpha-2"],
            archives: archives, numbers: 1 << 38)
        var effects = repair.repair(3, head: head)
        var asked: [String] = []
        for _ in 0..<8 {
            guard let (call, service) = effects.compactMap({ if case .call(let call, let service, _, _) = $0 { (call, service) } else { nil } }).first
            else { break }
            asked.append(service)
            let response: Response =
                archives.contains(service) ? .blocks([chain.blocks[2]], head: 3) : .failure(.notFound, detail: "nobody is there")
            effects = repair.answered(call: call, response, head: head) ?? []
        }
        var repaired = Rows()
        repaired.carryOut(effects)
        #expect(repaired.rows(.blocks) == [StoredRow(key: 3, value: chain.blocks[2].encoded)], "asked \(asked)")
    }

    @Test("the newest two snapshots are kept, and of older ones nothing is left")
    func keepsTwo() {
        let (_, rows) = stored(blocks: 30, every: 3)
        let kept = rows.rows(.snapshots).map(\.key)
        #expect(kept.count == 2 && kept.last == 30)
        #expect(Set(rows.rows(.snapshotParts).map { $0.key >> 16 }) == Set(kept))
    }
}
