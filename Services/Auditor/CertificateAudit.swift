import Foundation
import Schema
import SwiftProtobuf

/// Checks final headers: both certificates, the builder's signature and the way to the block the certificate names
/// (design invariant 4). Signatures go to the book and are judged together at the end.
struct CertificateAudit {
    let network: AuditNetwork
    var book = SignatureBook()
    /// Who votes on a chain in which epoch.
    var stakes: [String: StakeModel] = [:]
    private(set) var certificates = 0
    private var judged: [Bytes: FinalHeaderVerdict] = [:]

    init(network: AuditNetwork) {
        self.network = network
    }

    /// What the form of a final header says; signatures come later.
    struct FinalHeaderVerdict {
        /// Nil when the header cannot be read.
        var header: ParsedHeader?
        var faults: [String]
    }

    func model(of chain: AuditChain) -> StakeModel { stakes[chain.id] ?? StakeModel(chain) }

    /// Checks one final header. The same bytes again cost nothing.
    ///
    /// - Parameter place: chain, height and node to name when something is wrong; its detail is filled in.
    ///   - isRecord: it stands in a record of the notary chain, which is what makes a mined block final.
    mutating func judge(_ final: PBFinalHeader, at place: Violation, isRecord: Bool = false) -> FinalHeaderVerdict {
        guard let encoded: Data = try? final.serializedData() else { return FinalHeaderVerdict(header: nil, faults: ["it cannot be read"]) }
        let key = Sodium.hash(Bytes(encoded) + [isRecord ? 1 : 0])
        if let known = judged[key] { return known }
        let verdict = examine(final, at: place, isRecord: isRecord)
        judged[key] = verdict
        return verdict
    }

    private mutating func examine(_ final: PBFinalHeader, at place: Violation, isRecord: Bool) -> FinalHeaderVerdict {
        guard let header = ParsedHeader(final.header) else { return FinalHeaderVerdict(header: nil, faults: ["its header cannot be read"]) }
        guard let chain = network.chain(header.chain) else {
            return FinalHeaderVerdict(header: header, faults: ["chain \(header.chain) is not part of the network"])
        }
        var faults = builderFaults(header, chain)
        add(
            Bytes(final.builderSignature), by: header.builder, over: .candidate, header.bytes, at: place,
            "the builder's signature under block \(Layout.short(header.hash)) does not stand")
        if chain.id == AuditNetwork.notaryName {
            if final.hasNotary { faults.append("a notary block carries a notary certificate") }
        } else if final.hasNotary {
            faults += notaryFaults(final.notary, of: header, at: place)
        } else {
            faults.append("the notary certificate is missing")
        }
        if chain.work != nil { return FinalHeaderVerdict(header: header, faults: faults + recordFaults(final, header, at: place, isRecord: isRecord)) }
        guard final.hasFinality, !final.hasRecorded else {
            return FinalHeaderVerdict(header: header, faults: faults + ["the finality certificate is missing"])
        }
        guard let last = lastDescendant(of: header, final.descendants) else {
            return FinalHeaderVerdict(header: header, faults: faults + ["the headers up to the certified block do not follow each other"])
        }
        faults += finalityFaults(final.finality, for: last, of: chain, at: place)
        return FinalHeaderVerdict(header: header, faults: faults)
    }

    /// The block that the finality certificate must name: `header` itself, or the end of an unbroken line of children.
    func lastDescendant(of header: ParsedHeader, _ descendants: [Data]) -> ParsedHeader? {
        var last = header
        for item in descendants {
            guard let next = ParsedHeader(item), next.chain == header.chain, next.parent == last.hash, next.height == last.height + 1,
                next.parentSlot == last.slot
            else { return nil }
            last = next
        }
        return last
    }

