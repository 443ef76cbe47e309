import Foundation
import Schema

/// What evidence on the notary chain shows, read by the schema alone (docs/ledger.md, offences).
struct OffenceModel: Sendable {
    var kind: UInt8
    var chain: String
    /// Zeros when it takes many.
    var offender = Bytes(repeating: 0, count: Sodium.keyBytes)
    var epoch: UInt64 = 0
    var place: UInt64 = 0
    var duty: UInt8 = 0
    var content: Bytes
    /// Key, signature and signed bytes without tag and network, with their tags.
    var signatures: [(tag: Tag, key: Bytes, signature: Bytes, payload: Bytes)] = []
    var finals: [PBFinalHeader] = []

    var id: Bytes { Sodium.hash(.offence, head) }
    var encoded: Bytes { head + content }

    private var head: Bytes {
        [kind] + Layout.padded(chain) + offender + Layout.number(epoch) + Layout.number(place) + [duty]
    }

    init(_ evidence: PBEvidence) throws(FormFault) {
        chain = evidence.chain
        content = Sodium.hash(.offence, Bytes(evidence.first) + Bytes(evidence.second))
        switch evidence.kind {
        case "double_vote":
            kind = 1
            let votes = [
                try ParsedTransaction.canonical(PBVote.self, evidence.first, "its first vote"),
                try ParsedTransaction.canonical(PBVote.self, evidence.second, "its second vote"),
            ]
            let (one, other) = (votes[0], votes[1])
            (offender, epoch, place, duty) = (Bytes(one.voter), one.epoch, one.slot, one.kind == .notar ? 2 : 3)
            guard one.voter == other.voter, one.chain == chain, other.chain == chain, one.epoch == other.epoch, one.slot == other.slot,
                (one.kind == .notar) == (other.kind == .notar), one.kind != other.kind || one.hash != other.hash
            else { throw FormFault("shows two votes that do not contradict each other") }
            for vote in votes {
                let payload = Layout.padded(vote.chain) + Layout.number(vote.epoch) + Layout.number(vote.slot)
                    + [UInt8(truncatingIfNeeded: vote.kind.rawValue)] + Bytes(vote.hash)
                signatures.append((.vote, Bytes(vote.voter), Bytes(vote.signature), payload))
            }
        case "double_candidate":
            kind = 2
            let (one, other) = (try add(evidence.first), try add(evidence.second))
            (offender, epoch, place, duty) = (one.builder, one.epoch, one.slot, 1)
            guard one.builder == other.builder, one.hash != other.hash, one.chain == chain, other.chain == chain,
                one.epoch == other.epoch, one.slot == other.slot
            else { throw FormFault("shows two candidates that do not contradict each other") }
        case "signed_invalid":
            kind = 3
            let candidate = try add(evidence.first)
            let verdict = try ParsedTransaction.canonical(PBNotaryVerdict.self, evidence.second, "its verdict")
            guard candidate.chain == chain, verdict.chain == chain, Bytes(verdict.block) == candidate.hash,
                verdict.signed.slot == candidate.slot, verdict.signed.height == candidate.height
            else { throw FormFault("shows a signature that is not under its candidate") }
            (offender, epoch, place) = (Bytes(verdict.notary), verdict.signed.epoch, candidate.slot)
            let payload = Layout.padded(chain) + Layout.number(epoch) + Layout.number(candidate.slot) + Layout.number(candidate.height)
                + candidate.hash
            signatures.append((.notary, offender, Bytes(verdict.signed.signature), payload))
        case "two_finals":
            kind = 4
            for data in [evidence.first, evidence.second] {
                guard let final = try? PBFinalHeader(serializedBytes: data) else { throw FormFault("shows a final header that cannot be read") }
                finals.append(final)
            }
            guard let one = ParsedHeader(finals[0].header), let other = ParsedHeader(finals[1].header), one.chain == chain,
                other.chain == chain, chain != AuditNetwork.notaryName, one.height == other.height, one.hash != other.hash
            else { throw FormFault("shows two final blocks that do not contradict each other") }
            (epoch, place) = (one.epoch, one.height)
        default: throw FormFault("shows an offence of no known kind")
        }
        guard offender.count == Sodium.keyBytes else { throw FormFault("names no offender") }
    }

    /// Takes a signed header.
    private mutating func add(_ data: Data) throws(FormFault) -> ParsedHeader {
        let candidate = try ParsedTransaction.canonical(PBCertifiedCandidate.self, data, "its candidate")
        guard !candidate.hasNotary, let header = ParsedHeader(candidate.header) else { throw FormFault("shows a candidate that cannot be read") }
        signatures.append((.candidate, header.builder, Bytes(candidate.builderSignature), Bytes(candidate.header)))
        return header
    }
}
