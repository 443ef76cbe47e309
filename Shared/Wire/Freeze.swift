import Cryptography
import Schema

/// What may be wanted of a chain (R8, J-7).
package enum ChainWish: UInt8, Hashable, Sendable, CaseIterable {
    case freeze = 1
    case thaw = 2
    /// It leaves the network, for good.
    case leave = 3
}

/// What a notary wants of a chain (R8), or one of the chain's own nodes, which can want nothing but to leave (J-7).
package struct Consent: Hashable, Sendable {
    package var chain: ChainID
    package var wish: ChainWish
    /// Notary height at which the chain's status last changed, 0 if it never did: a consent serves once.
    package var since: Height
    package var authorization: Authorization

    /// Signs one.
    package init(chain: ChainID, wish: ChainWish, since: Height, network: Digest, signer: Signer) {
        self.chain = chain
        self.wish = wish
        self.since = since
        authorization = Authorization(
            key: signer.publicKey,
            signature: signer.sign(.consent, network: network, Consent.payload(chain: chain, wish: wish, since: since)))
    }

    /// The signed payload: chain padded to 32, u8 1 for a freeze, 2 for a thaw and 3 for leaving, since u64.
    package static func payload(chain: ChainID, wish: ChainWish, since: Height) -> [UInt8] {
        chain.text.padded.bytes + [wish.rawValue] + since.bigEndianBytes
    }

    /// What has to hold for the signature to be the notary's.
    package func check(network: Digest) -> SignatureCheck {
        SignatureCheck(
            key: authorization.key, signature: authorization.signature,
            message: Domain.consent.preimage(network: network, Consent.payload(chain: chain, wish: wish, since: since)))
    }

    init(_ message: PBConsent) throws(WireFault) {
        try Field.present(message.hasAuthorization, "Consent.authorization")
        chain = try Field.subChain(message.chain, "Consent.chain")
        guard message.frozen || !message.leave else { throw WireFault(.invalid, "Consent.leave") }
        wish = message.leave ? .leave : message.frozen ? .freeze : .thaw
        since = message.since
        authorization = try Authorization(message.authorization, "Consent.authorization")
    }

    var message: PBConsent {
        var message = PBConsent()
        message.chain = chain.description
        message.frozen = wish != .thaw
        message.leave = wish == .leave
        message.since = since
        message.authorization = authorization.message
        return message
    }
}

/// The notary chain freezes a chain at its recorded head, lets it go on from there (R8), or lets it leave there for good (J-7).
package struct StatusChange: Hashable, Sendable {
    package var chain: ChainID
    /// The recorded head of a freeze or a leave; nil for a thaw.
    package var head: Head?
    /// Notary height at which the chain's status last changed, 0 if it never did.
    package var since: Height
    /// By notaries, in network order: more than may lie for a freeze, a quorum for a thaw or a leave.
    package var consents: [Authorization]
    /// Of a leave: by the chain's nodes, in its order, more than two thirds of them; nil for anything else.
    package var nodes: [Authorization]?

    /// A block of the chain.
    package struct Head: Hashable, Sendable {
        package var height: Height
        package var hash: Digest

        package init(height: Height, hash: Digest) {
            self.height = height
            self.hash = hash
        }
    }

    package init(chain: ChainID, head: Head?, since: Height, consents: [Authorization], nodes: [Authorization]? = nil) {
        precondition(head != nil || nodes == nil, "a chain leaves at its recorded head")
        self.chain = chain
        self.head = head
        self.since = since
        self.consents = consents
        self.nodes = nodes
    }

    /// Whether the chain stops there: it is frozen, or leaves.
    package var isFreeze: Bool { head != nil }
    /// Whether the chain leaves.
    package var isLeave: Bool { nodes != nil }
    package var wish: ChainWish { isLeave ? .leave : isFreeze ? .freeze : .thaw }

    /// Field number of its transaction in the schema.
    var number: UInt8 {
        switch wish {
        case .freeze: 11
        case .thaw: 12
        case .leave: 29
        }
    }

    /// What names the change among transactions: chain padded to 32, since u64. A status changes once at a notary height.
    var name: [UInt8] { chain.text.padded.bytes + since.bigEndianBytes }

    /// Names the change, for claims.
    package var id: Digest { Blake2b.hash([number] + name) }

    /// What has to hold for the consents to be the notaries' and the nodes'.
    package func checks(network: Digest) -> [SignatureCheck] {
        let message = Domain.consent.preimage(network: network, Consent.payload(chain: chain, wish: wish, since: since))
        return (consents + (nodes ?? [])).map { SignatureCheck(key: $0.key, signature: $0.signature, message: message) }
    }

    /// A freeze, a thaw or a leave.
    init(_ kind: PBTransaction.OneOf_Kind) throws(WireFault) {
        switch kind {
        case .freeze(let item): try self.init(item)
        case .thaw(let item): try self.init(item)
        case .leave(let item): try self.init(item)
        default: preconditionFailure("the caller has looked")
        }
    }

    private init(_ message: PBLeave) throws(WireFault) {
        try Field.count(message.consents.count, atMost: Limits.nodesPerChain, "Leave.consents")
        try Field.count(message.nodes.count, atMost: Limits.nodesPerChain, "Leave.nodes")
        let read = { (items: [PBAuthorization], field: String) throws(WireFault) in
            try mapChecked(items) { item throws(WireFault) in try Authorization(item, field) }
        }
        self.init(
            chain: try Field.subChain(message.chain, "Leave.chain"),
            head: Head(height: message.height, hash: try Field.digest(message.hash, "Leave.hash")), since: message.since,
            consents: try read(message.consents, "Leave.consents"), nodes: try read(message.nodes, "Leave.nodes"))
    }

    private init(_ message: PBFreeze) throws(WireFault) {
        try Field.count(message.consents.count, atMost: Limits.nodesPerChain, "Freeze.consents")
        chain = try Field.subChain(message.chain, "Freeze.chain")
        head = Head(height: message.height, hash: try Field.digest(message.hash, "Freeze.hash"))
        since = message.since
        consents = try mapChecked(message.consents) { item throws(WireFault) in try Authorization(item, "Freeze.consents") }
    }

    private init(_ message: PBThaw) throws(WireFault) {
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
        if let nodes {
            message.leave.chain = chain.description
            message.leave.height = head.height
            message.leave.hash = head.hash.data
            message.leave.since = since
            message.leave.consents = consents.map(\.message)
            message.leave.nodes = nodes.map(\.message)
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
