import ArgumentParser
import Cryptography
import Determinism
import Ledger
import Wire

/// Plain transfers through `begin`, `apply` and `commit`, beside the rate of signature checks in the same run.
struct LedgerBenchmark: Benchmark {
    static let name = "ledger"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Transfers per second through the ledger, beside Ed25519 verification.")

    @Option(help: "Accounts that pay each other.")
    var accounts = 10_000
    @Option(help: "Transfers in a block.")
    var transfers = 1_000
    @Option(help: "Blocks in a round.")
    var blocks = 50
    @Option(help: "Rounds; the median one counts.")
    var rounds = 9
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard accounts >= 2, accounts <= 1_000_000 else { throw ValidationError("--accounts is from 2 to 1000000.") }
        guard transfers >= 1, transfers <= Limits.blockTransactions else {
            throw ValidationError("--transfers is from 1 to \(Limits.blockTransactions).")
        }
        guard blocks >= 1, blocks <= 1_000, rounds >= 1, rounds <= 1_000 else {
            throw ValidationError("--blocks and --rounds are from 1 to 1000.")
        }
    }

    func measure() -> [Figure] {
        let world = LedgerWorld(accounts: accounts)
        let chain = world.blocks(blocks, of: transfers)
        var samples: [Sample] = []
        for _ in 0..<rounds { samples.append(sample(world.genesis, chain)) }
        let verifications = verificationsPerSecond()
        let count = Double(blocks * transfers)
        let plain = count / median(samples.map(\.applySeconds))
        let rooted = count / median(samples.map { $0.applySeconds + $0.commitSeconds })
        return [
            Figure(key: "transfers_per_second", value: plain, meaning: "transfers/s, without signatures and state root"),
            Figure(key: "transfers_with_root_per_second", value: rooted, meaning: "transfers/s, without signatures, with the state root"),
            Figure(key: "verifications_per_second", value: verifications, meaning: "Ed25519 verifications/s"),
            Figure(key: "ratio", value: plain / verifications, meaning: "transfers in the time of one verification, without state root"),
            Figure(key: "ratio_with_root", value: rooted / verifications, meaning: "transfers in the time of one verification, with it"),
        ]
    }

    private struct Sample {
        var applySeconds = 0.0
        var commitSeconds = 0.0
    }

    /// One chain, from genesis. The state root is brought up to date within `commit`, which is timed apart.
    private func sample(_ genesis: LedgerState, _ chain: [[Transaction]]) -> Sample {
        var state = genesis
        var sample = Sample()
        for block in chain {
            sample.applySeconds += ThreadTime.seconds {
                state.begin(height: state.height + 1, time: state.time + 1)
                for place in block.indices {
                    guard case .applied = state.apply(block[place], foreign: .none) else {
                        preconditionFailure("every transfer of the benchmark is covered")
                    }
                }
            }
            sample.commitSeconds += ThreadTime.seconds { _ = state.commit() }
            state.forgetUndo(keepingLast: 8)
        }
        return sample
    }

    private func verificationsPerSecond() -> Double {
        let message = [UInt8](repeating: 7, count: 200)
        let checks = (1...64).map { index in
            let pair = KeyPair(seed: Digest(a: UInt64(index), b: 1, c: 2, d: 3))
            return SignatureCheck(key: pair.publicKey, signature: pair.sign(message), message: message)
        }
        let repetitions = 100
        let seconds = ThreadTime.seconds {
            for _ in 0..<repetitions {
                for check in checks { precondition(check.holds, "a good signature holds") }
            }
        }
        return Double(repetitions * checks.count) / seconds
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// A chain whose accounts pay each other at random, drawn from a fixed seed.
private struct LedgerWorld {
    let genesis: LedgerState
    private let chain = ChainID("alpha")!
    private let asset = AssetID("X")!
    private let network: Network
    private let signers: [Signer]

    init(accounts: Int) {
        var random = SeededRandom(seed: 1)
        // The ledger never looks at signatures, so nobody has to make real ones.
        signers = (0..<accounts).map { _ in
            let key = PublicKey(Digest(a: random.next(), b: random.next(), c: random.next(), d: random.next()))
            return Signer(publicKey: key, sign: { _ in Signature(first: .zero, second: .zero) })
        }
        let asset = asset
        let funded = signers.map { GenesisAccount(key: $0.publicKey, balances: [Balance(asset: asset, amount: 1_000_000_000)]) }
        let nodes = [NodeDescription(id: "alpha-1", key: signers[0].publicKey, site: "alpha")]
        network = Network(
            id: Digest(a: 1, b: 2, c: 3, d: 4),
            notary: ChainDescription(id: .notary, engine: .bft, nodes: nodes, genesis: [], genesisTime: 1_000),
            chains: [ChainDescription(id: chain, engine: .bft, nodes: nodes, genesis: funded, genesisTime: 1_000)],
            contracts: [], timing: Timing())
        genesis = LedgerState(network: network, chain: chain)
    }

    /// Transactions of consecutive blocks, as they come out of decoding.
    func blocks(_ count: Int, of size: Int) -> [[Transaction]] {
        var random = SeededRandom(seed: 2)
        var nonces = [UInt64](repeating: 0, count: signers.count)
        return (0..<count).map { _ in
            (0..<size).map { _ in
                let sender = Int(random.below(UInt64(signers.count)))
                let receiver = (sender + 1 + Int(random.below(UInt64(signers.count - 1)))) % signers.count
                defer { nonces[sender] += 1 }
                let transfer = Transfer(
                    chain: chain, network: network.id, to: signers[receiver].publicKey, asset: asset, amount: 1 + random.below(100),
                    nonce: nonces[sender], memo: "", signer: signers[sender])
                return Transaction(.transfer(transfer), chain: chain, network: network.id)
            }
        }
    }
}
