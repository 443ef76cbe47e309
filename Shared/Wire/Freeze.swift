import Crypto
import Schema

/// What a notary wants of a chain (R8).
package struct Consent: Hashable, Sendable {
    package var chain: ChainID
    /// True: freeze it; false: thaw it.
    package var frozen: Bool
    /// Notary height at which the chain's status last changed, 0 if it never did: a consent serves once.
    package var since: Height
    package var authorization: Authorization

    /// Signs one.
    package init(chain: ChainID, frozen: Bool, since: Height, network: Digest, signer: Signer) {
        self.chain = chain
        self.frozen = frozen
        self.since = since
        authorization = Authorization(
            key: signer.publicKey,
            signature: signer.sign(.consent, network: network, Consent.payload(chain: chain, frozen: frozen, since: since)))
    }

    /// The signed payload: chain padded to 32, u8 1 for a freeze and 2 for a thaw, since u64.
    package static func payload(chain: ChainID, frozen: Bool, since: Height) -> [UInt8] {
        chain.text.padded.bytes + [frozen ? 1 : 2] + since.bigEndianBytes
    }

    /// What has to hold for the signature to be the notary's.
    package func check(network: Digest) -> SignatureCheck {
        SignatureCheck(
            key: authorization.key, signature: authorization.signature,
            message: Domain.consent.preimage(network: network, Consent.payload(chain: chain, frozen: frozen, since: since)))
    }

    init(_ message: PBConsent) throws(WireFault) {
        try Field.present(message.hasAuthorization, "Consent.authorization")
        chain = try Field.subChain(message.chain, "Consent.chain")
        frozen = message.frozen
        since = message.since
        authorization = try Authorization(message.authorization, "Consent.authorization")
    }

    var message: PBConsent {
        var message = PBConsent()
        message.chain = chain.description
        message.frozen = frozen
        message.since = since
        message.authorization = authorization.message
        return message
    }
}

/// The notary chain freezes a chain at its recorded head, or lets it go on from there (R8).
package struct StatusChange: Hashable, Sendable {
    package var chain: ChainID
    /// The recorded head of a freeze; nil for a thaw.
    package var head: Head?
    /// Notary height at which the chain's status last changed, 0 if it never did.
    package var since: Height
    /// By notaries, in network order: more than may lie for a freeze, a quorum for a thaw.
    package var consents: [Authorization]

    /// A block of the chain.
    package struct Head: Hashable, Sendable {
        package var height: Height
        package var hash: Digest

        package init(height: Height, hash: Digest) {
            self.height = height
            self.hash = hash
        }
    }

    package init(chain: ChainID, head: Head?, since: Height, consents: [Authorization]) {
        self.chain = chain
        self.head = head
        self.since = since
        self.consents = consents
    }

    package var isFreeze: Bool { head != nil }

    /// What names the change among transactions: chain padded to 32, since u64. A status changes once at a notary height.
    var name: [UInt8] { chain.text.padded.bytes + since.bigEndianBytes }

    /// Names the change, for claims.
    package var id: Digest { Blake2b.hash([isFreeze ? 11 : 12] + name) }

    /// What has to hold for the consents to be the notaries'.
    package func checks(network: Digest) -> [SignatureCheck] {
        let message = Domain.consent.preimage(network: network, Consent.payload(chain: chain, frozen: isFreeze, since: since))
        return consents.map { SignatureCheck(key: $0.key, signature: $0.signature, message: message) }
    }

    init(_ message: PBFreeze) throws(WireFault) {
        try Field.count(message.consents.count, atMost: Limits.nodesPerChain, "Freeze.consents")
        chain = try Field.subChain(message.chain, "Freeze.chain")
        head = Head(height: message.height, hash: try Field.digest(message.hash, "Freeze.hash"))
        since = message.since
        consents = try mapChecked(message.consents) { item throws(WireFault) in try Authorization(item, "Freeze.consents") }
    }

    init(_ message: PBThaw) throws(WireFault) {
        try Field.count(message.consents.count, atMost: Limits.nodesPerChain, "Thaw.consents")
        chain = try Field.subChain(message.chain, "Thaw.chain")
        head = nil
        since = message.since
        consents = try mapChecked(message.consents) { item throws(WireFault) in try Authorization(item, "Thaw.consents") }
    }

    func fill(_ message: inout PBTransaction) {
        guard let head else {
            message.thaw.chain = chain.description
            message.thaw.since = since
            message.thaw.consents = consents.map(\.message)
            return
        }
        message.freeze.chain = chain.description
        message.freeze.height = head.height
        message.freeze.hash = head.hash.data
        message.freeze.since = since
        message.freeze.consents = consents.map(\.message)
    }
}

extension Field {
    /// The id of a chain that is not the notary chain.
    static func subChain(_ text: String, _ field: String) throws(WireFault) -> ChainID {
        let chain = try chain(text, field)
        guard chain != .notary else { throw WireFault(.invalid, field) }
        return chain
    }
}
