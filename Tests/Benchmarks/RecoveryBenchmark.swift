import ArgumentParser
import Chain
import ConsensusCore
import Cryptography
import Determinism
import Foundation
import Ledger
import RecorderCore
import RoleKit
import Runtime
import TestSupport
import Wire

/// How fast a node of a long chain is back: a consensus role, and a notary's recorder, with real stores on disk, first catch up on the
/// chain from a peer's answers and are then started again from what they stored.
///
/// Catching up covers everything from the bytes of an answer to the commit: reading, certificates, execution, state root, snapshots,
/// sync. Transfers carry no signatures here, because nobody checks those of a block that certificates show to be final.
struct RecoveryBenchmark: Benchmark {
    static let name = "recovery"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Catching up on a long chain, and starting again from its snapshot.")

    @Option(help: "Transactions of the long chain.")
    var transactions = 1_000_000
    @Option(help: "Transactions in each of its blocks.")
    var blockTransactions = 1_000
    @Option(help: "Accounts that pay each other.")
    var accounts = 10_000
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...Limits.blockTransactions).contains(blockTransactions), transactions >= blockTransactions, accounts >= 2 else {
            throw ValidationError("--block-transactions is from 1 to \(Limits.blockTransactions), --transactions at least as many, --accounts at least 2.")
        }
    }

    func measure() throws -> [Figure] {
        let long = try LongChain(transactions / blockTransactions, of: blockTransactions, accounts: accounts)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("concordat-bench-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var caughtUpWork = 0.0
        let caughtUp = try WallTime.seconds { caughtUpWork = try ThreadTime.seconds { try follow(long, folder: folder) } }
        let restarted = try WallTime.seconds {
            let role = try restart(ConsensusRole.self, long.context, folder)
            precondition(role.height == long.height, "the role stands where it stood")
        }
        let archive = folder + "-archive"
        defer { try? FileManager.default.removeItem(atPath: archive) }
        try record(long, folder: archive)
        let recorderRestarted = try WallTime.seconds { _ = try restart(RecorderRole.self, long.recorder, archive) }
        let total = Double(long.height) * Double(blockTransactions)
        // Blocks as small as those of a quiet network: there the certificates are what costs.
        let small = try LongChain(500, of: 20, accounts: 1_000)
        let smallFolder = folder + "-small"
        defer { try? FileManager.default.removeItem(atPath: smallFolder) }
        var smallWork = 0.0
        let smallSeconds = try WallTime.seconds { smallWork = try ThreadTime.seconds { try follow(small, folder: smallFolder) } }
        return [
            Figure(key: "transactions", value: total, meaning: "transactions in \(long.height) blocks, between \(accounts) accounts"),
            Figure(key: "restart_s", value: restarted, meaning: "s until a consensus role with that chain is ready (snapshot and the blocks above it)"),
            Figure(key: "catch_up_transactions_per_s", value: total / caughtUp, meaning: "transactions/s caught up from a peer's answers, stored"),
            Figure(key: "recorder_restart_s", value: recorderRestarted, meaning: "s until a recorder with that archive is ready"),
            Figure(
                key: "catch_up_transactions_per_cpu_s", value: total / caughtUpWork,
                meaning: "transactions in a second of the role's thread, whatever else the machine does and however slow its disk is"),
            Figure(key: "catch_up_blocks_per_s", value: Double(long.height) / caughtUp, meaning: "blocks/s of \(blockTransactions) transactions"),
            Figure(
                key: "catch_up_small_transactions_per_s", value: Double(small.height) * 20 / smallSeconds,
                meaning: "transactions/s caught up in blocks of 20"),
            Figure(
                key: "catch_up_small_transactions_per_cpu_s", value: Double(small.height) * 20 / smallWork,
                meaning: "transactions in blocks of 20 in a second of the role's thread"),
            Figure(key: "catch_up_small_blocks_per_s", value: Double(small.height) / smallSeconds, meaning: "blocks/s of 20 transactions"),
        ]
    }

    private func open(_ context: RoleContext, _ folder: String) throws -> RoleStore {
        try RoleStore(folder: folder, network: context.network.id, address: context.address)
    }

    private func restart<Role: RoleCore>(_ type: Role.Type, _ context: RoleContext, _ folder: String) throws -> Role {
        let store = try open(context, folder)
        defer { store.close() }
        return try Role(context: context, recovered: store.recovered(Role.recoveredTables))
    }

    private func follow(_ chain: LongChain, folder: String) throws {
        let role = try follow(ConsensusRole.self, chain, chain.context, folder: folder)
        precondition(role.height == chain.height, "the role has caught up")
    }

    private func record(_ chain: LongChain, folder: String) throws {
        _ = try follow(RecorderRole.self, chain, chain.recorder, folder: folder)
        let store = try open(chain.recorder, folder)
        defer { store.close() }
        let last = try store.rows(StoreTable(rawValue: "archive_0"), from: chain.height, limit: 1).first
        precondition(last?.key == chain.height, "the whole chain is in the archive")
    }

    /// A role with an empty store takes the whole chain from a peer, as its shell would hand the answers over.
    private func follow<Role: RoleCore>(_ type: Role.Type, _ chain: LongChain, _ context: RoleContext, folder: String) throws -> Role {
        let store = try open(context, folder)
        defer { store.close() }
        var role = try Role(context: context, recovered: store.recovered(Role.recoveredTables))
        var inputs: [RoleInput] = [.started]
        var now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: TestNetwork.genesisTime)
        while !inputs.isEmpty {
            let effects = role.apply(inputs.removeFirst(), at: now)
            now.monotonicMilliseconds += 1
            try store.commit(effects.flatMap { effect -> [StoreOperation] in if case .persist(let more) = effect { more } else { [] } })
            for effect in effects {
                switch effect {
                case .call(let call, _, .fetchBlocks(TestNetwork.alpha, let from, _), _):
                    guard from <= chain.height else { continue }
                    inputs.append(.answered(call: call, try Response(decoding: chain.answer(from: from), network: chain.context.network.id)))
                case .call(let call, _, .fetchSigned, _): inputs.append(.answered(call: call, .signed([])))
                case .setTimer(let timer, let wait) where wait == SnapshotKeeper.pauseMilliseconds: inputs.append(.timerFired(timer))
                default: continue
                }
            }
        }
        return role
    }
}

