import Cryptography
import Determinism
import Wire

extension LedgerState {
    /// The notary chain records a final block of a sub-chain (A8, S851): the next one on the branch it has recorded (rule R7).
    ///
    /// The caller has verified the block's certificates, and that the cross data is that of its body.
    /// Reasons are found in this order: wrongChain, recordInvalid for no sub-chain of the network, duplicateTransaction for the
    /// head again, recordInvalid below or beside the head, notReady above its child,
    /// chainFrozen or thawUnknown for what a freeze has made void (R8).
    mutating func applyRecord(_ record: Record) -> Application {
        guard chain == .notary else { return .invalid(.wrongChain) }
        let header = record.final.header
        guard header.chain != .notary, subChain(header.chain) != nil else { return .invalid(.recordInvalid) }
        let head = head(of: header.chain)
        let height = head?.height ?? 0
        let hash = head?.hash ?? genesisHash(of: header.chain)
        if header.hash == hash { return .invalid(.duplicateTransaction) }
        guard header.height > height else { return .invalid(.recordInvalid) }
        guard header.height == height + 1 else { return .invalid(.notReady) }
#if PLANTED_BUGS
        let isParent = header.parent == hash || PlantedBug.forkBelowRecord.isPlanted
#else
        let isParent = header.parent == hash
#endif
        guard isParent else { return .invalid(.recordInvalid) }
        if let reason = statusFault(of: header) { return .invalid(reason) }
        write(ChainHead(chain: header.chain, height: header.height, hash: header.hash, time: header.time))
        return .applied
    }
}
