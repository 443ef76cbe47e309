import Cryptography
import Wire

/// The payments of one lane, and how they stand at any moment.
package struct LaneBook: Sendable {
    /// What is shown while the run goes on.
    package struct Progress: Sendable {
        package var scheduled = 0, sent = 0, accepted = 0, final = 0, ended = 0, skipped = 0, dropped = 0, rejected = 0
        package var finalLatency = LatencyRecord()
        package var lag = LatencyRecord()

        package init() {}

        /// Adds another lane.
        package mutating func add(_ other: Progress) {
            scheduled += other.scheduled
            sent += other.sent
            accepted += other.accepted
            final += other.final
            ended += other.ended
            skipped += other.skipped
            dropped += other.dropped
            rejected += other.rejected
            finalLatency.add(other.finalLatency)
            lag.add(other.lag)
        }

        /// Sent, and not ended.
        package var underWay: Int { sent - ended }
    }

    package private(set) var payments: [LoadPayment] = []
    package private(set) var progress = Progress()
    /// Sent, and neither final nor ended.
    package private(set) var notFinal = 0

    package init() {}

    /// A payment leaves now.
    ///
    /// - Returns: its position.
    package mutating func begin(_ payment: LoadPayment, at now: UInt64) -> Int {
        var payment = payment
        payment.sent = now
        payments.append(payment)
        progress.scheduled += 1
        progress.sent += 1
        progress.lag.record(now > payment.scheduled ? now - payment.scheduled : 0)
        notFinal += 1
        return payments.count - 1
    }

    /// A payment that was to leave does not.
    package mutating func leaveOut(_ payment: LoadPayment, as outcome: LoadPayment.Outcome) {
        precondition(outcome == .skipped || outcome == .dropped, "what is left out is skipped or dropped")
        var payment = payment
        payment.outcome = outcome
        payments.append(payment)
        progress.scheduled += 1
        if outcome == .skipped { progress.skipped += 1 } else { progress.dropped += 1 }
    }

    /// A payment was signed.
    package mutating func name(_ position: Int, id: Digest, xid: Digest?) {
        payments[position].id = id
        payments[position].xid = xid
    }

    /// A payment passed a mark; the first time counts.
    package mutating func mark(_ position: Int, _ mark: LoadMark, at now: UInt64) {
        guard payments[position][mark] == nil else { return }
        let latency = now - min(now, payments[position].scheduled)
        payments[position][mark] = latency
        if mark == .accepted { progress.accepted += 1 }
        guard mark == .final else { return }
        progress.final += 1
        progress.finalLatency.record(latency)
        if !payments[position].isEnded { notFinal -= 1 }
    }

    /// A payment ended, once.
    package mutating func end(_ position: Int, _ outcome: LoadPayment.Outcome, reason: String, at now: UInt64) {
        guard !payments[position].isEnded, outcome != .open else { return }
        if outcome == .settled {
            mark(position, .final, at: now)
            if payments[position].kind == .cross { mark(position, .settled, at: now) }
        } else if payments[position][.final] == nil {
            notFinal -= 1
        }
        payments[position].outcome = outcome
        payments[position].reason = reason
        progress.ended += 1
        if outcome == .rejected { progress.rejected += 1 }
    }
}
