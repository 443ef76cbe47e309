import Cryptography
import OrderedCollections
import RoleKit
import Wire

/// Deciding legs whose holds are final and which wait for somebody's consent (S870), each once.
struct WaitingLegs: Sendable {
    private struct Leg: Sendable {
        /// Row in table `legs`.
        var key: UInt64
        var notice: LegNotice
        /// Whose consent it takes.
        var confirmers: [PublicKey]
    }

    private var legs: [Digest: Leg] = [:]
    private var byConfirmer: [PublicKey: [Digest]] = [:]
    /// Those of which some consents are there.
    private var begunLegs: OrderedSet<Digest> = []
    private var deadlines = DeadlineQueue()
    private var lastKey: UInt64 = 0

    var count: Int { legs.count }

    /// Whether some consents are there.
    var hasBegun: Bool { !begunLegs.isEmpty }

    /// The notice of a cross transaction that waits, with the consents that are there.
    subscript(xid: Digest) -> LegNotice? { legs[xid]?.notice }

    /// Takes a checked notice in.
    /// - Precondition: none with its xid waits.
    mutating func insert(_ notice: LegNotice, confirmers: [PublicKey]) -> StoreOperation {
        lastKey += 1
        add(notice, confirmers, key: lastKey)
        return .put(.legs, key: lastKey, value: notice.encoded)
    }

    /// Takes a stored row back in.
    mutating func recover(_ notice: LegNotice, confirmers: [PublicKey], key: UInt64) {
        lastKey = max(lastKey, key)
        if legs[notice.cross.xid] == nil { add(notice, confirmers, key: key) }
    }

    private mutating func add(_ notice: LegNotice, _ confirmers: [PublicKey], key: UInt64) {
        let xid = notice.cross.xid
        precondition(legs[xid] == nil, "a leg waits once")
        legs[xid] = Leg(key: key, notice: notice, confirmers: confirmers)
        for confirmer in confirmers { byConfirmer[confirmer, default: []].append(xid) }
        if !notice.confirmations.isEmpty { begunLegs.append(xid) }
        deadlines.insert(xid, deadline: notice.cross.deadline)
    }

    /// Takes a consent whose signature holds.
    /// - Precondition: the leg waits for it.
    mutating func confirm(_ xid: Digest, with authorization: Authorization, _ confirmers: [PublicKey]) -> [StoreOperation] {
        guard var leg = legs[xid] else { preconditionFailure("only a leg that waits takes a consent") }
        leg.notice.confirmations = leg.notice.confirmations(with: authorization, confirmers)
        legs[xid] = leg
        begunLegs.append(xid)
        return [.put(.legs, key: leg.key, value: leg.notice.encoded)]
    }

    /// Those of which some consents are there, oldest first.
    func begun(atMost limit: Int) -> [LegNotice] { begunLegs.prefix(limit).compactMap { legs[$0]?.notice } }

    /// Takes out a leg that has been decided; nil when it did not wait.
    mutating func remove(_ xid: Digest) -> StoreOperation? {
        guard let leg = legs.removeValue(forKey: xid) else { return nil }
        begunLegs.remove(xid)
        for confirmer in leg.confirmers {
            byConfirmer[confirmer]?.removeAll { $0 == xid }
            if byConfirmer[confirmer]?.isEmpty ?? false { byConfirmer[confirmer] = nil }
        }
        return .delete(.legs, key: leg.key)
    }

    /// Takes out those that no block after one of chain time `time` can decide by execution.
    mutating func takePassed(at time: ChainTime) -> [StoreOperation] {
        deadlines.takePassed(at: time).compactMap { remove($0) }
    }

    /// What waits for an account's answer, oldest first, at most `Limits.legsPerAnswer`.
    func notices(for receiver: PublicKey) -> [LegNotice] {
        (byConfirmer[receiver] ?? []).compactMap { legs[$0]?.notice }.filter { notice in !notice.confirmations.contains { $0.key == receiver } }
            .prefix(Limits.legsPerAnswer).map { $0 }
    }
}
