import Cryptography
import Schema

/// A notary closes an epoch for a sub-chain (R7, A10; docs/protocol.md, E-8): of what it signed there, nothing that may count relies on a
/// block that is not recorded, and nothing will that it signs as a member of that epoch, unless the notaries stay the same.
package struct Closing: Hashable, Sendable {
    package let body: [UInt8]
    /// The sub-chain whose candidates are meant.
    package let chain: ChainID
    /// The key that the epoch's entry gives the notary.
    package let notary: PublicKey
    package let epoch: Epoch
    package let signature: Signature

    /// Makes and signs one.
    package init(chain: ChainID, epoch: Epoch, network: Digest, signer: Signer) {
        var message = PBClosingBody()
        message.chain = chain.description
        message.notary = signer.publicKey.data
        message.epoch = epoch
        body = Field.encode(message)
        self.chain = chain
        notary = signer.publicKey
        self.epoch = epoch
        signature = signer.sign(.closing, network: network, body)
    }

    init(_ message: PBClosing) throws(WireFault) {
        body = [UInt8](message.body)
        let content = try Field.canonical(PBClosingBody.self, body, "Closing.body")
        chain = try Field.chain(content.chain, "ClosingBody.chain")
        notary = try Field.key(content.notary, "ClosingBody.notary")
        epoch = content.epoch
        signature = try Field.signature(message.signature, "Closing.signature")
    }

    var message: PBClosing {
        var message = PBClosing()
        message.body = Digest.dataOf(body)
        message.signature = signature.data
        return message
    }

    /// What has to hold for it to be the notary's.
    package func check(network: Digest) -> SignatureCheck {
        SignatureCheck(key: notary, signature: signature, message: Domain.closing.preimage(network: network, body))
    }
}

/// What the notary chain's state keeps of the closings for one sub-chain: those of the newest epoch that has any.
package struct ClosingEntry: Hashable, Sendable {
    package let chain: ChainID
    package let epoch: Epoch
    /// Ids of the notaries that have closed it, ascending, each once.
    package var nodes: [String]

    package init(chain: ChainID, epoch: Epoch, nodes: [String]) {
        self.chain = chain
        self.epoch = epoch
        self.nodes = nodes
    }

    /// The exact bytes the state tree commits to: chain padded to 32, epoch u64, count u16, per notary its id padded to 32.
    package var encoded: [UInt8] {
        chain.text.padded.bytes + epoch.bigEndianBytes + UInt64(nodes.count).bigEndianBytes.suffix(2) + nodes.flatMap { NodeName.padded($0) }
    }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count >= 42, let chain = Digest(bytes[0..<32])?.paddedName.flatMap({ ChainID($0) }) else { return nil }
        let count = Int(bytes[40]) << 8 | Int(bytes[41])
        guard count > 0, count <= Limits.notaryNodes, bytes.count == 42 + 32 * count else { return nil }
        let nodes = (0..<count).compactMap { NodeName.read(bytes[(42 + 32 * $0)..<(74 + 32 * $0)]) }
        guard nodes.count == count, zip(nodes, nodes.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        self.init(chain: chain, epoch: bytes[32..<40].reduce(0) { $0 << 8 | UInt64($1) }, nodes: nodes)
    }
}
