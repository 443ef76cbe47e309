/// For whom a payment between banks is: what its memo says to the creditor's bank. Everybody on both chains can read it.
package struct CreditNote: Hashable, Sendable {
    /// The creditor's account at the receiving bank.
    package var account: AccountNumber
    /// The paying bank's own reference of the instruction.
    package var reference: String
    /// The debtor's reference, which is passed on unchanged.
    package var endToEndID: String

    private static let mark = "bank1"

    package init(account: AccountNumber, reference: String, endToEndID: String) {
        self.account = account
        self.reference = reference
        self.endToEndID = endToEndID
    }

    /// At most 110 bytes, which every memo has room for.
    package var memo: String { "\(CreditNote.mark)|\(account)|\(reference)|\(endToEndID)" }

    /// Reads a memo; nil for one that names no account.
    package init?(memo: String) {
        let parts = memo.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0] == CreditNote.mark, let account = AccountNumber(parts[1]) else { return nil }
        self.init(account: account, reference: parts[2], endToEndID: parts[3])
    }
}
