/// Bounds of the bank adapter; docs/banks.md tells them.
package enum BankLimits {
    /// Bytes of a payment file.
    package static let fileBytes = 16 << 20
    /// Instructions of a payment file.
    package static let fileInstructions = 10_000
    /// Elements within elements.
    package static let elementDepth = 32
    /// Elements of a file.
    package static let elements = 1_000_000
    /// Bytes of one text.
    package static let textBytes = 2_048
    /// Bytes of an identifier (ISO's Max35Text).
    package static let identifierBytes = 35
    /// Bytes of an account number (ISO's Max34Text).
    package static let accountBytes = 34
    /// Bytes of an on-chain address in a file, more than any has.
    package static let addressBytes = 100
    /// Bytes of remittance information that are kept.
    package static let remittanceBytes = 140
    /// Digits after the decimal point that an amount may have (ISO's amounts have at most 5).
    package static let fractionDigits = 5
    /// Digits of an amount in all (ISO's amounts have at most 18).
    package static let amountDigits = 18
    /// Characters of one line of words in a report (ISO's Max105Text).
    package static let narrativeCharacters = 105
    /// Lines of words for one reason.
    package static let narrativeLines = 4
    /// Partner banks in a bank's file.
    package static let partners = 256
    /// Instructions and incoming credits that a journal holds; after that new files are left alone, and the adapter says so.
    package static let journalEntries = 500_000
    /// Payments signed and under way at once: the deadline of the others does not run yet.
    package static let paymentsAtOnce = 500
    /// Incoming credits that wait for an answer or for their end at once.
    package static let openCredits = 10_000
    /// Bytes of an answer of the existing system.
    package static let answerBytes = 64 << 10
}
