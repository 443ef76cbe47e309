import Cryptography
import Schema

/// A sub-chain node says which notary nodes it approves of (A10). It stands until the node casts another one.
package struct Ballot: Hashable, Sendable {
    package let body: [UInt8]
    /// The voter's chain.
    package let chain: ChainID
    package let voter: PublicKey
    /// Ids of listed notary nodes, ascending, each once; none at all takes the ballot back.
    package let approved: [String]
    /// Above that of the voter's ballot before.
    package let number: UInt64
    package let signature: Signature

    /// Makes and signs one.
    package init(chain: ChainID, approved: [String], number: UInt64, network: Digest, signer: Signer) {
        var message = PBBallotBody()
        message.chain = chain.description
        message.voter = signer.publicKey.data
        message.approved = Set(approved).sorted()
        message.number = number
        body = Field.encode(message)
        self.chain = chain
        voter = signer.publicKey
        self.approved = message.approved
        self.number = number
        signature = signer.sign(.ballot, network: network, body)
    }

    init(_ message: PBBallot) throws(WireFault) {
        body = [UInt8](message.body)
        let content = try Field.canonical(PBBallotBody.self, body, "Ballot.body")
        chain = try Field.chain(content.chain, "BallotBody.chain")
        voter = try Field.key(content.voter, "BallotBody.voter")
        try Field.count(content.approved.count, atMost: Limits.notaryNodes, "BallotBody.approved")
        approved = try mapChecked(content.approved) { item throws(WireFault) in try Field.nodeName(item, "BallotBody.approved") }
        guard zip(approved, approved.dropFirst()).allSatisfy({ $0 < $1 }) else { throw WireFault(.invalid, "BallotBody.approved") }
        number = content.number
        guard number > 0 else { throw WireFault(.invalid, "BallotBody.number") }
        signature = try Field.signature(message.signature, "Ballot.signature")
    }

    var message: PBBallot {
        var message = PBBallot()
        message.body = Digest.dataOf(body)
        message.signature = signature.data
        return message
    }

    /// What has to hold for it to be the voter's.
    package func check(network: Digest) -> SignatureCheck {
        SignatureCheck(key: voter, signature: signature, message: Domain.ballot.preimage(network: network, body))
    }
}
