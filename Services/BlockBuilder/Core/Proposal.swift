import Cryptography
import Wire

/// A candidate that this builder has made for an open slot, and what the notaries say of it (S840, S890, S891).
struct Proposal: Sendable {
    let block: Block
    /// Notaries of the candidate's epoch.
    private let notaries: Electorate
    private var signatures: [(position: Int, signature: Signature)] = []
    /// Who refused the candidate because of which transaction.
    private var refusals: [(transaction: Digest, notary: PublicKey)] = []
    /// The notary certificate, once a quorum has signed.
    private(set) var certified: CertifiedCandidate?
    /// How often it has been sent.
    var sendings = 0

    init(_ block: Block, notaries: Electorate) {
        self.block = block
        self.notaries = notaries
    }

    /// Whether a notary's signature would add to what is gathered.
    func needs(_ notary: PublicKey) -> Bool {
        guard certified == nil, let position = notaries.position(of: notary) else { return false }
        return !signatures.contains { $0.position == position }
    }

    /// Counts a signature that holds.
    ///
    /// - Returns: the certified candidate, when this signature makes the quorum.
    /// - Precondition: `needs(notary)`.
    mutating func add(_ signature: Signature, by notary: PublicKey) -> CertifiedCandidate? {
        guard needs(notary), let position = notaries.position(of: notary) else { preconditionFailure("a notary is counted once") }
        signatures.append((position, signature))
        guard notaries.isQuorum(signatures.map(\.position)) else { return nil }
        let certificate = NotaryCertificate(
            epoch: block.header.epoch, signers: SignerSet(signatures.map { ($0.position, $0.signature) }, of: notaries.count))
        certified = CertifiedCandidate(header: block.header, builderSignature: block.builderSignature, notary: certificate)
        return certified
    }

    /// Counts a refusal.
    ///
    /// - Returns: whether more notaries than can be faulty have now refused the candidate for this transaction: at least one of
    ///   them is honest.
    mutating func refuse(_ transaction: Digest, by notary: PublicKey) -> Bool {
        guard notaries.contains(notary), !refusals.contains(where: { $0.transaction == transaction && $0.notary == notary }) else {
            return false
        }
        // A notary names one offender a judgement; more than one a transaction of the block would be noise.
        guard refusals.reduce(0, { $0 + ($1.notary == notary ? 1 : 0) }) < Proposal.refusalsCounted else { return false }
        let before = weight(refusing: transaction)
        refusals.append((transaction, notary))
        return before <= notaries.faultyWeight && weight(refusing: transaction) > notaries.faultyWeight
    }

    private func weight(refusing transaction: Digest) -> UInt64 {
        notaries.weight(of: refusals.lazy.filter { $0.transaction == transaction }.compactMap { notaries.position(of: $0.notary) })
    }

    /// Transactions of one candidate that one notary's refusals are counted for.
    private static let refusalsCounted = 8
}
