import ArgumentParser
import Chain
import Cryptography
import Determinism
import Dispatch
import RoleKit
import Runtime
import TestSupport
import ValidatorCore
import Wire

/// A notary's whole work on a candidate, from the bytes of the bus to the signed verdict, beside its signature checks alone.
struct ValidatorBenchmark: Benchmark {
    static let name = "validator"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "A block judged by a notary, in multiples of the time that its signature checks take.")

    @Option(help: "Transfers in a block.")
    var transfers = 1_000
    @Option(help: "Blocks; the median one counts.")
    var blocks = 21
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...Limits.blockTransactions).contains(transfers), (1...1_000).contains(blocks) else {
            throw ValidationError("--transfers is from 1 to \(Limits.blockTransactions), --blocks from 1 to 1000.")
        }
    }

    private struct Sample {
        /// Everything in one thread, by its processor time.
        var aloneSeconds = 0.0
        var aloneCheckSeconds = 0.0
        /// Checks spread over all cores, by the clock on the wall.
        var spreadSeconds = 0.0
        var spreadCheckSeconds = 0.0
    }

    func measure() throws -> [Figure] {
        let chain = try candidates()
        var one = try Notary(chain.test, 1)
        var two = try Notary(chain.test, 2)
        var samples: [Sample] = []
        for (bytes, final) in chain.blocks {
            var sample = Sample()
            var checks: [SignatureCheck] = []
            sample.aloneSeconds = try ThreadTime.seconds { checks = try one.judge(bytes, final) { $0.map(\.holds) } }
            sample.aloneCheckSeconds = ThreadTime.seconds { for check in checks { precondition(check.holds, "a good signature holds") } }
            sample.spreadSeconds = try WallTime.seconds { _ = try two.judge(bytes, final) { SignatureWorkers.answers($0) } }
            sample.spreadCheckSeconds = WallTime.seconds { _ = SignatureWorkers.answers(checks) }
            one.follow(bytes, final)
            two.follow(bytes, final)
            samples.append(sample)
        }
        return [
            figure("checks_ms", samples, { $0.aloneCheckSeconds * 1_000 }, "ms for the signature checks of a block of \(transfers), one thread"),
            figure("ratio", samples, { $0.aloneSeconds / $0.aloneCheckSeconds }, "times that for judging the block, one thread"),
            figure("spread_checks_ms", samples, { $0.spreadCheckSeconds * 1_000 }, "ms for the checks spread over all cores"),
            figure(
                "spread_ratio", samples, { $0.spreadSeconds / $0.spreadCheckSeconds },
                "times that for judging the block with its checks spread"),
        ]
    }

    private func figure(_ key: String, _ samples: [Sample], _ value: (Sample) -> Double, _ meaning: String) -> Figure {
        Figure(key: key, value: samples.map(value).sorted()[samples.count / 2], meaning: meaning)
    }

    /// Blocks in which everybody pays the next one, as the bus brings them.
    private func candidates() throws -> (test: TestNetwork, blocks: [(bytes: [UInt8], final: FinalHeader)]) {
        let keys = (0..<transfers).map { TestNetwork.key(10_000 + UInt64($0)) }
        let funds = [Balance(asset: TestNetwork.assetX, amount: TestNetwork.funds)]
        let test = TestNetwork(accounts: keys.map { GenesisAccount(key: $0.publicKey, balances: funds) })
        var chain = TestChain(test, TestNetwork.alpha)
        let made = (0..<blocks).map { number in
            let items = keys.indices.map { index in
                let transfer = test.transfer(
                    from: keys[index], to: keys[(index + 1 + number) % keys.count].publicKey, amount: 1, nonce: UInt64(number))
                return BlockItem(transaction: transfer, foreign: [])
            }
            let item = chain.append(chain.candidate(items))
            precondition(item.block.transactions.count == transfers, "every transfer is in the block")
            return (bytes: Message.candidate(item.block).encoded(), final: item.final!)
        }
        return (test, made)
    }
}

/// A validator driven by hand.
private struct Notary {
    let test: TestNetwork
    var role: ValidatorRole

    init(_ test: TestNetwork, _ number: Int) throws {
        self.test = test
        let address = RoleAddress(role: .validator, chain: TestNetwork.alpha, node: "notary-\(number)")
        role = try ValidatorRole(
            context: RoleContext(network: test.network, address: address, signer: test.nodeKeys[.notary]![number - 1].signer),
            recovered: StoredState())
        _ = role.apply(.started, at: Moment(monotonicMilliseconds: 0, wallMilliseconds: TestNetwork.genesisTime))
    }

    private func moment(_ final: FinalHeader) -> Moment {
        Moment(monotonicMilliseconds: final.header.time - TestNetwork.genesisTime, wallMilliseconds: final.header.time)
    }

    /// - Returns: the checks that were asked for.
    mutating func judge(_ bytes: [UInt8], _ final: FinalHeader, answer: ([SignatureCheck]) -> [Bool]) throws -> [SignatureCheck] {
        let message = try Message(decoding: bytes, network: test.network.id)
        let now = moment(final)
        for case .check(let token, let checks) in role.apply(.delivered(message, publisher: "builder.alpha@alpha-1/1"), at: now) {
            let effects = role.apply(.checked(token: token, answer(checks)), at: now)
            let isSigned = effects.contains { if case .publish(_, .verdict(let verdict)) = $0, case .signed = verdict.verdict { true } else { false } }
            precondition(isSigned, "a good candidate is signed")
            return checks
        }
        preconditionFailure("a candidate's signatures are checked")
    }

    mutating func follow(_ bytes: [UInt8], _ final: FinalHeader) {
        guard let message = try? Message(decoding: bytes, network: test.network.id) else { return }
        _ = role.apply(.delivered(message, publisher: "builder.alpha@alpha-1/1"), at: moment(final))
        _ = role.apply(.delivered(.final(final), publisher: "consensus.alpha@alpha-1/1"), at: moment(final))
    }
}
