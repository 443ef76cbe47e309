import Cryptography
import Schema

/// A notary node offers itself for the next epochs, names the key it will sign with, or leaves (A10).
package struct Candidacy: Hashable, Sendable {
    package let body: [UInt8]
    /// Id of a listed notary node.
    package let node: String
    /// The key that it has now.
    package let present: PublicKey
    /// The key it signs with from the next epoch on.
    package let key: PublicKey
    /// True: the node wants no seat any more.
    package let isWithdrawn: Bool
    /// Above that of the node's candidacy before.
    package let number: UInt64
    /// By the key that the node has now.
    package let signature: Signature
    /// By the key that it names: somebody holds it.
    package let keySignature: Signature

    /// Makes and signs one; the key is the new one when there is one, else the present one.
    package init(node: String, number: UInt64, isWithdrawn: Bool = false, network: Digest, signer: Signer, newKey: Signer? = nil) {
        let named = newKey ?? signer
        var message = PBCandidacyBody()
        message.node = node
        message.present = signer.publicKey.data
        message.key = named.publicKey.data
        message.withdrawn = isWithdrawn
        message.number = number
        body = Field.encode(message)
        self.node = node
        present = signer.publicKey
        key = named.publicKey
        self.isWithdrawn = isWithdrawn
        self.number = number
        signature = signer.sign(.candidacy, network: network, body)
        keySignature = named.sign(.candidacyKey, network: network, body)
    }

    init(_ message: PBCandidacy) throws(WireFault) {
        body = [UInt8](message.body)
        let content = try Field.canonical(PBCandidacyBody.self, body, "Candidacy.body")
        node = try Field.nodeName(content.node, "CandidacyBody.node")
        present = try Field.key(content.present, "CandidacyBody.present")
        key = try Field.key(content.key, "CandidacyBody.key")
        isWithdrawn = content.withdrawn
        number = content.number
        guard number > 0 else { throw WireFault(.invalid, "CandidacyBody.number") }
        signature = try Field.signature(message.signature, "Candidacy.signature")
        keySignature = try Field.signature(message.keySignature, "Candidacy.key_signature")
    }

    var message: PBCandidacy {
        var message = PBCandidacy()
        message.body = Digest.dataOf(body)
        message.signature = signature.data
        message.keySignature = keySignature.data
        return message
    }

    /// What has to hold for it to come from whoever has both keys.
    package func checks(network: Digest) -> [SignatureCheck] {
        [
            SignatureCheck(key: present, signature: signature, message: Domain.candidacy.preimage(network: network, body)),
            SignatureCheck(key: key, signature: keySignature, message: Domain.candidacyKey.preimage(network: network, body)),
        ]
    }
}
