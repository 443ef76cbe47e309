import Cryptography
import OrderedCollections
import Wire

/// Holds of cross transactions over several chains, as each holding chain's validators tell of their own, until all are there (A15).
///
/// Nothing is stored: validators tell again until the cross transaction is resolved.
struct GatheredHolds: Sendable {
    /// One holding chain's hold, shown.
    struct Part: Sendable {
        var chain: ChainID
        var evidence: StateEvidence
        var final: FinalHeader
    }

    private var parts: OrderedDictionary<Digest, [Part]> = [:]

    /// Cross transactions of which some holds are there; the oldest go first, and are told again.
    static let maximum = 4_096

    /// Takes what a notice shows.
    ///
    /// - Returns: a notice that shows every hold, in the order of `holdingChains`; nil while some are missing.
    mutating func add(_ new: [Part], of notice: LegNotice) -> LegNotice? {
        let cross = notice.cross
        var known = parts[cross.xid] ?? []
        for part in new {
            known.removeAll { $0.chain == part.chain }
            known.append(part)
        }
        let chains = cross.holdingChains
        guard known.count == chains.count else {
            if parts.count >= GatheredHolds.maximum, parts[cross.xid] == nil { parts.removeFirst() }
            parts[cross.xid] = known
            return nil
        }
        parts[cross.xid] = nil
        let ordered = chains.compactMap { chain in known.first { $0.chain == chain } }
        var whole = notice
        whole.evidence = ordered.map(\.evidence)
        whole.foreign = ordered.map(\.final)
        return whole
    }
}
