import Cryptography
import Schema

/// A client declares a contract's terms, through a node of one of the chains they name (A14).
package struct Deploy: Hashable, Sendable {
    package let terms: DeclaredTerms
    /// By the deployer.
    package let signature: Signature
    /// The sub-chain node that hands it in.
    package let node: PublicKey
    package let nodeSignature: Signature

    /// A node hands in what a client has signed.
    package init(terms: DeclaredTerms, signature: Signature, network: Digest, node: Signer) {
        self.terms = terms
        self.signature = signature
        self.node = node.publicKey
        nodeSignature = node.sign(.sponsor, network: network, terms.body)
    }

    init(_ message: PBDeploy, network: Digest) throws(WireFault) {
        terms = try DeclaredTerms(decoding: [UInt8](message.body), network: network)
        signature = try Field.signature(message.signature, "Deploy.signature")
        node = try Field.key(message.node, "Deploy.node")
        nodeSignature = try Field.signature(message.nodeSignature, "Deploy.node_signature")
    }

    var message: PBDeploy {
        var message = PBDeploy()
        message.body = Digest.dataOf(terms.body)
        message.signature = signature.data
        message.node = node.data
        message.nodeSignature = nodeSignature.data
        return message
    }

    /// What has to hold for it to come from both.
    package func checks(network: Digest) -> [SignatureCheck] {
        [
            terms.check(signature, network: network),
            SignatureCheck(key: node, signature: nodeSignature, message: Domain.sponsor.preimage(network: network, terms.body)),
        ]
    }
}

/// A sub-chain takes terms into its state that the notary chain holds (A14).
package struct Adopt: Hashable, Sendable {
    package var id: String
    package var version: UInt32
    /// The contract's entry in the notary chain's state.
    package var evidence: StateEvidence

    package init(id: String, version: UInt32, evidence: StateEvidence) {
        self.id = id
        self.version = version
        self.evidence = evidence
    }

    init(_ message: PBAdopt) throws(WireFault) {
        guard ContractName.isValid(message.id) else { throw WireFault(.invalid, "Adopt.id") }
        try Field.present(message.hasEvidence, "Adopt.evidence")
        id = message.id
        version = message.version
        evidence = try StateEvidence(message.evidence)
    }

    var message: PBAdopt {
        var message = PBAdopt()
        message.id = id
        message.version = version
        message.evidence = evidence.message
        return message
    }

    /// Names it among a chain's transactions.
    package var name: [UInt8] { ContractName.bytes(id, version: version) }
}

/// What the notary chain's state keeps of a contract, and, byte for byte, every chain's that has taken it in.
package struct ContractEntry: Hashable, Sendable {
    package let terms: DeclaredTerms
    /// Key of the sub-chain node that handed it in.
    package let node: PublicKey
    /// Of the notary block from which on the terms stand.
    package let height: Height

    package init(terms: DeclaredTerms, node: PublicKey, height: Height) {
        self.terms = terms
        self.node = node
        self.height = height
    }

    /// The exact bytes the state tree commits to: notary height u64, node 32, the terms' body.
    package var encoded: [UInt8] { height.bigEndianBytes + node.bytes + terms.body }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(decoding bytes: [UInt8], network: Digest) {
        guard bytes.count > 40, let node = PublicKey(bytes[8..<40]),
            let terms = try? DeclaredTerms(decoding: Array(bytes[40...]), network: network)
        else { return nil }
        self.init(terms: terms, node: node, height: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) })
    }
}

/// A validator says that the notary chain holds terms which a chain does not have yet (A14).
package struct ContractNotice: Hashable, Sendable {
    package var chain: ChainID
    package var id: String
    package var version: UInt32
    /// The notary block whose state shows them.
    package var final: FinalHeader
    package var evidence: StateEvidence
    /// Node id of the notary that says so.
    package var notary: String

    package init(chain: ChainID, id: String, version: UInt32, final: FinalHeader, evidence: StateEvidence, notary: String) {
        self.chain = chain
        self.id = id
        self.version = version
        self.final = final
        self.evidence = evidence
        self.notary = notary
    }

    init(_ message: PBContractNotice) throws(WireFault) {
        chain = try Field.subChain(message.chain, "ContractNotice.chain")
        guard ContractName.isValid(message.id) else { throw WireFault(.invalid, "ContractNotice.id") }
        try Field.present(message.hasFinal && message.hasEvidence, "ContractNotice.final")
        id = message.id
        version = message.version
        final = try FinalHeader(message.final)
        evidence = try StateEvidence(message.evidence)
        notary = try Field.text(message.notary, atMost: ShortText.byteCount, "ContractNotice.notary")
    }

    var message: PBContractNotice {
        var message = PBContractNotice()
        message.chain = chain.description
        message.id = id
        message.version = version
        message.final = final.message
        message.evidence = evidence.message
        message.notary = notary
        return message
    }
}
