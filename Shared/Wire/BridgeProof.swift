import Cryptography
import Schema

/// A member of a peg has seen a lock or a redemption final and recorded (B3, B5).
package struct BridgeAttestation: Hashable, Sendable {
    package var key: PublicKey
    package var signature: Signature

    package init(key: PublicKey, signature: Signature) {
        self.key = key
        self.signature = signature
    }

    /// A member attests an order of `chain`.
    package init(_ item: BridgeItem, on chain: ChainID, version: UInt32, network: Digest, signer: Signer) {
        key = signer.publicKey
        signature = signer.sign(.attest, network: network, item.attested(on: chain, version: version))
    }

    init(_ message: PBBridgeAttestation) throws(WireFault) {
        key = try Field.key(message.key, "BridgeAttestation.key")
        signature = try Field.signature(message.signature, "BridgeAttestation.signature")
    }

    var message: PBBridgeAttestation {
        var message = PBBridgeAttestation()
        message.key = key.data
        message.signature = signature.data
        return message
    }

    /// What has to hold for it to be the member's.
    package func check(_ item: BridgeItem, on chain: ChainID, version: UInt32, network: Digest) -> SignatureCheck {
        SignatureCheck(key: key, signature: signature, message: Domain.attest.preimage(network: network, item.attested(on: chain, version: version)))
    }
}

/// An Issue on a peg's side chain, or a Release on its main chain: the first and the second proof (B1, B3, B5).
package struct BridgeProof: Hashable, Sendable {
    package var contract: String
    /// Whose members attest.
    package var version: UInt32
    /// Chain of the order.
    package var origin: ChainID
    /// The order as the other chain's state has it: its key in the tree follows from it.
    package var order: Digest
    package var evidence: StateEvidence
    /// Ascending by key.
    package var attestations: [BridgeAttestation]

    package init(
        contract: String, version: UInt32, origin: ChainID, order: Digest, evidence: StateEvidence, attestations: [BridgeAttestation]
    ) {
        self.contract = contract
        self.version = version
        self.origin = origin
        self.order = order
        self.evidence = evidence
        self.attestations = attestations.sorted { $0.key.digest < $1.key.digest }
    }

    init(_ message: PBBridgeProof) throws(WireFault) {
        guard ContractName.isValid(message.contract) else { throw WireFault(.invalid, "BridgeProof.contract") }
        try Field.present(message.hasEvidence, "BridgeProof.evidence")
        try Field.count(message.attestations.count, atMost: Limits.pegMembers, "BridgeProof.attestations")
        contract = message.contract
        version = message.version
        origin = try Field.subChain(message.origin, "BridgeProof.origin")
        order = try Field.digest(message.order, "BridgeProof.order")
        evidence = try StateEvidence(message.evidence)
        attestations = try mapChecked(message.attestations) { item throws(WireFault) in try BridgeAttestation(item) }
        guard zip(attestations, attestations.dropFirst()).allSatisfy({ $0.key.digest < $1.key.digest }) else {
            throw WireFault(.invalid, "BridgeProof.attestations")
        }
    }

    var message: PBBridgeProof {
        var message = PBBridgeProof()
        message.contract = contract
        message.version = version
        message.origin = origin.description
        message.order = order.data
        message.evidence = evidence.message
        message.attestations = attestations.map(\.message)
        return message
    }

    /// The order that the evidence shows, as far as its value can be read; what it proves is the ledger's question.
    package var item: BridgeItem? { evidence.proof.value.flatMap { BridgeItem(decoding: $0) } }

    /// What has to hold for the attestations to be the members'; nil when the evidence shows no order.
    package func checks(network: Digest) -> [SignatureCheck]? {
        item.map { item in attestations.map { $0.check(item, on: origin, version: version, network: network) } }
    }
}
