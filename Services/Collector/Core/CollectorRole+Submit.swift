import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import Wire

/// A transaction on its way into the store, and who waits for the answer.
struct Submission: Sendable {
    var item: BlockItem
    /// Requests to be answered; empty for what the collector makes itself.
    var tokens: [UInt64]
    /// Said to taps once stored (S880).
    var notice: ConfirmNotice?

    var id: Digest { item.transaction.id }
}

extension CollectorRole {
    /// S820: takes a client's transaction, or says why not.
    mutating func submit(_ bytes: [UInt8], token: UInt64, at now: Moment) -> [RoleEffect] {
        let transaction: Transaction
        do {
            transaction = try Transaction(decoding: bytes, chain: chain, network: network.id)
        } catch {
            let result = SubmitResult(id: nil, rejection: CollectorRole.reason(of: error), detail: error.description)
            return [.count(.refused, by: 1), .reply(token: token, .submit(result))]
        }
        var submission = Submission(item: BlockItem(transaction: transaction, foreign: []), tokens: [token])
        switch transaction.kind {
        case .record, .evidence, .candidacy, .ballot, .closing, .status, .deploy, .pause, .join: return refuse(submission, .notAllowed, "this is for the notary chain")
        case .adopt: return refuse(submission, .notAllowed, "collectors hand contracts in by themselves")
        case .heed: return refuse(submission, .notAllowed, "collectors hand pauses in by themselves")
        case .issue, .release: return refuse(submission, .notAllowed, "collectors put proofs together by themselves, from attestations")
        // Nobody could decide it, and nothing would ever bring back what it holds.
        case .open(let cross) where !cross.legs.allSatisfy({ network.chain($0.chain) != nil }):
            return refuse(submission, .chainUnknown, "a leg is on a chain that this network does not have, as far as is known here")
        default: break
        }
        if let known = standing(of: transaction) {
            return acknowledge(submission, known) + promptResolution(after: transaction, at: now)
        }
        switch foreignHeaders(for: transaction) {
        case .failure(let reason): return refuse(submission, reason, "the evidence's final blocks are not known here")
        case .success(let headers): submission.item.foreign = headers
        }
        switch StateCheck.signatureChecks(for: transaction, network: network, chain: chain) {
        case .failure(let reason): return refuse(submission, reason, "the transaction is not signed by whom it takes")
        case .success(let checks): return take(submission, checks, at: now)
        }
    }

    /// Checks a well-formed transaction against bound and state, and hands its signatures out to be checked.
    mutating func take(_ submission: Submission, _ signatures: [SignatureCheck], at now: Moment) -> [RoleEffect] {
        if submissions[submission.id]?.item.transaction.bytes == submission.item.transaction.bytes {
            submissions[submission.id]?.tokens += submission.tokens
            return [.count(.duplicate, by: 1)]
        }
        guard pending.count + checks.count < Limits.collectorPending else {
            return [.count(.overloaded, by: 1)] + refuse(submission, .overloaded, "too many transactions wait; try again later")
        }
        if let (reason, detail) = admissionFault(of: submission.item, at: now) { return refuse(submission, reason, detail) }
        if submissions[submission.id] == nil { submissions[submission.id] = submission }
        return checks.add(.submission(submission), signatures)
    }

    /// Collects everyone who waits for a submission whose signatures have been checked.
    mutating func finishCheck(of first: Submission) -> Submission {
        guard let latest = submissions[first.id], latest.item.transaction.bytes == first.item.transaction.bytes else { return first }
        submissions[first.id] = nil
        return latest
    }

    /// Stores, then acknowledges and spreads; all of one turn in one commit and few messages.
    mutating func accept(_ accepted: [Submission], at now: Moment) -> [RoleEffect] {
        var operations: [StoreOperation] = []
        var answers: [RoleEffect] = []
        var fresh: [PendingTransactions.Item] = []
        for submission in accepted {
            if let known = standing(of: submission.item.transaction) {
                answers += acknowledge(submission, known)
            } else if let (reason, detail) = admissionFault(of: submission.item, at: now) {
                answers += refuse(submission, reason, detail)
            } else {
                let key = pending.insert(submission.item, at: now)
                guard let item = pending[submission.id] else { preconditionFailure("what was taken in is pending") }
                operations.append(.put(.accepted, key: key, value: item.pooled.encoded))
                fresh.append(item)
                answers += submission.tokens.map { .reply(token: $0, .submit(SubmitResult(id: submission.id, rejection: nil, detail: ""))) }
                if let notice = submission.notice { answers.append(.publish(.confirm(chain), .confirm(notice))) }
            }
        }
        guard !fresh.isEmpty else { return answers }
#if PLANTED_BUGS
        if PlantedBug.acknowledgedUnstored.isPlanted { operations.removeAll() }
#endif
        return [.persist(operations), .count(.received, by: UInt64(fresh.count))] + answers + spread(fresh)
            + armRepublish(afterMilliseconds: network.timing.republishMilliseconds)
    }

