import Cryptography
import Wire

/// What the ledgers hold of a run's payments: blocks are read again, one after the other, and every payment is looked up in them.
package struct LedgerReading: Sendable {
    /// What was found of one transaction or cross transaction.
    private struct Entry: Hashable, Sendable {
        static let none = Entry()

        /// Times that it stands there, applied: a transfer, a lock or a redemption, and the parts of a cross payment.
        var payments = 0, holds = 0, decisions = 0, settlements = 0, refunds = 0
        /// Times that value of it appeared on the other chain of a peg.
        var issues = 0
        /// Whether it stands there as rejected.
        var isRejected = false
        /// Height of the block that made it final.
        var height: Height = 0
        /// Chain time of the block in which value of it appeared on the other chain of a peg.
        var issuedAt: ChainTime?

        var isTwice: Bool { [payments, holds, decisions, settlements, refunds, issues].contains { $0 > 1 } || settlements > 0 && refunds > 0 }
    }

    /// Where a block was recorded.
    private struct Place: Hashable, Sendable {
        var chain: ChainID
        var height: Height
    }

    private var entries: [Digest: Entry] = [:]
    private var records: [Place: ChainTime] = [:]
    package private(set) var blocks = 0
    package private(set) var transactions = 0

    package init() {}

    /// Takes in the next final block of a chain.
    package mutating func read(_ block: Block) {
        blocks += 1
        if block.header.chain == .notary { return readRecords(block) }
        for (transaction, outcome) in zip(block.transactions, block.outcomes) {
            transactions += 1
            note(transaction, isApplied: outcome.rejection == nil, block.header.fields)
        }
    }

    private mutating func note(_ transaction: Transaction, isApplied: Bool, _ header: BlockHeader.Fields) {
        let name: Digest
        switch transaction.kind {
        case .issue(let proof), .release(let proof): name = proof.order
        default: name = transaction.xid ?? transaction.id
        }
        var entry = entries[name] ?? Entry()
        switch transaction.kind {
        case .transfer, .lock, .redeem:
            if isApplied { entry.payments += 1 } else { entry.isRejected = true }
            entry.height = header.height
        case .open: if isApplied { entry.holds += 1 } else { entry.isRejected = true }
        case .confirm where isApplied:
            entry.decisions += 1
            entry.height = header.height
        case .settle where isApplied: entry.settlements += 1
        case .refund where isApplied: entry.refunds += 1
        case .issue where isApplied, .release where isApplied:
            entry.issues += 1
            entry.issuedAt = header.time
        default: return
        }
        entries[name] = entry
    }

    private mutating func readRecords(_ block: Block) {
        for transaction in block.transactions {
            guard case .record(let record) = transaction.kind else { continue }
            records[Place(chain: record.final.header.fields.chain, height: record.final.header.fields.height)] = block.header.fields.time
        }
    }

    /// Compares what a payer was told with what stands there.
    package func standing(of payment: LoadPayment) -> LoadPayment.Standing {
        guard payment.isSent else { return .unread }
        let entry = (payment.xid ?? payment.id).flatMap { entries[$0] } ?? Entry()
        guard !entry.isTwice else { return .duplicate }
        switch payment.outcome {
        case .settled where payment.kind == .cross:
            if entry.refunds > 0 { return .different }
            return entry.holds == 1 && entry.decisions == 1 && entry.settlements == 1 ? .found : .missing
        case .settled: return entry.payments == 1 ? .found : entry.isRejected ? .different : .missing
        case .refunded:
            if entry.settlements > 0 || entry.decisions > 0 { return .different }
            return entry.refunds == 1 ? .found : .missing
        case .rejected: return entry.payments == 0 && entry.holds == 0 ? .found : .different
        case .open: return entry == Entry.none ? (payment[.accepted] == nil ? .found : .missing) : .found
        case .skipped, .dropped: return .unread
        }
    }

    /// When the notary chain recorded the block that made a payment final, Unix milliseconds.
    package func recordedMilliseconds(_ payment: LoadPayment) -> ChainTime? {
        guard payment.outcome == .settled, let entry = (payment.xid ?? payment.id).flatMap({ entries[$0] }), entry.height > 0 else { return nil }
        return records[Place(chain: payment.decidingChain, height: entry.height)]
    }

    /// When what was locked or redeemed appeared on the other chain of its peg, by that block's own time, Unix milliseconds.
    package func issuedMilliseconds(_ payment: LoadPayment) -> ChainTime? {
        guard payment.kind.crossesPeg, payment.outcome == .settled else { return nil }
        return payment.id.flatMap { entries[$0]?.issuedAt }
    }

    /// Whether all that the ledgers will say of a payment has been read.
    package func isComplete(_ payment: LoadPayment) -> Bool {
        payment.outcome != .settled || recordedMilliseconds(payment) != nil && (!payment.kind.crossesPeg || issuedMilliseconds(payment) != nil)
    }
}

/// What the reading again came to.
package struct LedgerVerdict: Hashable, Sendable, Encodable {
    package var blocks = 0
    package var transactions = 0
    package var found = 0
    package var missing = 0
    package var duplicates = 0
    /// Payments of which the ledgers say something else than their payer was told.
    package var different = 0
    /// Locks and redemptions whose value has not appeared on the other chain: the peg's members do not run, or are late.
    package var not_issued = 0
    /// Recorded before they were to be sent, by the clocks of this machine and of the notaries; these latencies are left out.
    package var negative_latencies = 0

    package init() {}

    /// Looks every payment up, and completes it with what the ledgers know.
    ///
    /// - Parameter startMilliseconds: Unix milliseconds of the start of the run.
    package static func judge(_ payments: inout [LoadPayment], _ reading: LedgerReading, startMilliseconds: UInt64) -> LedgerVerdict {
        var verdict = LedgerVerdict()
        verdict.blocks = reading.blocks
        verdict.transactions = reading.transactions
        for position in payments.indices {
            let standing = reading.standing(of: payments[position])
            payments[position].standing = standing
            switch standing {
            case .found: verdict.found += 1
            case .missing: verdict.missing += 1
            case .duplicate: verdict.duplicates += 1
            case .different: verdict.different += 1
            case .unread: break
            }
            if payments[position].kind.crossesPeg, standing == .found, payments[position].outcome == .settled, reading.issuedMilliseconds(payments[position]) == nil { verdict.not_issued += 1 }
            let scheduled = startMilliseconds * 1_000 + payments[position].scheduled
            for (mark, time) in [(LoadMark.recorded, reading.recordedMilliseconds(payments[position])), (.issued, reading.issuedMilliseconds(payments[position]))] {
                guard let time else { continue }
                if time * 1_000 >= scheduled { payments[position][mark] = time * 1_000 - scheduled } else { verdict.negative_latencies += 1 }
            }
        }
        return verdict
    }

    /// Whether the ledgers say what the payers were told.
    package var isGood: Bool { missing == 0 && duplicates == 0 && different == 0 }
}
