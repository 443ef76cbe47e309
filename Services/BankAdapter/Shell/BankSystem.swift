import BankCore

/// A bank's existing system, as an adapter sees it (docs/banks.md): a ledger of customers that is no chain and knows of none.
///
/// Any closed system can be attached by a type that answers questions, or, without a line of Swift, through files (`FolderSystem`).
package protocol BankSystem: AnyObject {
    /// Answers a question, or says nil: not yet, ask again.
    ///
    /// The same question may come any number of times, also after a restart. It is carried out once, by its kind and reference, and the
    /// answer is the same each time.
    func answer(_ question: BankQuestion) throws -> BankAnswer?
}

/// A system that answers at once, many questions as soon as one.
package protocol BatchBankSystem: BankSystem {
    /// Answers questions, each as `answer` would; all answers are durable when this returns, or none is given.
    func answers(_ questions: [BankQuestion]) throws -> [BankAnswer]
}
