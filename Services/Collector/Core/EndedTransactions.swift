import Cryptography
import DequeModule
import RoleKit
import Wire

/// Acknowledged transactions that ended without a block, because none can ever hold them: the reason is their final answer and
/// is kept on disk (invariant 7). The oldest beyond `Limits.collectorEnded` are forgotten.
struct EndedTransactions: Sendable {
    private var reasons: [Digest: Reason] = [:]
    private var order: Deque<(key: UInt64, id: Digest)> = []

    /// Reads table `ended`.
    init(_ rows: [StoredRow]) throws(StoredFault) {
        for row in rows {
            guard row.value.count == Digest.byteCount + 1, let id = Digest(row.value.prefix(Digest.byteCount)),
                let reason = Reason(rawValue: row.value[Digest.byteCount])
            else { throw StoredFault(.ended, key: row.key, "this is no ended transaction") }
            reasons[id] = reason
            order.append((row.key, id))
        }
    }

    subscript(id: Digest) -> Reason? { reasons[id] }

    /// Keeps the end of a transaction.
    mutating func record(_ id: Digest, _ reason: Reason) -> [StoreOperation] {
        precondition(reasons[id] == nil, "a transaction ends once")
        let key = (order.last?.key ?? 0) + 1
        reasons[id] = reason
        order.append((key, id))
        var operations: [StoreOperation] = [.put(.ended, key: key, value: id.bytes + [reason.rawValue])]
        if order.count > Limits.collectorEnded {
            let oldest = order.removeFirst()
            reasons[oldest.id] = nil
            operations.append(.deleteThrough(.ended, key: oldest.key))
        }
        return operations
    }
}
