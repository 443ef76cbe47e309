import Cryptography
import Wire

/// One payment of a run: when it was to be sent, and when it passed its marks.
package struct LoadPayment: Hashable, Sendable {
    /// What became of it, as its payer was told.
    package enum Outcome: String, Hashable, Sendable, CaseIterable, Codable {
        /// It had not ended when the run gave up waiting.
        case open
        case settled, refunded, rejected
        /// Never sent, because it was too late for it, or because too many were under way.
        case skipped, dropped
    }

    /// What the ledgers say of it, when they were read again.
    package enum Standing: String, Hashable, Sendable, CaseIterable, Codable {
        case unread
        /// As the payer was told.
        case found
        /// The payer was told of an end that no ledger holds, or nobody knows it any more.
        case missing
        /// It stands there more than once.
        case duplicate
        /// The ledgers say something else.
        case different
    }

    package var kind: LoadKind
    /// The chain on which it was handed in, and the one that decided.
    package var chain: ChainID
    package var decidingChain: ChainID
    /// Microseconds from the start of the run.
    package var scheduled: UInt64
    /// Nil for what was never sent.
    package var sent: UInt64?
    /// Nil before it was signed.
    package var id: Digest?
    package var xid: Digest?
    package var outcome = Outcome.open
    package var reason = ""
    package var standing = Standing.unread
    /// Microseconds from `scheduled` to each mark; the highest number for those not passed.
    private var times = SIMD8<UInt64>(repeating: .max)

    package init(kind: LoadKind, chain: ChainID, decidingChain: ChainID, scheduled: UInt64) {
        (self.kind, self.chain, self.decidingChain, self.scheduled) = (kind, chain, decidingChain, scheduled)
    }

    /// Microseconds from when it was to be sent to a mark.
    package subscript(mark: LoadMark) -> UInt64? {
        get { times[mark.position] == .max ? nil : times[mark.position] }
        set { times[mark.position] = newValue ?? .max }
    }

    /// The same payment, in a run that began so much earlier.
    package func later(by microseconds: UInt64) -> LoadPayment {
        var moved = self
        moved.scheduled += microseconds
        moved.sent = sent.map { $0 + microseconds }
        return moved
    }

    package var isSent: Bool { sent != nil }
    package var isEnded: Bool { outcome != .open }
}
