import Cryptography
import Schema

/// A Lock on a peg's main chain, or a Redeem on its side chain: value leaves an account to appear on the other chain (B1, B4).
package struct BridgeOrder: Hashable, Sendable {
    package let body: [UInt8]
    package let sender: PublicKey
    /// Peg, and the newest version of it that the chain has taken in.
    package let contract: String
    package let version: UInt32
    package let amount: Amount
    /// Account on the other chain.
    package let receiver: PublicKey
    package let nonce: UInt64
    package let memo: String
    package let signature: Signature

    /// What is ordered: the two are signed under domains of their own.
    package enum Kind: Hashable, Sendable {
        case lock, redeem

        var domain: Domain { self == .lock ? .lock : .redeem }
    }

    /// Makes and signs one.
    package init(
        _ kind: Kind, chain: ChainID, network: Digest, contract: String, version: UInt32, amount: Amount, receiver: PublicKey, nonce: UInt64,
        memo: String, signer: Signer
    ) {
        var message = PBBridgeOrderBody()
        message.chain = chain.description
        message.sender = signer.publicKey.data
        message.contract = contract
        message.version = version
        message.amount = amount
        message.receiver = receiver.data
        message.nonce = nonce
        message.memo = memo
        body = Field.encode(message)
        sender = signer.publicKey
        self.contract = contract
        self.version = version
        self.amount = amount
        self.receiver = receiver
        self.nonce = nonce
        self.memo = memo
        signature = signer.sign(kind.domain, network: network, body)
    }

    init(_ message: PBBridgeOrder, chain: ChainID) throws(WireFault) {
        body = [UInt8](message.body)
        let content = try Field.canonical(PBBridgeOrderBody.self, body, "BridgeOrder.body")
        guard content.chain == chain.description else { throw WireFault(.invalid, "BridgeOrderBody.chain") }
        guard ContractName.isValid(content.contract) else { throw WireFault(.invalid, "BridgeOrderBody.contract") }
        sender = try Field.key(content.sender, "BridgeOrderBody.sender")
        contract = content.contract
        version = content.version
        amount = try Field.amount(content.amount, "BridgeOrderBody.amount")
        receiver = try Field.key(content.receiver, "BridgeOrderBody.receiver")
        nonce = content.nonce
        memo = try Field.text(content.memo, atMost: Limits.memoBytes, "BridgeOrderBody.memo")
        signature = try Field.signature(message.signature, "BridgeOrder.signature")
    }

    var message: PBBridgeOrder {
        var message = PBBridgeOrder()
        message.body = Digest.dataOf(body)
        message.signature = signature.data
        return message
    }

    /// What has to hold for the signature to be the sender's.
    package func check(_ kind: Kind, network: Digest) -> SignatureCheck {
        SignatureCheck(key: sender, signature: signature, message: kind.domain.preimage(network: network, body))
    }
}
