import Cryptography
import Schema

/// A Bond or an Unbond: moves value of an account of a `pos` chain behind a node, or begins to take it back.
package struct StakeOrder: Hashable, Sendable {
    package let body: [UInt8]
    package let account: PublicKey
    /// Node id.
    package let node: String
    package let amount: Amount
    package let nonce: UInt64
    package let signature: Signature

    /// What is ordered: the two are signed under domains of their own.
    package enum Kind: Hashable, Sendable {
        case bond, unbond

        var domain: Domain { self == .bond ? .bond : .unbond }
    }

    /// Makes and signs one.
    package init(_ kind: Kind, chain: ChainID, network: Digest, node: String, amount: Amount, nonce: UInt64, signer: Signer) {
        var message = PBStakeBody()
        message.chain = chain.description
        message.account = signer.publicKey.data
        message.node = node
        message.amount = amount
        message.nonce = nonce
        body = Field.encode(message)
        account = signer.publicKey
        self.node = node
        self.amount = amount
        self.nonce = nonce
        signature = signer.sign(kind.domain, network: network, body)
    }

    init(_ message: PBStakeOrder, chain: ChainID) throws(WireFault) {
        body = [UInt8](message.body)
        let content = try Field.canonical(PBStakeBody.self, body, "StakeOrder.body")
        guard content.chain == chain.description else { throw WireFault(.invalid, "StakeBody.chain") }
        account = try Field.key(content.account, "StakeBody.account")
        node = try Field.text(content.node, atMost: ShortText.byteCount, "StakeBody.node")
        amount = try Field.amount(content.amount, "StakeBody.amount")
        nonce = content.nonce
        signature = try Field.signature(message.signature, "StakeOrder.signature")
    }

    var message: PBStakeOrder {
        var message = PBStakeOrder()
        message.body = Digest.dataOf(body)
        message.signature = signature.data
        return message
    }

    /// What has to hold for the signature to be the account's.
    package func check(_ kind: Kind, network: Digest) -> SignatureCheck {
        SignatureCheck(key: account, signature: signature, message: kind.domain.preimage(network: network, body))
    }
}
