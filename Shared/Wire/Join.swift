import Cryptography
import FoundationEssentials
import Schema

/// A new sub-chain joins the network: every one of its nodes has signed what it is, and notaries admit it (A16).
package struct Join: Hashable, Sendable {
    package let body: ChainBody
    /// By every node, in the chain's order.
    package let signatures: [Signature]
    /// By a quorum of the notaries, in their order.
    package let admissions: [Authorization]

    package init(body: ChainBody, signatures: [Signature], admissions: [Authorization]) {
        self.body = body
        self.signatures = signatures
        self.admissions = admissions
    }

    init(_ message: PBJoin) throws(WireFault) {
        try Field.count(message.admissions.count, atMost: Limits.nodesPerChain, "Join.admissions")
        body = try ChainBody(decoding: [UInt8](message.body))
        signatures = try Join.signatures(message.signatures, of: body, "Join.signatures")
        admissions = try mapChecked(message.admissions) { item throws(WireFault) in try Authorization(item, "Join.admissions") }
    }

    var message: PBJoin {
        var message = PBJoin()
        message.body = Digest.dataOf(body.bytes)
        message.signatures = signatures.map(\.data)
        message.admissions = admissions.map(\.message)
        return message
    }

    /// What has to hold for it to come from all of them.
    package func checks(network: Digest) -> [SignatureCheck] {
        let message = Domain.admit.preimage(network: network, body.hash.bytes)
        return body.checks(signatures, network: network)
            + admissions.map { SignatureCheck(key: $0.key, signature: $0.signature, message: message) }
    }

    /// One signature a node.
    static func signatures(_ items: [Data], of body: ChainBody, _ field: String) throws(WireFault) -> [Signature] {
        guard items.count == body.chain.nodes.count else { throw WireFault(.invalid, field) }
        return try mapChecked(items) { item throws(WireFault) in try Field.signature(item, field) }
    }
}

extension ChainBody {
    /// A node of the chain agrees to be it.
    package func signed(by node: Signer, network: Digest) -> Signature { node.sign(.join, network: network, bytes) }

    /// What has to hold for signatures to be the nodes', in their order.
    package func checks(_ signatures: [Signature], network: Digest) -> [SignatureCheck] {
        let message = Domain.join.preimage(network: network, bytes)
        return zip(chain.nodes, signatures).map { SignatureCheck(key: $0.key, signature: $1, message: message) }
    }
}

/// A notary's operator admits a chain. It carries the whole application, so that nobody needs anything else to judge it.
package struct Admission: Hashable, Sendable {
    package let body: ChainBody
    /// By every node of the chain, in its order.
    package let signatures: [Signature]
    package let authorization: Authorization

    /// Signs one.
    package init(body: ChainBody, signatures: [Signature], network: Digest, notary: Signer) {
        self.body = body
        self.signatures = signatures
        authorization = Authorization(key: notary.publicKey, signature: notary.sign(.admit, network: network, body.hash.bytes))
    }

    init(_ message: PBAdmission) throws(WireFault) {
        try Field.present(message.hasAuthorization, "Admission.authorization")
        body = try ChainBody(decoding: [UInt8](message.body))
        signatures = try Join.signatures(message.signatures, of: body, "Admission.signatures")
        authorization = try Authorization(message.authorization, "Admission.authorization")
    }

    var message: PBAdmission {
        var message = PBAdmission()
        message.body = Digest.dataOf(body.bytes)
        message.signatures = signatures.map(\.data)
        message.authorization = authorization.message
        return message
    }

    /// What has to hold for it to be the notary's, and the application the chain's.
    package func checks(network: Digest) -> [SignatureCheck] {
        Join(body: body, signatures: signatures, admissions: [authorization]).checks(network: network)
    }
}
