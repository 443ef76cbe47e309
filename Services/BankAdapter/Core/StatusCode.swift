/// Why an instruction or a file came to nothing, as ISO 20022 codes it (external status reasons); only those that this adapter ever says.
package enum StatusCode: String, Hashable, Sendable, CaseIterable, Codable {
    /// Settlement aborted: time ran out before the creditor's side was asked.
    case settlementTimeout = "AB03"
    /// Settlement aborted by an error.
    case settlementError = "AB04"
    /// The creditor's bank did not answer in time.
    case creditorAgentTimeout = "AB05"
    case debtorAccount = "AC02"
    case creditorAccount = "AC03"
    case closedAccount = "AC04"
    case blockedAccount = "AC06"
    case forbidden = "AG01"
    case unsupportedType = "AG03"
    case accessRight = "AG08"
    /// A chain is frozen: its bank takes part no more.
    case suspended = "AG10"
    /// Both accounts are at the same bank.
    case sameInstitution = "AG12"
    /// An agent in the chain of payment is wrong.
    case agent = "AGNT"
    case zeroAmount = "AM01"
    case amountAboveMaximum = "AM02"
    case currency = "AM03"
    case insufficientFunds = "AM04"
    case duplication = "AM05"
    case amountBelowMinimum = "AM06"
    case controlSum = "AM10"
    case amount = "AM12"
    case transactionCount = "AM18"
    /// More than the exchange's reserve can pay.
    case settlementLimit = "AM23"
    case decimals = "CH20"
    /// Withdrawn by the debtor.
    case withdrawn = "CUST"
    case invalidDate = "DT01"
    case futureDate = "DT04"
    case duplicateMessage = "DU01"
    case duplicateTransaction = "DU03"
    case duplicateEndToEnd = "DU04"
    case settlementFailed = "ED05"
    case systemUnavailable = "ED06"
    case format = "FF01"
    case endToEndID = "FF08"
    case technical = "FF10"
    case unspecifiedByAgent = "MS03"
    /// The words say it.
    case narrative = "NARR"
    case creditorBank = "RC04"
    case debtorBank = "RC03"
    case characters = "RR10"

    /// Reads the code that another bank put before its words: `AC04 the account is closed`.
    package static func leading(_ text: String) -> (code: StatusCode, narrative: String)? {
        guard let code = StatusCode(rawValue: String(text.prefix(4))) else { return nil }
        let rest = text.dropFirst(4)
        guard rest.isEmpty || rest.hasPrefix(" ") else { return nil }
        return (code, String(rest.dropFirst()))
    }
}

/// A code with words for people, and where in a file it was found.
package struct StatusReason: Hashable, Sendable, Codable, Error {
    package var code: StatusCode
    /// A clause without a full stop; never anything secret.
    package var narrative: String
    /// Element path within the message, such as `PmtInf[1]/CdtTrfTxInf[3]/Amt`; nil where the file is not to blame.
    package var place: String?
    /// Line of the file, from 1.
    package var line: Int?

    package init(_ code: StatusCode, _ narrative: String, place: String? = nil, line: Int? = nil) {
        self.code = code
        self.narrative = narrative
        self.place = place
        self.line = line
    }

    /// `AC03 (line 12, PmtInf[1]/…): the checksum does not fit`.
    package var text: String {
        let places = [line.map { "line \($0)" }, place].compactMap { $0 }.joined(separator: ", ")
        return "\(code.rawValue)\(places.isEmpty ? "" : " (\(places))"): \(narrative)"
    }
}
