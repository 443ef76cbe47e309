import Cryptography
import Schema

/// How one sub-chain stands on the notary chain.
package struct ChainState: Hashable, Sendable {
    package var chain: ChainID
    /// Of the recorded head; 0 and the genesis hash when nothing is recorded.
    package var height: Height
    package var hash: Digest
    package var frozen: Bool
    /// Notary height at which the status last changed, 0 if it never did.
    package var since: Height
    /// Chain time of the recorded head, 0 for none.
    package var time: ChainTime
    /// Node ids of notaries that want the status changed.
    package var consents: [String]
    /// Whether it has left the network; it is frozen then, for good.
    package var left: Bool
    /// Node ids of notaries, and of its own nodes, that want it to leave.
    package var leavers: [String]

    package init(
        chain: ChainID, height: Height, hash: Digest, frozen: Bool, since: Height, time: ChainTime, consents: [String], left: Bool = false,
        leavers: [String] = []
    ) {
        self.chain = chain
        self.height = height
        self.hash = hash
        self.frozen = frozen
        self.since = since
        self.time = time
        self.consents = consents
        self.left = left
        self.leavers = leavers
    }

    init(_ message: PBChainState) throws(WireFault) {
        try Field.count(message.consents.count, atMost: Limits.nodesPerChain, "ChainState.consents")
        chain = try Field.subChain(message.chain, "ChainState.chain")
        height = message.height
        hash = try Field.digest(message.hash, "ChainState.hash")
        frozen = message.frozen
        since = message.since
        time = message.timeMilliseconds
        consents = try mapChecked(message.consents) { item throws(WireFault) in
            try Field.text(item, atMost: ShortText.byteCount, "ChainState.consents")
        }
        left = message.left
        guard frozen || !left else { throw WireFault(.invalid, "ChainState.left") }
        try Field.count(message.leavers.count, atMost: 2 * Limits.nodesPerChain, "ChainState.leavers")
        leavers = try mapChecked(message.leavers) { item throws(WireFault) in
            try Field.text(item, atMost: ShortText.byteCount, "ChainState.leavers")
        }
    }

    var message: PBChainState {
        var message = PBChainState()
        message.chain = chain.description
        message.height = height
        message.hash = hash.data
        message.frozen = frozen
        message.since = since
        message.timeMilliseconds = time
        message.consents = consents
        message.left = left
        message.leavers = leavers
        return message
    }
}

/// A notary's validator asks the other roles of its notary to let go of its chain above a height (R7, lapse).
package struct ReleaseQuery: Hashable, Sendable {
    package var chain: ChainID
    package var above: Height
    /// The generation that begins: branch heads of lower ones are void above that height.
    package var generation: UInt64
    /// The notary's: only its own roles may ask.
    package private(set) var signature = Signature.zero

    /// Signs one.
    package init(chain: ChainID, above: Height, generation: UInt64, network: Digest, signer: Signer) {
        self.chain = chain
        self.above = above
        self.generation = generation
        signature = signer.sign(.inner, network: network, payload)
    }

    private var payload: [UInt8] {
        var bare = message
        bare.signature = .init()
        return Field.encode(bare)
    }

    /// What has to hold for the signature to be of `key`.
    package func check(_ key: PublicKey, network: Digest) -> SignatureCheck {
        SignatureCheck(key: key, signature: signature, message: Domain.inner.preimage(network: network, payload))
    }

    init(_ message: PBReleaseQuery) throws(WireFault) {
        chain = try Field.subChain(message.chain, "ReleaseQuery.chain")
        above = message.above
        generation = message.generation
        signature = try Field.signature(message.signature, "ReleaseQuery.signature")
    }

    var message: PBReleaseQuery {
        var message = PBReleaseQuery()
        message.chain = chain.description
        message.above = above
        message.generation = generation
        message.signature = signature.data
        return message
    }
}

/// A notary's consensus asks its validator of a chain whether it may vote for an entry of the notary chain (R7, R8).
package struct StandQuery: Hashable, Sendable {
    package var chain: ChainID
    /// Of the block to be recorded, or of the head to be frozen.
    package var height: Height
    package var hash: Digest
    /// Whether the entry freezes the chain there, or lets it leave there.
    package var frozen: Bool
    /// Whether the chain leaves there.
    package var leave: Bool
    /// The notary candidate that holds the entry.
    package var notaryHeight: Height
    package var notaryBlock: Digest
    /// The notary's: only its own roles may ask.
    package private(set) var signature = Signature.zero

    private var payload: [UInt8] {
        var bare = message
        bare.signature = .init()
        return Field.encode(bare)
    }

    /// What has to hold for the signature to be of `key`.
    package func check(_ key: PublicKey, network: Digest) -> SignatureCheck {
        SignatureCheck(key: key, signature: signature, message: Domain.inner.preimage(network: network, payload))
    }

    /// Signs one.
    package init(
        chain: ChainID, height: Height, hash: Digest, frozen: Bool, leave: Bool = false, notaryHeight: Height, notaryBlock: Digest, network: Digest, signer: Signer
    ) {
        self.chain = chain
        self.height = height
        self.hash = hash
        self.frozen = frozen
        self.leave = leave
        self.notaryHeight = notaryHeight
        self.notaryBlock = notaryBlock
        signature = signer.sign(.inner, network: network, payload)
    }

    init(_ message: PBStandQuery) throws(WireFault) {
        chain = try Field.subChain(message.chain, "StandQuery.chain")
        height = message.height
        hash = try Field.digest(message.hash, "StandQuery.hash")
        frozen = message.frozen
        leave = message.leave
        guard frozen || !leave else { throw WireFault(.invalid, "StandQuery.leave") }
        notaryHeight = message.notaryHeight
        notaryBlock = try Field.digest(message.notaryBlock, "StandQuery.notary_block")
        signature = try Field.signature(message.signature, "StandQuery.signature")
    }

    var message: PBStandQuery {
        var message = PBStandQuery()
        message.chain = chain.description
        message.height = height
        message.hash = hash.data
        message.frozen = frozen
        message.leave = leave
        message.notaryHeight = notaryHeight
        message.notaryBlock = notaryBlock.data
        message.signature = signature.data
        return message
    }
}
