import Cryptography
import Wire

/// Second candidates of a Byzantine builder, and the notaries' signatures under them: notaries sign any valid candidate, so both
/// may come to be certified, and only the chain's own votes decide.
struct ShadowCandidates: Sendable {
    private struct Shadow: Sendable {
        var block: Block
        var count: Int
        var signatures: [(position: Int, signature: Signature)] = []
    }

    private var shadows: [Shadow] = []
    /// Older ones are forgotten.
    private static let maximum = 32

    mutating func add(_ block: Block, count: Int) {
        shadows.append(Shadow(block: block, count: count))
        if shadows.count > ShadowCandidates.maximum { shadows.removeFirst() }
    }

    /// A shadow of a slot that is not this block.
    func another(ofSlot slot: Slot, than hash: Digest) -> Digest? {
        shadows.first { $0.block.header.slot == slot && $0.block.hash != hash }?.block.hash
    }

    /// A notary signed a shadow.
    ///
    /// - Returns: the certified candidate when a quorum is reached by this signature.
    mutating func take(_ verdict: NotaryVerdict, notaries: [PublicKey]) -> CertifiedCandidate? {
        guard case .signed(_, _, _, let signature) = verdict.verdict, let position = notaries.firstIndex(of: verdict.notary),
            let index = shadows.firstIndex(where: { $0.block.hash == verdict.block }),
            !shadows[index].signatures.contains(where: { $0.position == position })
        else { return nil }
        shadows[index].signatures.append((position, signature))
        let shadow = shadows[index]
        guard shadow.signatures.count == 2 * shadow.count / 3 + 1 else { return nil }
        return CertifiedCandidate(
            header: shadow.block.header, builderSignature: shadow.block.builderSignature,
            notary: NotaryCertificate(epoch: 0, signers: SignerSet(shadow.signatures, of: shadow.count)))
    }
}
