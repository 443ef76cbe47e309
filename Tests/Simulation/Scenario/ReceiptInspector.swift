import Chain
import Cryptography
import RoleKit
import Wire

/// Asks every honest recorder, at the end of a run, what proves some of the final transactions: whatever happened to its process and its
/// disk, its index must lead to them, and to the notary blocks that record them; and who has nothing but the network's description must
/// find the receipt to hold, and to say how it ended (A9).
final class ReceiptInspector: SimulatedClient {
    /// A transaction of a recorded block, and a recorder that must have it.
    private struct Question: Hashable {
        var recorder: String
        var chain: ChainID
        var height: Height
        var position: Int
        /// Of the transaction, or the xid of the cross transaction that it belongs to.
        var id: Digest
    }

    let name = "receipt-inspector"
    /// Blocks of each chain that are asked about, from the first to the newest.
    private static let blocksEach = 5
    /// Times that a recorder is asked: it may still be catching up, or repairing a block.
    private static let rounds = 12
    private static let roundMicroseconds: UInt64 = 2_500_000

    private let shelf: HandoverShelf
    private var index = 0
    private var lastCall: UInt64 = 0
    private var open: [Question] = []
    private var calls: [UInt64: Question] = [:]

    init(_ shelf: HandoverShelf) { self.shelf = shelf }

    /// Asks until everything has been shown; what has not been by the last round is a violation.
    func inspect(_ world: World, mostSteps: UInt64) {
        index = world.add(self)
        open = questions(world)
        for _ in 0..<ReceiptInspector.rounds where !open.isEmpty {
            shelf.ask(world)
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
                let transaction = block.transactions[position]
                found += recorders.map {
                    Question(
                        recorder: Service.name(.recorder, chain: .notary, node: $0.address.node), chain: chain.id, height: block.header.height,
                        position: position, id: place % 2 == 0 ? transaction.id : transaction.xid ?? transaction.id)
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
        if verify(receipt, from: question, world) { open.removeAll { $0 == question } }
    }

    /// - Returns: whether the question has been answered; not while an electorate is missing.
    private func verify(_ answered: Receipt, from question: Question, _ world: World) -> Bool {
        let memo = world.memo
        var verifier = ReceiptVerifier(network: world.network) { memo.holds($0) }
        var receipt = answered
        receipt.handovers = shelf.handovers
        do throws(ReceiptVerifier.Fault) {
            let finding = try verifier.verify(receipt)
            world.judge.exercised(.receiptVerified)
            compare(finding, with: receipt, question, world)
            return true
        } catch {
            let canComeLater = switch error {
            case .notFinal(_, .epochUnknown), .recordInvalid: world.network.chains.contains { $0.epochs != nil } || world.network.notary.epochs != nil
            default: false
            }
            if canComeLater { return false }
            // A corrupt chain can decide both ways.
            if error != .contradiction || !touchesCorrupt(receipt, world) {
                world.judge.findings.report(.certificates, "the receipt of \(question.id) from \(question.recorder) does not hold: \(error.text)", at: world.now)
            }
            return true
        }
    }

    /// What a receipt shows of a cross transaction's end is what the ledgers did.
    private func compare(_ finding: ReceiptVerifier.Finding, with receipt: Receipt, _ question: Question, _ world: World) {
        let isSettled: Bool
        switch finding.ending {
        case .settled: isSettled = true
        case .refunded: isSettled = false
        case .applied, .rejected, .open: return
        }
        let xids = receipt.parts.compactMap { try? Transaction(decoding: $0.transaction, chain: $0.chain, network: world.network.id).xid }
        guard let xid = xids.first, !touchesCorrupt(receipt, world), world.judge.replay.crosses.isSettled(xid) != isSettled else { return }
        world.judge.findings.report(
            .atomicity, "a receipt of \(xid) says \(finding.ending.name), the ledgers do not: it shows \(world.describe(receipt)), they say \(world.judge.replay.crosses.description(of: xid))",
            at: world.now)
    }

    private func touchesCorrupt(_ receipt: Receipt, _ world: World) -> Bool {
        guard let corrupt = world.judge.corrupt else { return false }
        return receipt.parts.contains { part in
            let transaction = try? Transaction(decoding: part.transaction, chain: part.chain, network: world.network.id)
            return part.chain == corrupt || transaction?.xid.map { world.judge.replay.crosses.decidingChain(of: $0) == corrupt } ?? false
        }
    }

    func noticed(_ notice: Notice, world: World) {}
    func timerFired(_ key: Int, world: World) {}
}

extension World {
    /// What a receipt shows, for who looks for the reason of a finding.
    fileprivate func describe(_ receipt: Receipt) -> String {
        receipt.parts.map { part in
            let transaction = try? Transaction(decoding: part.transaction, chain: part.chain, network: network.id)
            return "\(part.chain) \(part.final.header.height) kind \(transaction?.kindNumber ?? 0) outcome \(part.outcome.byte)\(part.record == nil ? " unrecorded" : "")"
        }.joined(separator: ", ")
    }
}
