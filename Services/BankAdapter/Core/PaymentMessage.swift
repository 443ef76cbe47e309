import Wire

/// A payment file as it was read: what is to be paid, and what cannot be.
package struct PaymentMessage: Hashable, Sendable {
    package var header: MessageHeader
    package var batches: [PaymentBatch]

    package init(header: MessageHeader, batches: [PaymentBatch]) {
        self.header = header
        self.batches = batches
    }

    /// A file that is refused as a whole.
    package init(refused header: MessageHeader) { self.init(header: header, batches: []) }
}

/// What a report says again of a file.
package struct MessageHeader: Hashable, Sendable, Codable {
    /// Names the file in the journal: a hash of its bytes, 64 hexadecimal digits.
    package var fingerprint: String
    /// `MsgId`; what could be read of it in a file that is refused.
    package var messageID: String
    /// `pain.001.001.09`, or what the file said it is.
    package var messageName: String
    /// As written; nil when it could not be read.
    package var created: String?
    package var count: String?
    package var controlSum: String?
    /// Why nothing of the file is carried out; empty for one that is.
    package var refusals: [StatusReason]

    package init(
        fingerprint: String, messageID: String, messageName: String, created: String? = nil, count: String? = nil, controlSum: String? = nil,
        refusals: [StatusReason] = []
    ) {
        self.fingerprint = fingerprint
        self.messageID = messageID
        self.messageName = messageName
        self.created = created
        self.count = count
        self.controlSum = controlSum
        self.refusals = refusals
    }
}

/// Instructions of one debtor (`PmtInf`).
package struct PaymentBatch: Hashable, Sendable {
    package var id: String
    package var instructions: [PaymentInstruction]

    package init(id: String, instructions: [PaymentInstruction]) {
        self.id = id
        self.instructions = instructions
    }
}

/// One instruction (`CdtTrfTxInf`).
package struct PaymentInstruction: Hashable, Sendable {
    package var instructionID: String?
    package var endToEndID: String
    package var uetr: String?
    /// As written, for people.
    package var amountText: String
    package var currency: String
    package var debtor: String
    package var creditor: String
    /// What is to be done, or why it cannot be.
    package var order: Result<BankPayment, StatusReason>

    package init(
        instructionID: String?, endToEndID: String, uetr: String?, amountText: String, currency: String, debtor: String, creditor: String,
        order: Result<BankPayment, StatusReason>
    ) {
        self.instructionID = instructionID
        self.endToEndID = endToEndID
        self.uetr = uetr
        self.amountText = amountText
        self.currency = currency
        self.debtor = debtor
        self.creditor = creditor
        self.order = order
    }
}

/// A payment that can be made: everything is known, to the unit.
package struct BankPayment: Hashable, Sendable, Codable {
    /// The customer's account that pays.
    package var debtor: AccountNumber
    /// Minor units of the bank's currency.
    package var amount: Amount
    /// The bank's currency, three letters.
    package var currency: String
    /// Id of the chain on which the creditor is paid.
    package var chain: String
    /// Account there: a partner bank's, or whoever's address was given; an address.
    package var payee: String
    /// The contract of an exchange; nil within the bank's own chain.
    package var contract: String?
    package var contractVersion: UInt32
    /// What the creditor gets, minor units of the currency there.
    package var credited: Amount
    package var creditedCurrency: String
    /// The creditor's account at the partner bank; nil when an address of the chain is paid.
    package var creditor: AccountNumber?

    package init(
        debtor: AccountNumber, amount: Amount, currency: String, chain: String, payee: String, contract: String?, contractVersion: UInt32, credited: Amount,
        creditedCurrency: String, creditor: AccountNumber?
    ) {
        self.debtor = debtor
        self.amount = amount
        self.currency = currency
        self.chain = chain
        self.payee = payee
        self.contract = contract
        self.contractVersion = contractVersion
        self.credited = credited
        self.creditedCurrency = creditedCurrency
        self.creditor = creditor
    }
}
