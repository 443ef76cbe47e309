import Cryptography
import DequeModule
import Wire

/// Settle and refund notices heard and not checked, one a cross transaction: for a client that sends its Open again (S821).
struct ResolutionNotices: Sendable {
    private var notices: [Digest: LegNotice] = [:]
    private var order: Deque<Digest> = []

    subscript(xid: Digest) -> LegNotice? { notices[xid] }

    mutating func record(_ notice: LegNotice) {
        let xid = notice.cross.xid
        if notices.updateValue(notice, forKey: xid) == nil { order.append(xid) }
        if order.count > Limits.collectorResolutions { notices[order.removeFirst()] = nil }
    }

    /// Forgets a cross transaction that has ended here.
    mutating func forget(_ xid: Digest) {
        if notices.removeValue(forKey: xid) != nil { order.removeAll { $0 == xid } }
    }
}
