import Chain
import Cryptography
import Determinism
import Ledger
import RecorderCore
import RoleKit
import TestSupport
import Testing
import Wire

@Suite struct RecorderTests {
    private let test = TestNetwork()

    /// A recorder that heard a chain of blocks with one payment each, and the notary blocks that record them.
    private struct Stage {
        var bench: RoleBench<RecorderRole>
        var alpha: TestChain
        var payments: [Digest] = []

        init(_ test: TestNetwork, blocks: Int, policy: SnapshotPolicy) {
            let context = RoleContext(
                network: test.network, address: RoleAddress(role: .recorder, chain: .notary, node: "notary-1"),
                signer: test.nodeKeys[.notary]![0].signer, snapshots: policy)
            bench = RoleBench(context)
            alpha = TestChain(test, TestNetwork.alpha)
            var notary = TestChain(test, .notary)
            _ = bench.run(.started)
            for number in 0..<blocks {
                let transfer = test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: UInt64(number))
                payments.append(transfer.id)
                let block = alpha.append([BlockItem(transaction: transfer, foreign: [])])
                hear(block)
                let record = Record(final: block.final!, crosses: [])
                let transaction = Transaction(.record(record), chain: .notary, network: test.network.id)
                hear(notary.append([BlockItem(transaction: transaction, foreign: [])]))
            }
        }

        mutating func hear(_ item: FinalBlock) {
            _ = bench.run(.delivered(.candidate(item.block), publisher: "builder.alpha@alpha-1/1"))
            _ = bench.run(.delivered(.final(item.final!), publisher: "consensus.alpha@alpha-1/1"))
            // Snapshots are written a part at a time.
            _ = bench.run(.timerFired(TimerID(kind: 4)))
        }

        /// The first block of alpha in the archive.
        func archived() throws -> FinalBlock {
            let row = try #require(bench.stored[StoreTable(rawValue: "archive_0")].first)
            return try FinalBlock(decoding: row.value, network: bench.context.network.id)
        }

