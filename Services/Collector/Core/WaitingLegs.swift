import Crypto
import RoleKit
import Wire

/// Deciding legs whose holds are final and whose receivers have not answered (S870), each once.
struct WaitingLegs: Sendable {
    private struct Leg: Sendable {
        /// Row in table `legs`.
        var key: UInt64
        var notice: LegNotice
    }

    private var legs: [Digest: Leg] = [:]
    private var byReceiver: [PublicKey: [Digest]] = [:]
    private var deadlines = DeadlineQueue()
    private var lastKey: UInt64 = 0

    var count: Int { legs.count }

    /// The notice of a cross transaction that waits.
    subscript(xid: Digest) -> LegNotice? { legs[xid]?.notice }

    /// Takes a checked notice in.
    /// - Precondition: none with its xid waits.
    mutating func insert(_ notice: LegNotice) -> StoreOperation {
        lastKey += 1
        add(notice, key: lastKey)
        return .put(.legs, key: lastKey, value: notice.encoded)
    }

    /// Takes a stored row back in.
    mutating func recover(_ notice: LegNotice, key: UInt64) {
        lastKey = max(lastKey, key)
        if legs[notice.cross.xid] == nil { add(notice, key: key) }
    }

    private mutating func add(_ notice: LegNotice, key: UInt64) {
        let xid = notice.cross.xid
        precondition(legs[xid] == nil, "a leg waits once")
        legs[xid] = Leg(key: key, notice: notice)
        byReceiver[notice.cross.decidingLeg.credit, default: []].append(xid)
        deadlines.insert(xid, deadline: notice.cross.deadline)
    }

    /// Takes out a leg that has been decided; nil when it did not wait.
    mutating func remove(_ xid: Digest) -> StoreOperation? {
        guard let leg = legs.removeValue(forKey: xid) else { return nil }
        let receiver = leg.notice.cross.decidingLeg.credit
        byReceiver[receiver]?.removeAll { $0 == xid }
        if byReceiver[receiver]?.isEmpty ?? false { byReceiver[receiver] = nil }
        return .delete(.legs, key: leg.key)
    }

    /// Takes out those that no block after one of chain time `time` can decide by execution.
    mutating func takePassed(at time: ChainTime) -> [StoreOperation] {
        deadlines.takePassed(at: time).compactMap { remove($0) }
    }

    /// What waits for an account's answer, oldest first, at most `Limits.legsPerAnswer`.
    func notices(for receiver: PublicKey) -> [LegNotice] {
        (byReceiver[receiver] ?? []).prefix(Limits.legsPerAnswer).compactMap { legs[$0]?.notice }
    }
}
