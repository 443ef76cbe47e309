import Cryptography
import Schema

/// Two statements that show that somebody broke a rule, as they came. `Offence` is what they are once they have been read.
package struct Evidence: Hashable, Sendable {
    /// Which rule was broken.
    package enum Kind: String, Sendable, CaseIterable {
        /// Two votes of one node for one duty of a slot (invariant 9).
        case doubleVote = "double_vote"
        /// Two candidates of one node for one slot (invariant 9).
        case doubleCandidate = "double_candidate"
        /// A notary's signature under a candidate that the rules refuse (A6).
        case signedInvalid = "signed_invalid"
        /// Two final blocks of one chain at one height (invariant 3): more than a third of it is corrupt.
        case twoFinals = "two_finals"

        /// Its number in the state of the notary chain.
        package var number: UInt8 {
            switch self {
            case .doubleVote: 1
            case .doubleCandidate: 2
            case .signedInvalid: 3
            case .twoFinals: 4
            }
        }
    }

    package var chain: ChainID
    package var kind: Kind
    /// Exact bytes of the two encoded messages.
    package var first: [UInt8]
    package var second: [UInt8]

    package init(chain: ChainID, kind: Kind, first: [UInt8], second: [UInt8]) {
        self.chain = chain
        self.kind = kind
        self.first = first
        self.second = second
    }

    init(_ message: PBEvidence) throws(WireFault) {
        chain = try Field.chain(message.chain, "Evidence.chain")
        guard let kind = Kind(rawValue: message.kind) else { throw WireFault(.invalid, "Evidence.kind") }
        self.kind = kind
        try Field.count(message.first.count + message.second.count, atMost: Limits.evidenceBytes, "Evidence")
        first = [UInt8](message.first)
        second = [UInt8](message.second)
    }

    var message: PBEvidence {
        var message = PBEvidence()
        message.chain = chain.description
        message.kind = kind.rawValue
        message.first = Digest.dataOf(first)
        message.second = Digest.dataOf(second)
        return message
    }
}

/// A header that its builder signed: a candidate as evidence shows it.
package struct SignedHeader: Hashable, Sendable {
    package var header: BlockHeader
    package var builderSignature: Signature

    package init(_ block: Block) {
        header = block.header
        builderSignature = block.builderSignature
    }

    /// Reads a `CertifiedCandidate`, whose certificate is not asked for.
    package init(decoding bytes: [UInt8]) throws(WireFault) {
        let message = try Field.canonical(PBCertifiedCandidate.self, bytes, "CertifiedCandidate")
        guard !message.hasNotary else { throw WireFault(.invalid, "CertifiedCandidate.notary") }
        header = try BlockHeader(decoding: [UInt8](message.header))
        builderSignature = try Field.signature(message.builderSignature, "CertifiedCandidate.builder_signature")
    }

    package var encoded: [UInt8] {
        var message = PBCertifiedCandidate()
        message.header = Digest.dataOf(header.bytes)
        message.builderSignature = builderSignature.data
        return Field.encode(message)
    }

    /// What has to hold for the builder's signature to be the builder's.
    package func check(network: Digest) -> SignatureCheck {
        SignatureCheck(
            key: header.builder, signature: builderSignature, message: Domain.candidate.preimage(network: network, header.bytes))
    }
}