        mutating func receipt(_ id: Digest) -> Response? { bench.answer(.requested(.receipt(id), token: 7, client: nil)) }
    }

    private func policy(_ blocks: Height) -> SnapshotPolicy { SnapshotPolicy(blocks: blocks, transactions: 1_000_000, blocksBehind: 1_000) }

    @Test("of a chain that has fallen silent a recorder asks its notary's own validator too, also where there is no other recorder")
    func asksOwnValidator() throws {
        let test = TestNetwork(notaries: 1)
        let context = RoleContext(
            network: test.network, address: RoleAddress(role: .recorder, chain: .notary, node: "notary-1"),
            signer: test.nodeKeys[.notary]![0].signer)
        var bench = RoleBench<RecorderRole>(context)
        var chain = TestChain(test, TestNetwork.alpha)
        var effects = bench.run(.started) + bench.run(.delivered(.final(chain.append([]).final!), publisher: "consensus.alpha@alpha-1/1"))
        var asked: Set<String> = []
        for _ in 0..<12 {
            bench.pass(milliseconds: 10_000)
            let (last, silence) = (effects, Response.failure(.notFound, detail: "nobody is there"))
            effects = []
            for case .call(let call, let service, .fetchBlocks(TestNetwork.alpha, _, _), _) in last {
                asked.insert(service)
                effects += bench.run(.answered(call: call, silence))
            }
            for case .setTimer(let timer, _) in last { effects += bench.run(.timerFired(timer)) }
        }
        #expect(asked.contains("validator.alpha@notary-1") && asked.contains("consensus.alpha@alpha-1"))
    }

    @Test("a device that no node of a chain can serve follows it by the archive's headers, from the first block to the newest")
    func headers() throws {
        var stage = Stage(test, blocks: 7, policy: policy(1_000))
        for chain in [TestNetwork.alpha, .notary] {
            var device = LightClient(chain: chain, network: test.network)
            for limit in [1, 4, 64] {
                let request = Request.fetchHeaders(chain: chain, from: device.height + 1, limit: limit)
                guard case .headers(let run, head: 7) = stage.bench.answer(.requested(request, token: 9, client: nil)) else {
                    Issue.record("headers of \(chain) are asked for")
                    continue
                }
                #expect(device.extend(by: run) == nil)
            }
            #expect(device.height == 7)
            let beyond = stage.bench.answer(.requested(.fetchHeaders(chain: chain, from: 8, limit: 64), token: 9, client: nil))
            #expect(beyond == .headers(HeaderRun(headers: [], last: nil), head: 7))
        }
        let stranger = stage.bench.answer(.requested(.fetchHeaders(chain: ChainID("gamma")!, from: 1, limit: 1), token: 9, client: nil))
        if case .failure(.wrongChain, _)? = stranger {} else { Issue.record("headers of a chain that is none: \(String(describing: stranger))") }
    }

    @Test("a receipt is found whether its index is in memory or on disk, before and after a restart", arguments: [3, 1_000])
    func receipts(flushEvery: Height) throws {
        var stage = Stage(test, blocks: 10, policy: policy(flushEvery))
        #expect((stage.bench.places[.places] ?? []).isEmpty == (flushEvery == 1_000))
        for _ in 0..<2 {
            for id in stage.payments {
                guard case .receipt(let receipt) = stage.receipt(id) else {
                    Issue.record("there is a receipt of \(id)")
                    continue
                }
                #expect(receipt.id == id && receipt.parts.count == 1 && receipt.parts.first?.record != nil)
            }
            stage.bench.restart()
            _ = stage.bench.run(.started)
        }
    }

    @Test("a start reads the blocks since the index and the snapshot went to disk, and none before")
    func startsFromTheTail() throws {
        let stage = Stage(test, blocks: 20, policy: policy(6))
        var state = stage.bench.stored
        let read = ReadLog()
        state = StoredState(
            rows: [.facts: state[.facts]], votes: state.votes, forgottenBelow: state.forgottenBelow
        ) { [state] table, key, limit throws(StoredFault) in
            let rows = try state.rows(table, from: key, limit: limit)
            if table.rawValue.hasPrefix("archive_") { read.lowest = min(read.lowest, rows.first?.key ?? .max) }
            return rows
        }
        let role = try RecorderRole(context: stage.bench.context, recovered: state)
        #expect(role.height == 20)
        #expect(read.lowest > 10 && read.lowest <= 20)
    }

    @Test("an id that begins like another's is not taken for it")
    func sameBeginning() throws {
        var stage = Stage(test, blocks: 4, policy: policy(3))
        let id = stage.payments[0]
        let other = Digest(a: id.a, b: id.b ^ 1, c: id.c, d: id.d)
        guard case .failure(let reason, _) = stage.receipt(other) else {
            Issue.record("a receipt of another transaction was given")
            return
        }
        #expect(reason == .notFound)
    }

    private final class ReadLog {
        var lowest: UInt64 = .max
    }

    @Test("a recorder that has archived another final block than its own validator follows goes that way too, and asks it first")
    func ownBranch() throws {
        var stage = Stage(test, blocks: 0, policy: policy(1_000))
        var other = TestChain(test, TestNetwork.alpha)
        let wrong = other.append([])
        let payment = test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: 0)
        let right = stage.alpha.append([BlockItem(transaction: payment, foreign: [])])
        stage.hear(wrong)
        #expect(try stage.archived().block.hash == wrong.block.hash)
        let head = BranchHead(notary: "notary-1", chain: TestNetwork.alpha, height: 1, block: right.block.hash, crosses: [])
        _ = stage.bench.run(.delivered(.branch(head), publisher: "validator.alpha@notary-1/1"))
        // What it had is not taken again.
        stage.hear(wrong)
        let asked = stage.bench.run(.timerFired(TimerID(kind: 7, key: 0))).calls
        #expect(asked.map(\.service) == ["validator.alpha@notary-1"])
        _ = stage.bench.run(.answered(call: try #require(asked.first).call, .blocks([right], head: 1)))
        #expect(try stage.archived().block.hash == right.block.hash)
    }
}