    private mutating func notaryFaults(_ certificate: PBNotaryCertificate, of header: ParsedHeader, at place: Violation) -> [String] {
        certificates += 1
        let notaries = model(of: network.notary)
        let epoch = notaries.election?.epoch(of: header.chain, height: header.height) ?? 0
        guard certificate.epoch == epoch, header.epoch == epoch, let voters = notaries.electorate(ofEpoch: epoch) else {
            return ["the notary certificate is of epoch \(certificate.epoch), the block of epoch \(header.epoch), its height of epoch \(epoch)"]
        }
        let payload = Layout.padded(header.chain) + Layout.number(certificate.epoch) + Layout.number(header.slot)
            + Layout.number(header.height) + header.hash
        return quorumFaults(
            "notary certificate", bitmap: Bytes(certificate.signers), signatures: certificate.signatures, members: voters.map(\.key),
            weights: voters.map(\.weight),
            message: Tag.notary.preimage(network: network.id, payload), at: place)
    }

    private mutating func finalityFaults(
        _ certificate: PBCertificate, for header: ParsedHeader, of chain: AuditChain, at place: Violation
    ) -> [String] {
        certificates += 1
        guard certificate.kind == .final else { return ["the finality certificate is not of kind FINAL"] }
        guard certificate.chain == chain.id, certificate.slot == header.slot, Bytes(certificate.hash) == header.hash else {
            return ["the finality certificate is about another block (slot \(certificate.slot) of \(certificate.chain))"]
        }
        guard certificate.epoch == model(of: chain).epoch(of: header.slot), let voters = model(of: chain).electorate(of: header.slot) else {
            return ["the finality certificate is of epoch \(certificate.epoch), which is not that of slot \(header.slot), or has no known electorate"]
        }
        let payload = Layout.padded(chain.id) + Layout.number(certificate.epoch) + Layout.number(certificate.slot)
            + [UInt8(PBVoteKind.final.rawValue)] + header.hash
        return quorumFaults(
            "finality certificate", bitmap: Bytes(certificate.signers), signatures: certificate.signatures, members: voters.map(\.key), weights: voters.map(\.weight),
            message: Tag.vote.preimage(network: network.id, payload), at: place)
    }

    /// Distinct members, at least a quorum of them, one signature each.
    private mutating func quorumFaults(
        _ name: String, bitmap: Bytes, signatures: [Data], members: [Bytes], weights: [UInt64], message: Bytes, at place: Violation
    ) -> [String] {
        guard bitmap.count == (members.count + 7) / 8 else { return ["the \(name)'s list of signers does not fit \(members.count) members"] }
        let signers = (0..<bitmap.count * 8).filter { bitmap[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
        guard signers.allSatisfy({ $0 < members.count }) else { return ["the \(name) names a signer that is no member"] }
        guard signers.count == signatures.count else {
            return ["the \(name) names \(signers.count) signers and carries \(signatures.count) signatures"]
        }
        let weight = signers.reduce(UInt128(0)) { $0 + UInt128(weights[$1]) }
        let quorum = 2 * weights.reduce(UInt128(0)) { $0 + UInt128($1) } / 3 + 1
        guard weight >= quorum else { return ["the \(name) has signers of weight \(weight) of the \(quorum) needed"] }
        guard Set(signatures).count == signatures.count else { return ["the \(name) carries one signature twice"] }
        for (signer, signature) in zip(signers, signatures) {
            var otherwise = place
            otherwise.invariant = .certificates
            otherwise.detail = "the signature of member \(signer + 1) in the \(name) does not stand"
            book.add(SignatureClaim(key: members[signer], signature: Bytes(signature), message: message, otherwise: otherwise))
        }
        return []
    }

    /// Books one signature over a domain's preimage.
    mutating func add(
        _ signature: Bytes, by key: Bytes, over tag: Tag, _ payload: Bytes, at place: Violation, invariant: Invariant = .certificates,
        _ detail: String
    ) {
        var otherwise = place
        otherwise.invariant = invariant
        otherwise.detail = detail
        book.add(
            SignatureClaim(key: key, signature: signature, message: tag.preimage(network: network.id, payload), otherwise: otherwise))
    }
}
