import Wire

extension ReceiptVerifier {
    /// How what is shown has ended (docs/protocol.md section 12, step 6).
    static func ending(of shown: [Shown]) throws(Fault) -> Ending {
        guard shown.contains(where: { $0.transaction.xid != nil }) else {
            guard shown.count == 1, let only = shown.first else { throw .contradiction }
            return only.part.outcome.rejection.map { .rejected($0) } ?? .applied
        }
        let acts = CrossActs(shown)
        guard acts.isConsistent else { throw .contradiction }
        return acts.ending
    }
}

/// What the transactions of one cross transaction did, chain by chain.
private struct CrossActs {
    private var opened: [ChainID] = []
    private var refusal: Reason?
    private var settled: [ChainID] = []
    private var refunded: [ChainID] = []
    private var isCommitted = false
    /// What is not recorded may have come to nothing: a freeze leaves it behind (R8).
    private var isCommitmentRecorded = false
    private var cause: ReceiptVerifier.Cause?
    private var isFrozen = false
    private var isEnded: Bool { cause != nil }
    private var cross: CrossTransaction?

    init(_ shown: [ReceiptVerifier.Shown]) {
        for item in shown {
            switch item.transaction.kind {
            case .open(let cross):
                self.cross = cross
                if item.isApplied { opened.append(item.part.chain) } else { refusal = item.part.outcome.rejection }
            case .confirm(let confirm):
                cross = confirm.cross
                isCommitted = true
                isCommitmentRecorded = item.part.record != nil
            case .refuse(let refuse): cause = .refused(refuse.reason)
            case .cancel: cause = .cancelled
            case .settle: settled.append(item.part.chain)
            case .refund(let resolution):
                refunded.append(item.part.chain)
                isFrozen = isFrozen || resolution.frozen != nil
            case .register, .transfer, .record, .evidence, .bond, .unbond, .candidacy, .ballot, .closing, .status, .deploy, .adopt, .lock,
                .issue, .redeem, .release, .pause, .heed, .join:
                continue
            }
        }
    }

    /// Never both ends of one hold, of one decision, or of the whole.
    var isConsistent: Bool {
        !(isCommitted && isEnded) && !(isCommitmentRecorded && !refunded.isEmpty) && !(isEnded && !settled.isEmpty)
            && (settled.isEmpty || refunded.isEmpty)
    }

    var ending: ReceiptVerifier.Ending {
        if let cross, isCommitted, cross.holdingChains.allSatisfy({ opened.contains($0) && settled.contains($0) }) { return .settled }
        // A Refund by itself says nothing of what other chains hold.
        if !opened.isEmpty, opened.allSatisfy({ refunded.contains($0) }) {
            return .refunded(cause ?? (isFrozen ? .chainFrozen : .deadlinePassed))
        }
        if let refusal, opened.isEmpty, settled.isEmpty, refunded.isEmpty { return .rejected(refusal) }
        return .open
    }
}
