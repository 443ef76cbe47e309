/// What became of all payments of a run.
package struct RunTally: Sendable {
    /// Why payments were refused or came back, ascending by name.
    package struct Reason: Hashable, Sendable, Encodable {
        package var reason: String
        package var count: Int
    }

    /// What happened in one window of the run.
    package struct Window: Sendable {
        /// Payments that were to be sent, were sent, accepted and became final in it.
        package var scheduled = 0, sent = 0, accepted = 0, final = 0
        /// Of those to be sent in it, from then until they were final.
        package var latency = LatencyRecord(isCoarse: true)
    }

    package private(set) var scheduled = 0
    package private(set) var sent = 0
    package private(set) var skipped = 0
    package private(set) var dropped = 0
    package private(set) var rejected = 0
    package private(set) var refunded = 0
    /// Transfers, locks and redemptions that are final, and cross payments whose payer is sure.
    package private(set) var settled = 0
    /// Not ended when the run gave up waiting.
    package private(set) var pending = 0
    /// Accepted, and not to be found in the ledgers.
    package private(set) var lost = 0
    /// Of each kind, those that settled.
    package private(set) var settledByKind = LoadKind.allCases.map { _ in 0 }
    package private(set) var reasons: [Reason] = []
    package private(set) var book = LatencyBook()
    /// From the actual send until final.
    package private(set) var finalFromSend = LatencyRecord()
    /// How much later than it was to be each payment was sent.
    package private(set) var lag = LatencyRecord()
    /// From the start of the run until the last payment was sent, and until the last was final, in microseconds.
    package private(set) var sendingMicroseconds: UInt64 = 0
    package private(set) var finalMicroseconds: UInt64 = 0
    /// Length of a window, in microseconds.
    package let windowMicroseconds: UInt64
    package private(set) var windows: [Window] = []

    /// - Parameter durationMicroseconds: of the sending.
    package init(_ payments: [LoadPayment], durationMicroseconds: UInt64) {
        windowMicroseconds = max(1_000_000, durationMicroseconds / UInt64(LoadLimits.windows))
        sendingMicroseconds = payments.isEmpty ? 0 : durationMicroseconds
        for payment in payments { take(payment) }
    }

    private mutating func take(_ payment: LoadPayment) {
        scheduled += 1
        inWindow(at: payment.scheduled) { $0.scheduled += 1 }
        switch payment.outcome {
        case .settled:
            settled += 1
            settledByKind[LoadKind.allCases.firstIndex(of: payment.kind) ?? 0] += 1
        case .refunded: refunded += 1
        case .rejected: rejected += 1
        case .skipped: skipped += 1
        case .dropped: dropped += 1
        case .open: pending += 1
        }
        if !payment.reason.isEmpty { count(reason: "\(payment.outcome.rawValue): \(payment.reason)") }
        if payment[.accepted] != nil || payment.outcome == .settled, payment.standing == .missing { lost += 1 }
        guard let sentAt = payment.sent else { return }
        sent += 1
        lag.record(sentAt - min(sentAt, payment.scheduled))
        inWindow(at: sentAt) { $0.sent += 1 }
        for mark in LoadMark.allCases { if let latency = payment[mark] { book.record(mark, latency) } }
        if let accepted = payment[.accepted] { inWindow(at: payment.scheduled + accepted) { $0.accepted += 1 } }
        guard let final = payment[.final] else { return }
        let finalAt = payment.scheduled + final
        inWindow(at: finalAt) { $0.final += 1 }
        inWindow(at: payment.scheduled) { $0.latency.record(final) }
        finalFromSend.record(finalAt - min(finalAt, sentAt))
        finalMicroseconds = max(finalMicroseconds, finalAt)
    }

    /// Something happened at a time from the start; what happens long after the end counts to the last window.
    private mutating func inWindow(at microseconds: UInt64, _ change: (inout Window) -> Void) {
        let position = Int(min(microseconds / windowMicroseconds, UInt64(2 * LoadLimits.windows)))
        while windows.count <= position { windows.append(Window()) }
        change(&windows[position])
    }

    private mutating func count(reason: String) {
        if let position = reasons.firstIndex(where: { $0.reason == reason }) {
            reasons[position].count += 1
        } else if reasons.count < LoadLimits.reasons {
            reasons.insert(Reason(reason: reason, count: 1), at: reasons.firstIndex { $0.reason > reason } ?? reasons.count)
        }
    }

    /// Payments of one sort.
    package func count(_ count: ServiceObjective.Count) -> Int {
        switch count {
        case .lost: lost
        case .rejected: rejected
        case .refunded: refunded
        case .pending: pending
        case .skipped: skipped
        case .dropped: dropped
        }
    }

    /// Payments a second that passed a mark, until the last one did; nil before anything was sent.
    package func rate(of mark: LoadMark) -> Double? {
        let time = mark == .accepted ? sendingMicroseconds : max(finalMicroseconds, sendingMicroseconds)
        return time == 0 ? nil : Double(book[mark].count) * 1e6 / Double(time)
    }

    /// Payments a second that were sent; nil before anything was.
    package var sentRate: Double? { sendingMicroseconds == 0 ? nil : Double(sent) * 1e6 / Double(sendingMicroseconds) }

    /// Payments a second that were to be sent and that became final in the second half of the sending: what a rate has settled to.
    package var steady: (scheduled: Double, final: Double) {
        let whole = max(1, Int(sendingMicroseconds / windowMicroseconds))
        let half = windows.prefix(whole).suffix((whole + 1) / 2)
        guard !half.isEmpty else { return (0, 0) }
        let seconds = Double(UInt64(half.count) * windowMicroseconds) / 1e6
        return (Double(half.reduce(0) { $0 + $1.scheduled }) / seconds, Double(half.reduce(0) { $0 + $1.final }) / seconds)
    }

    /// Sent, and not final when the sending ended.
    package var underWayAtEnd: Int { sent - windows.prefix(max(1, Int(sendingMicroseconds / windowMicroseconds))).reduce(0) { $0 + $1.final } }
}
