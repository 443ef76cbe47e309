import Cryptography
import Schema

/// Who of an ordered set signed, and their signatures in ascending order.
package struct SignerSet: Hashable, Sendable {
    /// Bit i is byte i/8, bit i%8.
    package private(set) var bitmap: [UInt8]
    package private(set) var signatures: [Signature]

    /// Positions of the signers, ascending; as many as signatures.
    package var positions: [Int] {
        bitmap.indices.flatMap { byte in (0..<8).filter { bitmap[byte] >> UInt8($0) & 1 == 1 }.map { byte * 8 + $0 } }
    }

    /// From positions with their signatures, in any order, each position once.
    package init(_ signatures: [(position: Int, signature: Signature)], of count: Int) {
        let ordered = signatures.sorted { $0.position < $1.position }
        bitmap = [UInt8](repeating: 0, count: (count + 7) / 8)
        for entry in ordered {
            precondition(entry.position >= 0 && entry.position < count, "a signer is a member")
            precondition(bitmap[entry.position / 8] >> UInt8(entry.position % 8) & 1 == 0, "a signer signs once")
            bitmap[entry.position / 8] |= 1 << UInt8(entry.position % 8)
        }
        self.signatures = ordered.map(\.signature)
    }

    /// From the wire: as many signatures as bits, no bytes beyond `Limits.nodesPerChain`.
    package init(bitmap: [UInt8], signatures: [Signature], field: String) throws(WireFault) {
        guard bitmap.count <= (Limits.nodesPerChain + 7) / 8 else { throw WireFault(.tooLarge, "\(field).signers") }
        guard bitmap.reduce(0, { $0 + $1.nonzeroBitCount }) == signatures.count else { throw WireFault(.invalid, "\(field).signatures") }
        self.bitmap = bitmap
        self.signatures = signatures
    }

    /// The checks that must hold, when the signers are distinct members of an electorate and weigh a quorum of it; else nil
    /// (A7, invariant 4; faults case 33).
    package func quorumChecks(of electorate: Electorate, message: [UInt8]) -> [SignatureCheck]? {
        guard bitmap.count == (electorate.count + 7) / 8 else { return nil }
        let positions = positions
        guard positions.count == signatures.count, positions.allSatisfy({ $0 < electorate.count }), electorate.isQuorum(positions)
        else { return nil }
        return zip(positions, signatures).map { SignatureCheck(key: electorate.members[$0].key, signature: $1, message: message) }
    }
}

/// More than two thirds of the notaries of an epoch signed one candidate.
package struct NotaryCertificate: Hashable, Sendable {
    package var epoch: Epoch
    package var signers: SignerSet

    package init(epoch: Epoch, signers: SignerSet) {
        self.epoch = epoch
        self.signers = signers
    }

    /// The signatures to check for `header`; nil when they are no quorum of `notaries`.
    package func checks(for header: BlockHeader, notaries: Electorate, network: Digest) -> [SignatureCheck]? {
        signers.quorumChecks(
            of: notaries, message: Domain.notary.preimage(network: network, NotaryStatement(header, epoch: epoch).payload))
    }

    init(_ message: PBNotaryCertificate) throws(WireFault) {
        epoch = message.epoch
        signers = try SignerSet(
            bitmap: [UInt8](message.signers),
            signatures: try mapChecked(message.signatures) { item throws(WireFault) in
                try Field.signature(item, "NotaryCertificate.signatures")
            }, field: "NotaryCertificate")
    }

    var message: PBNotaryCertificate {
        var message = PBNotaryCertificate()
        message.epoch = epoch
        message.signers = Digest.dataOf(signers.bitmap)
        message.signatures = signers.signatures.map(\.data)
        return message
    }
}

