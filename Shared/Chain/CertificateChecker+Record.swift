import Cryptography
import Ledger
import Wire

extension CertificateChecker {
    /// Why what a transaction of the notary chain shows does not stand, as far as certificates go; nil when it does.
    package mutating func fault(shownBy transaction: Transaction) -> Reason? {
        if case .record(let record) = transaction.kind { return fault(in: record) }
        for final in transaction.provenFinals {
            if let reason = fault(in: final) { return reason }
        }
        return nil
    }

    /// Why a block may not be recorded; nil when it may. A block of a `pow` chain becomes final by this very record: it needs its
    /// builder, its work and the notaries' signatures. Any other has to be final before.
    package mutating func fault(in record: Record) -> Reason? {
        let final = record.final
        guard network.chain(final.header.chain)?.engine == .pow else { return fault(in: final) }
        guard final.finality == .pending else { return .evidenceInvalid }
        return fault(
            in: CertifiedCandidate(header: final.header, builderSignature: final.builderSignature, notary: final.notary))
    }

    /// Why a block is not shown to be the newest recorded one of its chain; nil when it is.
    mutating func recordFault(_ head: RecordedHead, of header: BlockHeader) -> Reason? {
        guard head.notary.header.chain == .notary else { return .evidenceInvalid }
        if let reason = fault(in: head.notary) { return reason }
        guard let entry = head.entry(of: header.chain), entry.hash == header.hash, entry.height == header.height else {
            return .evidenceInvalid
        }
        return nil
    }
}

extension RecordedHead {
    /// The newest recorded block of a chain, if the path leads to the notary block's state root; nil when it does not. Whether that block
    /// is final is not looked at.
    package func entry(of chain: ChainID) -> ChainHead? {
        guard EvidenceCheck.root(of: proof, for: StateKey.head(chain)) == notary.header.stateRoot, let value = proof.value,
            let entry = ChainHead(decoding: value), entry.chain == chain
        else { return nil }
        return entry
    }
}