    /// Where a transaction already stands, in a phrase; nil when nothing is known of it.
    func standing(of transaction: Transaction) -> String? {
        standing(of: transaction.id) ?? (isFinal(transaction) ? "it is in a final block" : nil)
    }

    /// Where the transaction with an id stands, as far as it is remembered by id.
    func standing(of id: Digest) -> String? {
        if pending[id] != nil { return "it waits for a block" }
        if let outcome = outcomes[id] {
            let verdict = outcome.rejection.map { "rejected: \($0.code)" } ?? "applied"
            return "it is in block \(outcome.height), \(verdict)"
        }
        return ended[id].map { "it ended without effect: \($0.code)" }
    }

    /// Whether the final state shows that this very transaction, by id, stands in a final block.
    private func isFinal(_ transaction: Transaction) -> Bool {
        guard let entry = transaction.xid.flatMap({ tree.ledger.cross($0) }) else { return false }
        return switch transaction.kind {
        case .open: entry.holdStatus != .none
        case .confirm: entry.decision == .committed
        case .refuse: entry.decision == .refused
        case .cancel: entry.decision == .cancelled
        case .settle: entry.holdStatus == .settled
        case .refund: entry.holdStatus == .refunded
        case .register, .transfer, .record, .evidence, .candidacy, .ballot, .closing, .bond, .unbond, .status, .deploy, .adopt, .lock, .issue,
            .redeem, .release, .pause, .heed, .join:
            false
        }
    }

    /// Why the final state speaks against taking a transaction; nil when it can be in a block, with whatever outcome, or may be
    /// once money has come.
    mutating func admissionFault(of item: BlockItem, at now: Moment) -> (Reason, String)? {
        guard case .invalid(let reason) = tree.trial(item, time: now.wallMilliseconds) else { return nil }
        switch reason {
        // Only chain time counts: by this clock the deadline may have passed while another collector's copy is in time.
        case .deadlinePassed where isTimely(item, at: tree.finalTime + 1),
            .deadlineTooFar where isTimely(item, at: now.wallMilliseconds + Limits.chainTimeSkewMilliseconds):
            return nil
        // A contract that was declared lately may not have come to this chain yet.
        case .insufficientFunds, .reserveShort, .tooManyAssets, .unknownContract:
            return nil
        // A brake opens with time, or when people let it.
        case .capReached, .delayed, .paused:
            return nil
        case _ where reason.isTemporary && !isCaughtUp:
            return (.notReady, "this collector is still reading the chain; try again")
        default:
            return (reason, "as of final block \(tree.finalHeight)")
        }
    }

    /// Whether nothing that concerns deadlines speaks against a transaction in a block of this time.
    private mutating func isTimely(_ item: BlockItem, at time: UInt64) -> Bool {
        guard case .invalid(let reason) = tree.trial(item, time: time) else { return true }
        return reason != .deadlinePassed && reason != .deadlineTooFar
    }

    /// Headers for a transaction's evidence, from what validators have told of its cross transaction; all shown to be final.
    private mutating func foreignHeaders(for transaction: Transaction) -> Result<[FinalHeader], Reason> {
        let evidence = transaction.evidence
        guard !evidence.isEmpty, let xid = transaction.xid else { return .success([]) }
        let known = (legs[xid]?.foreign ?? []) + (resolutions[xid]?.foreign ?? [])
        var headers: [FinalHeader] = []
        for block in evidence.map(\.block) where !headers.contains(where: { $0.hash == block }) {
            guard let header = known.first(where: { $0.hash == block }) else { return .failure(.evidenceMissing) }
            if let reason = checker.fault(in: header) { return .failure(reason) }
            headers.append(header)
        }
        return .success(headers)
    }

    /// The same transaction again is answered the same way (faults case 36).
    func acknowledge(_ submission: Submission, _ detail: String) -> [RoleEffect] {
        [.count(.duplicate, by: 1)]
            + submission.tokens.map { .reply(token: $0, .submit(SubmitResult(id: submission.id, rejection: nil, detail: detail))) }
    }

    func refuse(_ submission: Submission, _ reason: Reason, _ detail: String) -> [RoleEffect] {
        [.count(.refused, by: 1)]
            + submission.tokens.map { .reply(token: $0, .submit(SubmitResult(id: submission.id, rejection: reason, detail: detail))) }
    }

    /// The reason that stands for bytes which could not be read.
    private static func reason(of fault: WireFault) -> Reason {
        switch fault.kind {
        case .tooLarge: .tooLarge
        case .invalid where chainFields.contains(fault.field): .wrongChain
        case .malformed, .missing, .invalid, .notCanonical: .malformed
        }
    }

    /// Fields that are at fault when a transaction is another chain's.
    private static let chainFields: Set<String> = [
        "RegisterBody.chain", "TransferBody.chain", "Open.cross", "Confirm.cross", "Refuse.cross", "Cancel.cross", "Transaction.record",
    ]
}
