import Cryptography
import Wire

extension LedgerState {
    /// The notary chain records that somebody broke a rule (invariants 3 and 9, A6).
    ///
    /// The caller has verified the signatures or certificates of both statements. Reasons are found in this order: wrongChain,
    /// recordInvalid for a chain the network does not have, duplicateTransaction for an offence that is recorded.
    mutating func applyEvidence(_ offence: Offence, at block: OpenBlock) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        let entry = offence.entry
        guard entry.chain == .notary || subChain(entry.chain) != nil else { return .invalid(.recordInvalid) }
        guard !isRecorded(entry.id) else { return .invalid(.duplicateTransaction) }
        record(entry, at: block)
        return .applied
    }

    /// Keeps an offence that is not recorded yet.
    mutating func record(_ entry: OffenceEntry, at block: OpenBlock) {
        offenceIndex[entry.id] = Int32(offences.count)
        offences.append(RecordedOffence(entry: entry, height: block.height))
    }

    /// Whether an offence is recorded, with the effects of the open block.
    package func isRecorded(_ offence: Digest) -> Bool { offenceIndex[offence] != nil }
}

extension RecordedOffence {
    var stateKey: Digest { StateKey.offence(entry.id) }
    var valueHash: Digest { StateKey.valueHash(entry.encoded) }
}
