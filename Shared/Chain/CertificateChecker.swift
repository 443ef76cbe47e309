import Crypto
import DequeModule
import Wire

/// Judges whether headers are final: builder, notary certificate and finality certificate (invariant 4; A6, A7).
///
/// Remembers what it has found good, so that many transactions may name one foreign block at the cost of one check.
package struct CertificateChecker: Sendable {
    let network: Network
    private let verify: @Sendable (SignatureCheck) -> Bool
    private var known: Set<Key> = []
    private var order: Deque<Key> = []

    /// Final headers remembered as good.
    package static let rememberedHeaders = 4_096

    private struct Key: Hashable {
        var block: Digest
        /// A second proof of a known block is checked anew: the block is known to be final, this proof is not.
        var proof: Digest
    }

    package init(network: Network, verify: @escaping @Sendable (SignatureCheck) -> Bool) {
        self.network = network
        self.verify = verify
    }

    /// Why a header is not shown to be final; nil when it is.
    package mutating func fault(in final: FinalHeader) -> Reason? {
        let key = Key(block: final.hash, proof: Blake2b.hash(final.encoded))
        if known.contains(key) { return nil }
        if let reason = check(final) { return reason }
        known.insert(key)
        order.append(key)
        if order.count > CertificateChecker.rememberedHeaders { known.remove(order.removeFirst()) }
        return nil
    }

    /// Why a candidate with its notary certificate may not be voted for, as far as signatures go; nil when it may.
    package func fault(in certified: CertifiedCandidate) -> Reason? {
        guard let chain = network.chain(certified.header.chain) else { return .wrongChain }
        if let reason = headerFault(certified.header, signature: certified.builderSignature, chain: chain) { return reason }
        return notaryFault(certified.notary, header: certified.header)
    }

    /// Why a header was not made by the leader of its slot; nil when it was.
    package func builderFault(_ header: BlockHeader, signature: Signature) -> Reason? {
        guard let chain = network.chain(header.chain) else { return .wrongChain }
        return headerFault(header, signature: signature, chain: chain)
    }

    private mutating func check(_ final: FinalHeader) -> Reason? {
        guard let chain = network.chain(final.header.chain) else { return .wrongChain }
        if let reason = headerFault(final.header, signature: final.builderSignature, chain: chain) { return reason }
        if let reason = notaryFault(final.notary, header: final.header) { return reason }
        switch final.finality {
        case .certificate(let certificate):
            guard chain.engine != .pow, certificate.statement.epoch == final.header.epoch,
                let checks = certificate.checks(members: chain.members, network: network.id), checks.allSatisfy(verify)
            else { return .evidenceInvalid }
            return nil
        case .recorded(let head):
            guard chain.engine == .pow else { return .evidenceInvalid }
            return recordFault(head, of: final.descendants.last ?? final.header)
        case .pending: return .evidenceInvalid
        }
    }

    private func headerFault(_ header: BlockHeader, signature: Signature, chain: ChainDescription) -> Reason? {
        guard header.epoch == 0, chain.mayBuild(header.builder, slot: header.slot) else { return .wrongSlot }
        if let reason = chain.workFault(of: header) { return reason }
        let check = SignatureCheck(
            key: header.builder, signature: signature, message: Domain.candidate.preimage(network: network.id, header.bytes))
        return verify(check) ? nil : .badSignature
    }

    private func notaryFault(_ certificate: NotaryCertificate?, header: BlockHeader) -> Reason? {
        guard header.chain != .notary else { return certificate == nil ? nil : .evidenceInvalid }
        guard let certificate, certificate.epoch == header.epoch,
            let checks = certificate.checks(for: header, notaries: network.notaryKeys(epoch: certificate.epoch), network: network.id),
            checks.allSatisfy(verify)
        else { return .evidenceInvalid }
        return nil
    }
}
