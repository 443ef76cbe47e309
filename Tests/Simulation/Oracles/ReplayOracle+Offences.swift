import Cryptography
import Wire

extension ReplayOracle {
    /// Evidence on the notary chain: both statements are signed by a member, about one thing, and not the same; nobody honest is
    /// ever accused.
    func show(_ offence: Offence, to state: inout ReplayState) throws(ReplayFault) {
        let evidence = offence.evidence
        guard let chain = network.chain(evidence.chain), state.chain == .notary || state.chain == evidence.chain else { throw ReplayFault(what: "evidence about no chain of the network") }
        let members = chain.listed.map(\.key)
        var name: [UInt8]
        switch offence.exhibit {
        case .votes(let one, let other):
            for vote in [one, other] {
                try demandSigned(
                    vote.voter, vote.signature, "vote",
                    CertificateOracle.padded(vote.statement.chain) + CertificateOracle.number(vote.statement.epoch)
                        + CertificateOracle.number(vote.statement.slot) + [vote.statement.kind.rawValue] + vote.statement.hash.bytes)
            }
            guard one.voter == other.voter, members.contains(one.voter), one.statement.slot == other.statement.slot, one.statement != other.statement
            else { throw ReplayFault(what: "evidence of two votes shows none") }
            name = ReplayOracle.name(1, evidence.chain, one.voter.digest, one.statement.epoch, one.statement.slot, one.statement.kind == .notar ? 2 : 3)
            try demandLiar(one.voter)
        case .candidates(let one, let other):
            for item in [one, other] { try demandSigned(item.header.builder, item.builderSignature, "candidate", item.header.bytes) }
            guard one.header.builder == other.header.builder, members.contains(one.header.builder), one.header.slot == other.header.slot,
                one.header.hash != other.header.hash
            else { throw ReplayFault(what: "evidence of two candidates shows none") }
            name = ReplayOracle.name(2, evidence.chain, one.header.builder.digest, one.header.epoch, one.header.slot, 1)
            try demandLiar(one.header.builder)
        case .signature(let candidate, let verdict):
            guard case .signed(let epoch, let slot, let height, let signature) = verdict.verdict, verdict.block == candidate.header.hash else {
                throw ReplayFault(what: "evidence of a notary's signature shows none")
            }
            try demandSigned(
                verdict.notary, signature, "notary",
                CertificateOracle.padded(evidence.chain) + CertificateOracle.number(epoch) + CertificateOracle.number(slot)
                    + CertificateOracle.number(height) + verdict.block.bytes)
            name = ReplayOracle.name(3, evidence.chain, verdict.notary.digest, epoch, slot, 0)
            try demandLiar(verdict.notary)
        case .finals(let one, let other):
            guard one.header.height == other.header.height, one.hash != other.hash else { throw ReplayFault(what: "evidence of two final blocks shows none") }
            name = ReplayOracle.name(4, evidence.chain, .zero, one.header.epoch, one.header.height, 0)
        }
        let content = Blake2b.hash(Array("concordat/1/offence".utf8) + [0] + evidence.first + evidence.second)
        guard state.addOffence(name, content: content.bytes) else { throw ReplayFault(what: "an offence is recorded twice") }
    }

    private func demandLiar(_ key: PublicKey) throws(ReplayFault) {
        guard liars.contains(key) else { throw ReplayFault(what: "an honest key is accused: \(key)") }
    }

    func demandSigned(_ key: PublicKey, _ signature: Signature, _ domain: String, _ payload: [UInt8]) throws(ReplayFault) {
        let check = SignatureCheck(key: key, signature: signature, message: CertificateOracle.tagged(domain, network.id) + payload)
        guard memo.holds(check) else { throw ReplayFault(what: "evidence with a \(domain) signature that does not hold") }
    }

    private static func name(_ kind: UInt8, _ chain: ChainID, _ offender: Digest, _ epoch: Epoch, _ place: UInt64, _ duty: UInt8) -> [UInt8] {
        [kind] + CertificateOracle.padded(chain) + offender.bytes + CertificateOracle.number(epoch) + CertificateOracle.number(place) + [duty]
    }
}
