import Wire

extension LedgerState {
    /// Opens an account.
    ///
    /// An account that exists already, from genesis or because its owner was paid by a confirmed leg, gets the answer
    /// `alreadyExists`, which stands in the block. The same Register a second time cannot be in a block: its id, which is all
    /// that names it, has had its answer.
    mutating func applyRegister(_ register: Register) -> Application {
        guard chain != .notary else { return .invalid(.wrongChain) }
        guard let place = place(of: register.account) else {
            insert(Account(key: register.account, isRegistered: true))
            return .applied
        }
        guard !slots[place].account.isRegistered else { return .invalid(.duplicateTransaction) }
        touch(place)
        slots[place].account.isRegistered = true
        return .rejected(.alreadyExists)
    }
}
