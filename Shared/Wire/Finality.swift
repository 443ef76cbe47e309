import Cryptography
import Schema

/// What shows a block, or a descendant of it, to be final (invariant 4).
package indirect enum Finality: Hashable, Sendable {
    /// A quorum of the chain's nodes voted so: engines `bft` and `pos`, and the notary chain.
    case certificate(Certificate)
    /// The notary chain has recorded it: engine `pow`.
    case recorded(RecordedHead)
    /// Nothing does yet: a block of a `pow` chain in the very Record that makes it final, and nowhere else.
    case pending

    /// The votes, where votes show it.
    package var certificate: Certificate? {
        if case .certificate(let certificate) = self { certificate } else { nil }
    }

    /// Signatures of the votes that show it: of the chain's nodes, or of the notaries under their block that records it.
    package var signatureCount: Int {
        switch self {
        case .certificate(let certificate): certificate.signers.signatures.count
        case .recorded(let head): head.notary.finality.signatureCount
        case .pending: 0
        }
    }

    /// Where a final header stands, which decides what may show it to be final.
    enum Place { case anywhere, record, recordedHead }
}

/// A proof in the notary chain's state of the newest recorded block of a chain (A8).
package struct RecordedHead: Hashable, Sendable {
    /// A final block of the notary chain.
    package var notary: FinalHeader
    /// Of the chain's recorded head, in that block's state.
    package var proof: StateProof

    package init(notary: FinalHeader, proof: StateProof) {
        self.notary = notary
        self.proof = proof
    }

    init(_ message: PBRecordedHead) throws(WireFault) {
        try Field.present(message.hasNotary, "RecordedHead.notary")
        try Field.present(message.hasProof, "RecordedHead.proof")
        notary = try FinalHeader(message.notary, place: .recordedHead)
        proof = try StateProof(message.proof)
        guard proof.value != nil else { throw WireFault(.invalid, "RecordedHead.proof") }
    }

    var message: PBRecordedHead {
        var message = PBRecordedHead()
        message.notary = notary.message
        message.proof = proof.message
        return message
    }
}

/// What the notary chain has recorded of a chain, and what shows it (S852).
package struct Recorded: Hashable, Sendable {
    package var chain: ChainID
    /// Nil while nothing of the chain is recorded.
    package var head: RecordedHead?

    package init(chain: ChainID, head: RecordedHead?) {
        self.chain = chain
        self.head = head
    }

    init(_ message: PBRecorded) throws(WireFault) {
        chain = try Field.chain(message.chain, "Recorded.chain")
        head = message.hasHead ? try RecordedHead(message.head) : nil
    }

    var message: PBRecorded {
        var message = PBRecorded()
        message.chain = chain.description
        if let head { message.head = head.message }
        return message
    }
}

/// A block of a `pow` chain that a quorum of notaries signed and this notary found valid. Nothing relies on it before it is recorded.
package struct Notarized: Hashable, Sendable {
    /// Node id.
    package var notary: String
    package var certified: CertifiedCandidate
    /// Cross data of the block, for its record.
    package var crosses: [CrossData]
    /// It lies deep enough in the heaviest branch: this notary would have it recorded.
    package var isConfirmed: Bool

    package init(notary: String, certified: CertifiedCandidate, crosses: [CrossData], isConfirmed: Bool) {
        self.notary = notary
        self.certified = certified
        self.crosses = crosses
        self.isConfirmed = isConfirmed
    }

    package var header: BlockHeader { certified.header }

    init(_ message: PBNotarized) throws(WireFault) {
        notary = try Field.text(message.notary, atMost: ShortText.byteCount, "Notarized.notary")
        try Field.present(message.hasCertified, "Notarized.certified")
        certified = try CertifiedCandidate(message.certified)
        guard certified.notary != nil else { throw WireFault(.invalid, "Notarized.certified") }
        try Field.count(message.crosses.count, atMost: Limits.blockTransactions, "Notarized.crosses")
        crosses = try mapChecked(message.crosses) { item throws(WireFault) in try CrossData(item) }
        isConfirmed = message.confirmed
    }

    var message: PBNotarized {
        var message = PBNotarized()
        message.notary = notary
        message.certified = certified.message
        message.crosses = crosses.map(\.message)
        message.confirmed = isConfirmed
        return message
    }
}
