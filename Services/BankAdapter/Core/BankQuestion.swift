import Wire

/// What the adapter asks or tells the bank's existing system (docs/banks.md). Every one may come again, word for word; the system
/// carries it out once, by its reference, and gives the same answer.
package struct BankQuestion: Hashable, Sendable, Codable {
    /// What is wanted.
    package enum Kind: String, Hashable, Sendable, CaseIterable, Codable {
        /// Takes money of a customer aside for a payment; may be refused.
        case reserve
        /// What was reserved has left the bank.
        case settle
        /// What was reserved is the customer's again.
        case release
        /// Whether a customer may be credited; nothing is booked yet.
        case mayCredit = "may_credit"
        /// Credits a customer: the money is there, so this cannot be refused.
        case credit
    }

    package var kind: Kind
    /// Names the payment: the same for all questions about it.
    package var reference: String
    /// The customer's account.
    package var account: AccountNumber
    /// Minor units of the bank's currency.
    package var amount: Amount
    /// Three letters.
    package var currency: String
    package var endToEndID: String

    package init(_ kind: Kind, reference: String, account: AccountNumber, amount: Amount, currency: String, endToEndID: String) {
        self.kind = kind
        self.reference = reference
        self.account = account
        self.amount = amount
        self.currency = currency
        self.endToEndID = endToEndID
    }

    enum CodingKeys: String, CodingKey {
        case kind, reference, account, amount, currency
        case endToEndID = "end_to_end_id"
    }
}

/// What an existing system says.
package enum BankAnswer: Hashable, Sendable {
    case done
    /// Only to `reserve` and `mayCredit`.
    case refused(BankRefusal, String)
}

/// Why an existing system refuses.
package enum BankRefusal: String, Hashable, Sendable, CaseIterable, Codable {
    case unknownAccount = "unknown_account"
    case closedAccount = "closed_account"
    case blockedAccount = "blocked_account"
    case insufficientFunds = "insufficient_funds"
    case aboveLimit = "above_limit"
    case wrongCurrency = "wrong_currency"
    case notAllowed = "not_allowed"
    case unspecified

    /// ISO's code for it.
    ///
    /// - Parameter isDebtor: whether it was said of the payer's account.
    package func code(isDebtor: Bool) -> StatusCode {
        switch self {
        case .unknownAccount: isDebtor ? .debtorAccount : .creditorAccount
        case .closedAccount: .closedAccount
        case .blockedAccount: .blockedAccount
        case .insufficientFunds: .insufficientFunds
        case .aboveLimit: .amountAboveMaximum
        case .wrongCurrency: .currency
        case .notAllowed: .forbidden
        case .unspecified: .unspecifiedByAgent
        }
    }
}