/// A chain of final blocks as answers to FetchBlocks carry them.
private struct LongChain {
    let context: RoleContext
    /// Of a notary's recorder in the same network.
    let recorder: RoleContext
    let height: Height
    private var answers: [(from: Height, bytes: [UInt8])] = []

    /// - Parameter count: blocks, of `size` transfers each.
    init(_ count: Int, of size: Int, accounts: Int) throws {
        let keys = (0..<accounts).map { PublicKey(Blake2b.hash(Array("account \($0)".utf8))) }
        let funds = [Balance(asset: TestNetwork.assetX, amount: TestNetwork.funds)]
        let test = TestNetwork(accounts: keys.map { GenesisAccount(key: $0, balances: funds) })
        context = RoleContext(
            network: test.network, address: RoleAddress(role: .consensus, chain: TestNetwork.alpha, node: "alpha-1"),
            signer: test.nodeKeys[TestNetwork.alpha]![0].signer)
        recorder = RoleContext(
            network: test.network, address: RoleAddress(role: .recorder, chain: .notary, node: "notary-1"),
            signer: test.nodeKeys[.notary]![0].signer)
        height = Height(count)
        let nothing = test.alice.signer.sign(.watch, network: test.network.id, [])
        let maker = TestChain(test, TestNetwork.alpha)
        var tree = BlockTree(book: ElectorateBook(network: test.network), chain: TestNetwork.alpha) { $0.holds }
        var nonces = [UInt64](repeating: 0, count: accounts)
        var waiting: [FinalBlock] = []
        var waitingBytes = 0
        func answer() -> (from: Height, bytes: [UInt8])? {
            waiting.first.map { (from: $0.block.header.height, bytes: Response.blocks(waiting, head: Height(count)).encoded) }
        }
        for number in 0..<count {
            let items = (0..<size).map { index -> BlockItem in
                let payer = (number * size + index) % accounts
                let signer = Signer(publicKey: keys[payer]) { _ in nothing }
                let transfer = Transfer(
                    chain: TestNetwork.alpha, network: test.network.id, to: keys[(payer + 1 + number % (accounts - 1)) % accounts], asset: TestNetwork.assetX,
                    amount: 1, nonce: nonces[payer], memo: "", signer: signer)
                nonces[payer] += 1
                return BlockItem(transaction: Transaction(.transfer(transfer), chain: TestNetwork.alpha, network: test.network.id), foreign: [])
            }
            let slot = Slot(number + 1)
            let block = tree.build(
                on: tree.finalHash, slot: slot, time: tree.finalTime + 1_000, items: items, notary: (height: 0, hash: .zero),
                signer: test.leader(of: slot, chain: TestNetwork.alpha).signer
            ).block
            precondition(block.transactions.count == size && tree.validate(block) == .valid, "every transfer is in the block")
            _ = tree.finalize(block.hash)
            let item = FinalBlock(block: block, final: maker.final(block))
            let bytes = item.encoded.count
            if waitingBytes + bytes > Limits.blockAnswerBytes || waiting.count == Limits.blocksPerAnswer, let full = answer() {
                answers.append(full)
                (waiting, waitingBytes) = ([], 0)
            }
            waiting.append(item)
            waitingBytes += bytes
        }
        if let last = answer() { answers.append(last) }
    }

    /// What a peer answers to a question for blocks from a height on.
    func answer(from height: Height) -> [UInt8] {
        guard let answer = answers.first(where: { $0.from == height }) else { preconditionFailure("a role asks where the last answer ended") }
        return answer.bytes
    }
}
