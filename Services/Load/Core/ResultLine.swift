import Cryptography
import Wire

/// A payment as a line of `results.ndjson` has it, and as a worker tells it; times are microseconds.
package struct ResultLine: Hashable, Sendable, Codable {
    package var kind: String
    package var chain: String
    package var deciding_chain: String
    /// Of the transaction; empty before it was signed.
    package var id: String
    /// Of a cross payment.
    package var xid: String?
    package var outcome: String
    package var reason: String
    /// What the ledgers say of it.
    package var standing: String
    /// From the start of the run.
    package var scheduled_us: UInt64
    package var sent_us: UInt64?
    /// From when it was to be sent.
    package var accepted_us: UInt64?
    package var held_us: UInt64?
    package var final_us: UInt64?
    package var settled_us: UInt64?
    package var issued_us: UInt64?
    package var recorded_us: UInt64?

    package init(_ payment: LoadPayment) {
        kind = payment.kind.rawValue
        chain = payment.chain.description
        deciding_chain = payment.decidingChain.description
        id = payment.id?.hex ?? ""
        xid = payment.xid?.hex
        outcome = payment.outcome.rawValue
        reason = payment.reason
        standing = payment.standing.rawValue
        scheduled_us = payment.scheduled
        sent_us = payment.sent
        accepted_us = payment[.accepted]
        held_us = payment[.held]
        final_us = payment[.final]
        settled_us = payment[.settled]
        issued_us = payment[.issued]
        recorded_us = payment[.recorded]
    }

    private static let reasonBytes = 64

    /// The payment; nil when the line makes none.
    package var payment: LoadPayment? {
        guard let kind = LoadKind(rawValue: kind), let chain = ChainID(chain), let deciding = ChainID(deciding_chain),
            let outcome = LoadPayment.Outcome(rawValue: outcome), let standing = LoadPayment.Standing(rawValue: standing), reason.utf8.count <= ResultLine.reasonBytes,
            [scheduled_us, sent_us ?? 0, accepted_us ?? 0, held_us ?? 0, final_us ?? 0, settled_us ?? 0, issued_us ?? 0, recorded_us ?? 0].allSatisfy({ $0 < 1 << 50 })
        else { return nil }
        var payment = LoadPayment(kind: kind, chain: chain, decidingChain: deciding, scheduled: scheduled_us)
        payment.sent = sent_us
        payment.id = Hexadecimal.decode(id).flatMap { Digest($0) }
        payment.xid = xid.flatMap { Hexadecimal.decode($0) }.flatMap { Digest($0) }
        payment.outcome = outcome
        payment.reason = reason
        payment.standing = standing
        (payment[.accepted], payment[.held], payment[.final]) = (accepted_us, held_us, final_us)
        (payment[.settled], payment[.issued], payment[.recorded]) = (settled_us, issued_us, recorded_us)
        return payment
    }
}
