import Crypto
import RoleKit
import Wire

/// Asks every honest recorder, at the end of a run, what proves some of the final transactions: whatever happened to its process and its
/// disk, its index must lead to them, and to the notary blocks that record them.
final class ReceiptInspector: SimulatedClient {
    /// A transaction of a recorded block, and a recorder that must have it.
    private struct Question: Hashable {
        var recorder: String
        var chain: ChainID
        var height: Height
        var position: Int
        var id: Digest
    }

    let name = "receipt-inspector"
    /// Blocks of each chain that are asked about, from the first to the newest.
    private static let blocksEach = 5
    /// Times that a recorder is asked: it may still be catching up, or repairing a block.
    private static let rounds = 12
    private static let roundMicroseconds: UInt64 = 2_500_000

    private var index = 0
    private var lastCall: UInt64 = 0
    private var open: [Question] = []
    private var calls: [UInt64: Question] = [:]

    /// Asks until everything has been shown; what has not been by the last round is a violation.
    func inspect(_ world: World, mostSteps: UInt64) {
        index = world.add(self)
        open = questions(world)
        for _ in 0..<ReceiptInspector.rounds where !open.isEmpty {
            for question in open {
                lastCall += 1
                calls[lastCall] = question
                world.request(question.recorder, .receipt(question.id), client: index, id: lastCall, timeoutMilliseconds: 2_000)
            }
            world.run(atMost: ReceiptInspector.roundMicroseconds, mostSteps: mostSteps) { open.isEmpty }
        }
        for question in open.prefix(3) {
            world.judge.findings.report(
                .acknowledged, "\(question.recorder) does not show \(question.id), final and recorded in \(question.chain) \(question.height)",
                at: world.now)
        }
    }

    private func questions(_ world: World) -> [Question] {
        let recorders = world.instances.filter { $0.address.role == .recorder && !$0.isByzantine && $0.isRunning }
        var found: [Question] = []
        for chain in world.network.chains where chain.id != world.judge.corrupt {
            let recorded = world.judge.replay.recordedHeight(of: chain.id)
            let blocks = world.judge.history.blocks(of: chain.id).filter { !$0.transactions.isEmpty && $0.header.height <= recorded }
            for place in stride(from: 0, to: blocks.count, by: max(1, blocks.count / ReceiptInspector.blocksEach)) {
                let block = blocks[place]
                let position = place % block.transactions.count
                found += recorders.map {
                    Question(
                        recorder: Service.name(.recorder, chain: .notary, node: $0.address.node), chain: chain.id, height: block.header.height,
                        position: position, id: block.transactions[position].id)
                }
            }
        }
        return found
    }

    func answered(_ call: UInt64, _ response: Response, world: World) {
        guard let question = calls.removeValue(forKey: call) else { return }
        guard case .receipt(let receipt) = response else { return }
        let part = receipt.parts.first { $0.chain == question.chain && $0.final.header.height == question.height && $0.index == question.position }
        // Without the record the recorder has not read the notary chain that far yet: it is asked again.
        guard let part, let record = part.record else { return }
        let block = world.judge.history.blocks(of: question.chain).first { $0.header.height == question.height }
        let isTrue = receipt.id == question.id && part.transaction == block?.transactions[question.position].bytes
            && part.final.hash == block?.header.hash
        let notary = world.judge.history.blocks(of: .notary).first { $0.header.height == record.final.header.height }
        let isRecorded = notary?.transactions.indices.contains(record.index) ?? false && notary?.transactions[record.index].bytes == record.transaction
        if !isTrue || !isRecorded {
            world.judge.findings.report(.acknowledged, "\(question.recorder) shows something else for \(question.id)", at: world.now)
        }
        open.removeAll { $0 == question }
    }

    func noticed(_ notice: Notice, world: World) {}
    func timerFired(_ key: Int, world: World) {}
}
