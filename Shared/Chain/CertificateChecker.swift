import Cryptography
import DequeModule
import Wire

/// Judges whether headers are final: builder, notary certificate and finality certificate (invariant 4; A6, A7).
///
/// Remembers what it has found good, so that many transactions may name one foreign block at the cost of one check.
package struct CertificateChecker: Sendable {
    /// Who votes, and who has voted.
    package let book: ElectorateBook
    var network: Network { book.network }
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

    package init(book: ElectorateBook, verify: @escaping @Sendable (SignatureCheck) -> Bool) {
        self.book = book
        self.verify = verify
    }

    /// Why a header is not shown to be final; nil when it is.
    package mutating func fault(in final: FinalHeader) -> Reason? {
        let key = Key(block: final.hash, proof: final.fingerprint)
        if known.contains(key) { return nil }
        if let reason = check(final) { return reason }
        known.insert(key)
        order.append(key)
        if order.count > CertificateChecker.rememberedHeaders { known.remove(order.removeFirst()) }
        return nil
    }

    /// Why a candidate with its notary certificate may not be voted for, as far as signatures go; nil when it may.
    package func fault(in certified: CertifiedCandidate) -> Reason? {
        guard let chain = network.chain(certified.header.chain) else { return .chainUnknown }
        if let reason = headerFault(certified.header, signature: certified.builderSignature, chain: chain) { return reason }
        return notaryFault(certified.notary, header: certified.header)
    }

    /// Why a header was not made by the leader of its slot; nil when it was.
    package func builderFault(_ header: BlockHeader, signature: Signature) -> Reason? {
        guard let chain = network.chain(header.chain) else { return .chainUnknown }
        return headerFault(header, signature: signature, chain: chain)
    }

    private mutating func check(_ final: FinalHeader) -> Reason? {
        guard let chain = network.chain(final.header.chain) else { return .chainUnknown }
        if let reason = headerFault(final.header, signature: final.builderSignature, chain: chain) { return reason }
        if let reason = notaryFault(final.notary, header: final.header) { return reason }
        switch final.finality {
        case .certificate(let certificate):
            guard chain.engine != .pow else { return .evidenceInvalid }
            return finalityFault(certificate, chain: chain)
        case .recorded(let head):
            guard chain.engine == .pow else { return .evidenceInvalid }
            return recordFault(head, of: final.descendants.last ?? final.header)
        case .pending: return .evidenceInvalid
        }
    }

    /// Why votes do not show their block to be final; nil when they do.
    private func finalityFault(_ certificate: Certificate, chain: ChainDescription) -> Reason? {
        let statement = certificate.statement
        guard statement.epoch == chain.epoch(of: statement.slot) else { return .evidenceInvalid }
        guard let electorate = book.electorate(of: chain.id, epoch: statement.epoch) else { return .epochUnknown }
        guard let checks = certificate.checks(electorate: electorate, network: network.id), checks.allSatisfy(verify) else {
            return .evidenceInvalid
        }
        return nil
    }

    /// Why a key may not make the block of a slot: it is not the slot's leader, or no node that could have mined it; nil when it may.
    private func builderFault(_ header: BlockHeader, chain: ChainDescription) -> Reason? {
        if chain.engine == .pow { return chain.hasNode(header.builder) ? nil : .wrongSlot }
        guard let electorate = book.electorate(of: chain.id, slot: header.slot) else { return .epochUnknown }
        return electorate.leader(of: header.slot).key == header.builder ? nil : .wrongSlot
    }

    private func headerFault(_ header: BlockHeader, signature: Signature, chain: ChainDescription) -> Reason? {
        if let reason = book.epochFault(of: header) ?? builderFault(header, chain: chain) ?? chain.workFault(of: header) { return reason }
        let check = SignatureCheck(
            key: header.builder, signature: signature, message: Domain.candidate.preimage(network: network.id, header.bytes))
        return verify(check) ? nil : .badSignature
    }

    private func notaryFault(_ certificate: NotaryCertificate?, header: BlockHeader) -> Reason? {
        guard header.chain != .notary else { return certificate == nil ? nil : .evidenceInvalid }
        guard let certificate, certificate.epoch == header.epoch else { return .evidenceInvalid }
        guard let notaries = book.electorate(of: .notary, epoch: certificate.epoch) else { return .epochUnknown }
        guard let checks = certificate.checks(for: header, notaries: notaries, network: network.id), checks.allSatisfy(verify) else {
            return .evidenceInvalid
        }
        return nil
    }
}
