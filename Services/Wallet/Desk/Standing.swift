import Wire

/// Where a transaction stands as collectors see it, and what it waits for.
package struct Standing {
    package private(set) var isKnown = true
    package private(set) var isEnded = false
    package private(set) var text: String

    /// - Parameter standings: what the collectors of each chain know.
    package init(_ standings: [(chain: ChainID, status: Status)], _ network: Network) {
        func chain(_ states: Status.State...) -> (chain: ChainID, status: Status)? { standings.first { states.contains($0.status.state) } }
        if let end = chain(.settled, .refunded, .final) {
            isEnded = true
            text = "\(end.status.state.code) on \(end.chain)\(end.status.height > 0 ? ", block \(end.status.height)" : "")"
        } else if let end = chain(.rejected) {
            isEnded = true
            text = "rejected on \(end.chain): \(end.status.reason?.code ?? "no reason was kept")"
        } else if let holder = chain(.held) {
            if let decided = chain(.committed) {
                text = "the receiver's side is final on \(decided.chain); \(holder.chain) has still to settle the hold"
            } else if let decided = chain(.refused) {
                text = "refused or cancelled on \(decided.chain); \(holder.chain) has still to give the hold back"
            } else if let leg = chain(.pending), let reason = leg.status.reason {
                text = "held on \(holder.chain); the receiver has confirmed, and \(leg.chain) puts it off: \(reason.code) \(Standing.advice(reason))"
            } else if let leg = chain(.pending) {
                text = "held on \(holder.chain); the receiver's device has still to confirm on \(leg.chain): concordat confirm"
            } else {
                text = "held on \(holder.chain); the notaries have still to tell the second chain"
            }
        } else if let decided = chain(.committed, .refused) {
            text = "\(decided.status.state.code) on \(decided.chain); the other chain does not answer"
        } else if let pending = chain(.pending) {
            text = "stored by a collector of \(pending.chain), not in a final block yet: "
                + (pending.status.reason.map { "\($0.code) \(Standing.advice($0))" } ?? "concordat status shows whether the chain moves")
        } else {
            isKnown = false
            text = "known to recorders only"
        }
    }

    /// Where to look further, in brackets.
    private static func advice(_ reason: Reason) -> String {
        switch reason {
        case .reserveShort, .unknownContract: "(concordat contract show)"
        case .insufficientFunds, .tooManyAssets: "(concordat balance)"
        default: "(concordat brakes)"
        }
    }
}
