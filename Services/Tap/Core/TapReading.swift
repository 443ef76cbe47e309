import Cryptography
import Wire

/// What a message says, in the words of a tap.
struct TapReading {
    var kind = ""
    var chain: ChainID?
    var height: Height?
    var transactions: [Digest] = []
    var detail = ""

    /// - Parameter topic: the chain that the frame's topic names.
    init(_ message: Message, on topic: ChainID?, network: Digest) {
        switch message {
        case .accepted(let batch): read(batch, on: topic, network)
        case .candidate(let block): read("candidate", block.header, block.transactions)
        case .final(let final): read("final", final.header, [])
        case .certified(let certified): read("certified", certified.header, [])
        case .notarized(let notarized):
            read("notarized", notarized.header, [])
            name(notarized.crosses)
        case .verdict(let verdict): read(verdict)
        case .vote(let vote): read("vote", vote.statement)
        case .certificate(let certificate):
            read("certificate", certificate.statement)
            detail += " by \(certificate.signers.positions.count)"
        case .leg(let notice):
            (kind, chain, transactions) = ("leg", notice.chain, [notice.cross.xid])
            detail = "\(notice.purpose.word) by \(notice.notary)"
        case .confirm(let notice):
            (kind, transactions) = ("confirm", [notice.xid])
            detail = notice.confirmed ? "confirmed at \(notice.node)" : "asked at \(notice.node)"
        case .branch(let head):
            (kind, chain, height) = ("branch", head.chain, head.height)
            detail = "\(head.notary) follows \(head.block.short)"
            name(head.crosses)
        default: readRest(message)
        }
    }

    private mutating func readRest(_ message: Message) {
        switch message {
        case .lead(let lead): (kind, chain, detail) = ("lead", lead.chain, "\(lead.node) leads slot \(lead.slot)")
        case .pool(let pool): (kind, chain, detail) = ("pool", pool.chain, "\(pool.waiting) wait at \(pool.node)")
        case .alarm(let alarm): (kind, detail) = ("alarm", "\(alarm.severity.rawValue) \(alarm.code): \(alarm.detail)")
        case .evidence(let evidence): (kind, chain, detail) = ("evidence", evidence.chain, evidence.kind.rawValue)
        case .consent(let consent): (kind, chain, detail) = ("consent", consent.chain, consent.wish == .freeze ? "freeze" : consent.wish == .thaw ? "thaw" : "leave")
        case .beat(let beat): (kind, chain, height, detail) = ("beat", RoleAddress(beat.source)?.chain, beat.height, "\(beat.waiting) wait, \(beat.received) in, \(beat.sent) out")
        case .recorded(let recorded): (kind, chain, height) = ("recorded", recorded.chain, recorded.head?.notary.header.height)
        case .handover(let handover): (kind, chain, height, detail) = ("handover", handover.chain, handover.final.header.height, "epoch \(handover.epoch)")
        case .nomination(let nomination): (kind, chain, transactions) = ("nomination", .notary, [nomination.transaction.id])
        case .contract(let notice): (kind, chain, detail) = ("contract", notice.chain, "\(notice.id)@\(notice.version)")
        case .pause(let notice): (kind, chain, detail) = ("pause", notice.chain, notice.target.text)
        case .pauseConsent(let consent): (kind, detail) = ("consent", "\(consent.change.level.word) \(consent.change.target.text)")
        case .admission(let admission): (kind, chain, detail) = ("admission", admission.body.chain.id, "\(admission.body.chain.nodes.count) nodes")
        case .joined(let notice): (kind, chain) = ("joined", notice.chain)
        default: kind = "unreadable"
        }
    }

    private mutating func read(_ batch: AcceptedTransactions, on topic: ChainID?, _ network: Digest) {
        (kind, chain, detail) = ("accepted", topic, "\(batch.transactions.count) transactions at \(batch.node)")
        guard let topic else { return }
        for pooled in batch.transactions {
            guard let transaction = try? Transaction(decoding: pooled.transaction, chain: topic, network: network) else { continue }
            name(transaction)
        }
    }

    private mutating func read(_ kind: String, _ header: BlockHeader, _ transactions: [Transaction]) {
        (self.kind, chain, height, detail) = (kind, header.chain, header.height, "slot \(header.slot)")
        if kind == "candidate" { detail += ", \(transactions.count) transactions" }
        for transaction in transactions { name(transaction) }
    }

    private mutating func read(_ kind: String, _ statement: Statement) {
        (self.kind, chain) = (kind, statement.chain)
        let what = switch statement.kind {
        case .notar: "notar"
        case .skip: "skip"
        case .final: "final"
        }
        detail = "\(what) slot \(statement.slot)"
    }

    private mutating func read(_ verdict: NotaryVerdict) {
        (kind, chain) = ("verdict", verdict.chain)
        switch verdict.verdict {
        case .signed(_, let slot, let height, _):
            self.height = height
            detail = "signed slot \(slot)"
        case .deferred(let chain, let height, let reason): detail = "deferred, needs \(chain) \(height): \(reason)"
        case .refused(let transaction, let reason):
            detail = "refused: \(reason.code)"
            if let transaction { transactions = [transaction] }
        }
    }

    private mutating func name(_ transaction: Transaction) {
        for id in [transaction.id] + (transaction.xid.map { [$0] } ?? []) where !transactions.contains(id) { transactions.append(id) }
    }

    private mutating func name(_ crosses: [CrossData]) {
        for cross in crosses where !transactions.contains(cross.xid) { transactions.append(cross.xid) }
    }
}

extension LegNotice.Purpose {
    var word: String {
        switch self {
        case .confirm: "ask"
        case .settle: "settle"
        case .refund: "refund"
        }
    }
}

extension Digest {
    /// Its first twelve hexadecimal digits.
    var short: String { String(hex.prefix(12)) }
}