/// A quorum of votes for one statement.
package struct Certificate: Hashable, Sendable {
    package var statement: Statement
    package var signers: SignerSet

    package init(statement: Statement, signers: SignerSet) {
        self.statement = statement
        self.signers = signers
    }

    /// The signatures to check; nil when they are no quorum of the electorate.
    package func checks(electorate: Electorate, network: Digest) -> [SignatureCheck]? {
        signers.quorumChecks(of: electorate, message: Domain.vote.preimage(network: network, statement.payload))
    }

    init(_ message: PBCertificate) throws(WireFault) {
        statement = Statement(
            chain: try Field.chain(message.chain, "Certificate.chain"), epoch: message.epoch, slot: message.slot,
            kind: try VoteKind(message.kind, "Certificate.kind"), hash: try Field.digest(message.hash, "Certificate.hash"))
        guard statement.slot > 0 else { throw WireFault(.invalid, "Certificate.slot") }
        guard (statement.kind == .skip) == (statement.hash == .zero) else { throw WireFault(.invalid, "Certificate.hash") }
        signers = try SignerSet(
            bitmap: [UInt8](message.signers),
            signatures: try mapChecked(message.signatures) { item throws(WireFault) in
                try Field.signature(item, "Certificate.signatures")
            }, field: "Certificate")
    }

    var message: PBCertificate {
        var message = PBCertificate()
        message.chain = statement.chain.description
        message.epoch = statement.epoch
        message.slot = statement.slot
        message.kind = statement.kind.message
        message.hash = statement.hash.data
        message.signers = Digest.dataOf(signers.bitmap)
        message.signatures = signers.signatures.map(\.data)
        return message
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.canonical(PBCertificate.self, bytes, "Certificate"))
    }

    package var encoded: [UInt8] { Field.encode(message) }
}

/// One node's vote.
package struct Vote: Hashable, Sendable {
    package var statement: Statement
    package var voter: PublicKey
    package var signature: Signature

    /// Signs a statement.
    package init(_ statement: Statement, network: Digest, signer: Signer) {
        self.statement = statement
        voter = signer.publicKey
        signature = signer.sign(.vote, network: network, statement.payload)
    }

    /// A vote that stands in a certificate.
    package init(_ statement: Statement, voter: PublicKey, signature: Signature) {
        self.statement = statement
        self.voter = voter
        self.signature = signature
    }

    /// What has to hold for the signature to be the signer's.
    package func check(network: Digest) -> SignatureCheck {
        SignatureCheck(key: voter, signature: signature, message: Domain.vote.preimage(network: network, statement.payload))
    }

    init(_ message: PBVote) throws(WireFault) {
        statement = Statement(
            chain: try Field.chain(message.chain, "Vote.chain"), epoch: message.epoch, slot: message.slot,
            kind: try VoteKind(message.kind, "Vote.kind"), hash: try Field.digest(message.hash, "Vote.hash"))
        guard statement.slot > 0 else { throw WireFault(.invalid, "Vote.slot") }
        guard (statement.kind == .skip) == (statement.hash == .zero) else { throw WireFault(.invalid, "Vote.hash") }
        voter = try Field.key(message.voter, "Vote.voter")
        signature = try Field.signature(message.signature, "Vote.signature")
    }

    var message: PBVote {
        var message = PBVote()
        message.chain = statement.chain.description
        message.epoch = statement.epoch
        message.slot = statement.slot
        message.kind = statement.kind.message
        message.hash = statement.hash.data
        message.voter = voter.data
        message.signature = signature.data
        return message
    }

    package init(decoding bytes: [UInt8]) throws(WireFault) {
        try self.init(try Field.canonical(PBVote.self, bytes, "Vote"))
    }

    package var encoded: [UInt8] { Field.encode(message) }
}

extension VoteKind {
    init(_ message: PBVoteKind, _ field: String) throws(WireFault) {
        switch message {
        case .notar: self = .notar
        case .skip: self = .skip
        case .final: self = .final
        case .unspecified, .UNRECOGNIZED: throw WireFault(.invalid, field)
        }
    }

    var message: PBVoteKind {
        switch self {
        case .notar: .notar
        case .skip: .skip
        case .final: .final
        }
    }
}
