import Cryptography
import Determinism
import Wire

/// Checks what evidence says of another chain's cross entry, against the state root of a final block of that chain.
package enum EvidenceCheck {
    /// What holds evidence was found to show.
    package struct Finding: Hashable, Sendable {
        /// The final block whose state it is.
        package let header: BlockHeader
        /// The entry; nil when the evidence shows that there is none.
        package let entry: CrossEntry?
    }

    /// What `evidence` shows about `xid` on `chain`.
    ///
    /// - Returns: `evidenceMissing` when nobody showed the final block, `evidenceInvalid` when the block is another chain's,
    ///   the path does not lead to its state root, or the value is no entry of this xid.
    package static func finding(
        about xid: Digest, on chain: ChainID, in evidence: StateEvidence, foreign: ForeignBlocks
    ) -> Result<Finding, Reason> {
        guard let header = foreign[evidence.block] else { return .failure(.evidenceMissing) }
#if PLANTED_BUGS
        let isUnchecked = PlantedBug.evidenceUnchecked.isPlanted
#else
        let isUnchecked = false
#endif
        guard header.chain == chain, isUnchecked || root(of: evidence.proof, for: StateKey.cross(xid)) == header.stateRoot else {
            return .failure(.evidenceInvalid)
        }
        guard let value = evidence.proof.value else { return .success(Finding(header: header, entry: nil)) }
        guard let entry = CrossEntry(decoding: value), entry.xid == xid else { return .failure(.evidenceInvalid) }
        return .success(Finding(header: header, entry: entry))
    }

    /// What `evidence` shows about the status of `chain` on the notary chain.
    ///
    /// - Returns: reasons as of `finding`; notReady when it never was frozen.
    package static func status(of chain: ChainID, in evidence: StateEvidence, foreign: ForeignBlocks) -> Result<ChainStatus, Reason> {
        guard let header = foreign[evidence.block] else { return .failure(.evidenceMissing) }
        guard header.chain == .notary, root(of: evidence.proof, for: StateKey.status(chain)) == header.stateRoot else {
            return .failure(.evidenceInvalid)
        }
        guard let value = evidence.proof.value else { return .failure(.notReady) }
        guard let status = ChainStatus(decoding: value), status.chain == chain, status.notaryHeight <= header.height else {
            return .failure(.evidenceInvalid)
        }
        return .success(status)
    }

    /// The root of the tree in which a proof about `key` holds; nil when it holds in none.
    package static func root(of proof: StateProof, for key: Digest) -> Digest? {
        let value = proof.value.map { StateKey.valueHash($0) }
        if let value {
            guard proof.other == nil else { return nil }
            return StatePath(siblings: proof.siblings, presentKey: key, value: value).root(for: key, value: value)
        }
        let terminal = proof.other.map { StatePath.Terminal.leaf(key: $0.key, value: $0.value) } ?? .empty
        return StatePath(siblings: proof.siblings, terminal: terminal).root(for: key, value: nil)
    }
}
