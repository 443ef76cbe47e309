import Determinism
import Wire

extension LedgerState {
    /// Moves value between two accounts of the chain.
    ///
    /// Whatever the answer, it uses the nonce up, so there is exactly one. Without a sender, or with a nonce that is used or out
    /// of reach, there is nothing to tie an answer to, and the transfer cannot be in a block.
    /// Reasons are found in this order: notAllowed, unknownPayer, nonceUsed, nonceOutsideWindow (all invalid), unknownPayee,
    /// termsViolated when the receiver is a peg's account, insufficientFunds, tooManyAssets.
    mutating func applyTransfer(_ transfer: Transfer) -> Application {
        guard chain != .notary else { return .invalid(.wrongChain) }
        guard let sender = place(of: transfer.sender) else { return .invalid(.unknownPayer) }
        guard !slots[sender].isReserve, transfer.sender != transfer.receiver, transfer.amount > 0 else { return .invalid(.notAllowed) }
        switch slots[sender].account.nonces.refusal(of: transfer.nonce) {
#if PLANTED_BUGS
        case .used where PlantedBug.nonceUnchecked.isPlanted: break
#endif
        case .used: return .invalid(.nonceUsed)
        case .outside: return .invalid(.nonceOutsideWindow)
        case nil: break
        }
        touch(sender)
#if PLANTED_BUGS
        if PlantedBug.rejectedKeepsNonce.isPlanted, place(of: transfer.receiver) == nil { return .rejected(.unknownPayee) }
        if PlantedBug.nonceUnchecked.isPlanted, slots[sender].account.nonces.refusal(of: transfer.nonce) != nil { return .applied }
#endif
        slots[sender].account.nonces.use(transfer.nonce)
        guard let receiver = place(of: transfer.receiver) else { return .rejected(.unknownPayee) }
        // What a peg's account holds is what has crossed it: only its own orders put value there.
        guard !pegAccounts.contains(transfer.receiver) else { return .rejected(.termsViolated) }
        guard slots[sender].account.balances.amount(of: transfer.asset) >= transfer.amount else { return .rejected(.insufficientFunds) }
        guard hasRoom(receiver, for: transfer.asset) else { return .rejected(.tooManyAssets) }
        debit(sender, transfer.amount, of: transfer.asset)
        credit(receiver, transfer.amount, of: transfer.asset)
        return .applied
    }
}
