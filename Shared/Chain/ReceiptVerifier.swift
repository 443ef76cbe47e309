import Cryptography
import Wire

/// Verifies receipts by the network's description alone: no node is asked, and none is trusted (docs/protocol.md section 12; A9).
package struct ReceiptVerifier: Sendable {
    /// How what a receipt shows has ended.
    package enum Ending: Hashable, Sendable {
        /// A transaction of one chain, applied.
        case applied
        case rejected(Reason)
        case settled
        case refunded(Cause)
        /// The parts are true, and do not show an end.
        case open

        package var name: String {
            switch self {
            case .applied: "applied"
            case .rejected: "rejected"
            case .settled: "settled"
            case .refunded: "refunded"
            case .open: "open"
            }
        }
    }

    /// Why a cross transaction came to nothing.
    package enum Cause: Hashable, Sendable {
        /// By the receiver, who gave this reason.
        case refused(String)
        /// By the initiator.
        case cancelled
        case deadlinePassed
        /// The deciding chain was frozen (R8).
        case chainFrozen

        /// As reasons are called (docs/protocol.md section 6).
        package var code: String {
            switch self {
            case .refused: Reason.refusedByReceiver.code
            case .cancelled: Reason.cancelledByInitiator.code
            case .deadlinePassed: Reason.deadlinePassed.code
            case .chainFrozen: Reason.chainFrozen.code
            }
        }
    }

    /// What a good receipt shows.
    package struct Finding: Hashable, Sendable {
        package var ending: Ending
        package var parts: [Part]
        /// Whether the notary chain has recorded every block of it.
        package var isRecorded: Bool { parts.allSatisfy { $0.recordedAt != nil || $0.chain == .notary } }
    }

    /// One transaction of a good receipt.
    package struct Part: Hashable, Sendable {
        package var chain: ChainID
        package var height: Height
        package var time: ChainTime
        package var kind: UInt8
        package var outcome: Outcome
        /// Height of the notary block that records it.
        package var recordedAt: Height?
    }

    /// Why a receipt is not to be believed.
    package enum Fault: Error, Hashable, Sendable {
        case empty
        case unknownChain(part: Int)
        /// The block is not shown to be final.
        case notFinal(part: Int, Reason)
        /// No transaction of the chain, or not the receipt's.
        case notTheTransaction(part: Int)
        case notInTheBlock(part: Int)
        case recordInvalid(part: Int)
        /// The same transaction of the same chain is shown before.
        case repeated(part: Int)
        /// Electorates that cannot be followed from the first ones.
        case handover(Int)
        /// Parts that no honest network can have made together.
        case contradiction

        /// A clause without a full stop; parts are counted from 1.
        package var text: String {
            switch self {
            case .empty: "it has no parts"
            case .unknownChain(let part): "part \(part + 1): the chain is not of this network"
            case .notFinal(let part, let reason): "part \(part + 1): the block is not shown to be final (\(reason.code))"
            case .notTheTransaction(let part): "part \(part + 1): the transaction is not the one that the receipt names"
            case .notInTheBlock(let part): "part \(part + 1): the transaction and its outcome are not in the block"
            case .recordInvalid(let part): "part \(part + 1): the notary chain's record of the block does not hold"
            case .repeated(let part): "part \(part + 1): the same transaction was shown before"
            case .handover(let number): "handover \(number + 1): the electorate before has not signed it"
            case .contradiction: "its parts contradict each other: more than a third of a chain's voters must have signed both"
            }
        }
    }

    private let book: ElectorateBook
    private var checker: CertificateChecker
    private var network: Network { book.network }

    /// - Parameter verify: judges signatures.
    package init(network: Network, verify: @escaping @Sendable (SignatureCheck) -> Bool = { $0.holds }) {
        book = ElectorateBook(network: network)
        checker = CertificateChecker(book: book, verify: verify)
    }

    /// What a receipt shows.
    ///
    /// - Throws: the first thing that is wrong with it.
    package mutating func verify(_ receipt: Receipt) throws(Fault) -> Finding {
        guard !receipt.parts.isEmpty else { throw .empty }
        try learn(receipt.handovers)
        var shown: [Shown] = []
        for (number, part) in receipt.parts.enumerated() {
            let transaction = try check(part, number, of: receipt.id)
            if shown.contains(where: { $0.part.chain == part.chain && $0.transaction.id == transaction.id }) { throw .repeated(part: number) }
            shown.append(Shown(part: part, transaction: transaction))
        }
        return Finding(
            ending: try ReceiptVerifier.ending(of: shown),
            parts: shown.map { item in
                Part(
                    chain: item.part.chain, height: item.part.final.header.height, time: item.part.final.header.time,
                    kind: item.transaction.kindNumber, outcome: item.part.outcome, recordedAt: item.part.record?.final.header.height)
            })
    }

    /// Why a block is not shown to be final by those whom receipts have shown to vote; nil when it is.
    package mutating func fault(in final: FinalHeader) -> Reason? { checker.fault(in: final) }

    /// Takes an electorate that the one before has signed.
    ///
    /// - Returns: false when it has not, or its own signers are not known here yet.
    @discardableResult package mutating func learn(_ handover: Handover) -> Bool {
        guard let entry = checker.entry(shownBy: handover) else { return false }
        book.learn(entry, of: handover.chain, isShown: true)
        return true
    }

    /// Chains of which an electorate was missing since this was last asked, with the epoch from which on it is.
    package func takeMissing() -> [(chain: ChainID, from: Epoch)] { book.takeMissed().map { ($0, book.shownEpoch(of: $0) + 1) } }

    /// A part whose place has been proven.
    struct Shown {
        var part: Receipt.Part
        var transaction: Transaction
        var isApplied: Bool { part.outcome.rejection == nil }
    }

    /// Follows the electorates from those of the network's description.
    private mutating func learn(_ handovers: [Handover]) throws(Fault) {
        for (number, handover) in handovers.enumerated() {
            guard learn(handover) else { throw .handover(number) }
        }
    }

    private mutating func check(_ part: Receipt.Part, _ number: Int, of id: Digest) throws(Fault) -> Transaction {
        guard network.chain(part.chain) != nil, part.final.header.chain == part.chain else { throw .unknownChain(part: number) }
        if let reason = checker.fault(in: part.final) { throw .notFinal(part: number, reason) }
        guard let transaction = try? Transaction(decoding: part.transaction, chain: part.chain, network: network.id),
            transaction.id == id || transaction.xid == id
        else { throw .notTheTransaction(part: number) }
        guard ReceiptVerifier.leads(transaction.bytes, part.outcome, at: part.index, part.path, to: part.final.header) else {
            throw .notInTheBlock(part: number)
        }
        guard let record = part.record else { return transaction }
        guard record.final.header.chain == .notary, checker.fault(in: record.final) == nil,
            let recording = try? Transaction(decoding: record.transaction, chain: .notary, network: network.id),
            case .record(let content) = recording.kind, content.final.hash == part.final.hash,
            ReceiptVerifier.leads(recording.bytes, .applied, at: record.index, record.path, to: record.final.header)
        else { throw .recordInvalid(part: number) }
        return transaction
    }

    private static func leads(_ bytes: [UInt8], _ outcome: Outcome, at index: Int, _ path: [Digest], to header: BlockHeader) -> Bool {
        let leaf = MerkleTree.leaf(bytes, outcome: outcome.byte)
        return MerkleTree.root(leaf: leaf, index: index, count: header.fields.transactionCount, path: path) == header.fields.transactionsRoot
    }
}
