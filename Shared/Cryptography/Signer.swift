/// The capability to sign as somebody. Cores hold this and never the key (docs/decisions).
///
/// Signing is a function of the message alone (RFC 8032 is deterministic), so a core that calls it stays a value.
package struct Signer: Sendable {
    package let publicKey: PublicKey
    private let signMessage: @Sendable ([UInt8]) -> Signature

    package init(publicKey: PublicKey, sign: @escaping @Sendable ([UInt8]) -> Signature) {
        self.publicKey = publicKey
        signMessage = sign
    }

    /// A signature over a domain's preimage.
    package func sign(_ domain: Domain, network: Digest, _ payload: [UInt8]) -> Signature {
        signMessage(domain.preimage(network: network, payload))
    }
}
