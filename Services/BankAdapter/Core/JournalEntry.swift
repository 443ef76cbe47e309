import Wire

/// What an adapter keeps: each on disk before anything that relies on it leaves the process.
package enum JournalEntry: Hashable, Sendable {
    case message(MessageEntry)
    case instruction(InstructionEntry)
    case credit(CreditEntry)

    /// Unique in a journal.
    package var key: String {
        switch self {
        case .message(let entry): "m/\(entry.header.fingerprint)"
        case .instruction(let entry): "i/\(entry.reference)"
        case .credit(let entry): "c/\(entry.xid)"
        }
    }
}

/// A payment file that was taken in.
package struct MessageEntry: Hashable, Sendable, Codable {
    /// Reports that were written.
    package enum Reported: Int, Hashable, Sendable, Comparable, Codable {
        case nothing = 0
        case interim = 1
        case final = 2

        package static func < (left: Reported, right: Reported) -> Bool { left.rawValue < right.rawValue }
    }

    package var header: MessageHeader
    /// References of its instructions, in the order of the file.
    package var instructions: [String]
    package var reported: Reported
    /// Position in the journal.
    package var number: Int

    package init(header: MessageHeader, instructions: [String], reported: Reported, number: Int) {
        self.header = header
        self.instructions = instructions
        self.reported = reported
        self.number = number
    }
}

/// A payment as it was signed: these bytes, and no others, are ever handed in for it.
package struct SubmittedPayment: Hashable, Sendable, Codable {
    package var chain: String
    package var decidingChain: String
    package var bytes: [UInt8]
    /// Transaction id, 64 hexadecimal digits.
    package var id: String
    /// Nil for a transfer.
    package var xid: String?

    package init(chain: String, decidingChain: String, bytes: [UInt8], id: String, xid: String?) {
        self.chain = chain
        self.decidingChain = decidingChain
        self.bytes = bytes
        self.id = id
        self.xid = xid
    }

    /// What people look it up by.
    package var name: String { xid ?? id }

    /// For what has ended and is never handed in again.
    var withoutBytes: SubmittedPayment { SubmittedPayment(chain: chain, decidingChain: decidingChain, bytes: [], id: id, xid: xid) }
}

/// One instruction, and how far it is.
package struct InstructionEntry: Hashable, Sendable, Codable {
    /// The way of an instruction. Each step is kept before the next one begins.
    package enum Stage: Hashable, Sendable, Codable {
        /// The bank's system is asked to reserve.
        case received
        /// Final: nothing was reserved, nothing moved.
        case refused(StatusReason)
        /// Reserved; nothing has left the process yet.
        case reserved
        /// Signed: from now on a collector may have it.
        case submitted(SubmittedPayment)
        /// The creditor's side has it; the bank's system is told.
        case paid(SubmittedPayment)
        /// Final.
        case settled(SubmittedPayment)
        /// Came to nothing; the bank's system is told to release.
        case returning(StatusReason, SubmittedPayment?)
        /// Final: what was reserved is the customer's again.
        case rejected(StatusReason, SubmittedPayment?)

        package var isFinal: Bool {
            switch self {
            case .refused, .settled, .rejected: true
            case .received, .reserved, .submitted, .paid, .returning: false
            }
        }
    }

    /// 32 hexadecimal digits, the same whenever the same file is read.
    package var reference: String
    /// Fingerprint of its file.
    package var message: String
    package var batch: String
    package var instructionID: String?
    package var endToEndID: String
    package var uetr: String?
    package var amountText: String
    package var currency: String
    package var debtor: String
    package var creditor: String
    /// Nil for one that was refused when it was read.
    package var payment: BankPayment?
    package var stage: Stage

    /// Whether nothing was paid, and never will be.
    var hasFailed: Bool {
        switch stage {
        case .refused, .rejected: true
        case .received, .reserved, .submitted, .paid, .settled, .returning: false
        }
    }
}

/// A payment that comes in for a customer of this bank.
package struct CreditEntry: Hashable, Sendable, Codable {
    /// The way of a credit.
    package enum Stage: Hashable, Sendable, Codable {
        /// The bank's system is asked whether it may be credited.
        case asked
        /// Confirmed; the chain decides whether it comes.
        case accepted
        /// Refused; the money never comes.
        case declined(StatusReason)
        /// The money is here; the bank's system is told to credit.
        case committed
        /// Final: the customer has it.
        case credited
        /// Final: it did not come in time.
        case lapsed

        package var isFinal: Bool {
            switch self {
            case .declined, .credited, .lapsed: true
            case .asked, .accepted, .committed: false
            }
        }
    }

    /// 64 hexadecimal digits.
    package var xid: String
    package var account: AccountNumber?
    package var amount: Amount
    package var currency: String
    package var endToEndID: String
    /// Chain time until which it can come, Unix milliseconds.
    package var deadline: UInt64
    package var stage: Stage

    package init(xid: String, account: AccountNumber?, amount: Amount, currency: String, endToEndID: String, deadline: UInt64, stage: Stage = .asked) {
        self.xid = xid
        self.account = account
        self.amount = amount
        self.currency = currency
        self.endToEndID = endToEndID
        self.deadline = deadline
        self.stage = stage
    }
}
