import Cryptography
import Schema

/// Opens an account; its owner's signature shows that somebody holds the key.
package struct Register: Hashable, Sendable {
    package let body: [UInt8]
    package let account: PublicKey
    package let signature: Signature

    /// Makes and signs one.
    package init(chain: ChainID, network: Digest, signer: Signer) {
        var message = PBRegisterBody()
        message.chain = chain.description
        message.account = signer.publicKey.data
        body = Field.encode(message)
        account = signer.publicKey
        signature = signer.sign(.register, network: network, body)
    }

    init(_ message: PBRegister, chain: ChainID) throws(WireFault) {
        body = [UInt8](message.body)
        let content = try Field.canonical(PBRegisterBody.self, body, "Register.body")
        guard content.chain == chain.description else { throw WireFault(.invalid, "RegisterBody.chain") }
        account = try Field.key(content.account, "RegisterBody.account")
        signature = try Field.signature(message.signature, "Register.signature")
    }

    var message: PBRegister {
        var message = PBRegister()
        message.body = Digest.dataOf(body)
        message.signature = signature.data
        return message
    }
}

/// Moves value between two accounts of one chain.
package struct Transfer: Hashable, Sendable {
    package let body: [UInt8]
    package let sender: PublicKey
    package let receiver: PublicKey
    package let asset: AssetID
    package let amount: Amount
    package let nonce: UInt64
    package let memo: String
    package let signature: Signature

    /// Makes and signs one.
    package init(
        chain: ChainID, network: Digest, to receiver: PublicKey, asset: AssetID, amount: Amount, nonce: UInt64, memo: String,
        signer: Signer
    ) {
        var message = PBTransferBody()
        message.chain = chain.description
        message.sender = signer.publicKey.data
        message.receiver = receiver.data
        message.asset = asset.description
        message.amount = amount
        message.nonce = nonce
        message.memo = memo
        body = Field.encode(message)
        sender = signer.publicKey
        self.receiver = receiver
        self.asset = asset
        self.amount = amount
        self.nonce = nonce
        self.memo = memo
        signature = signer.sign(.transfer, network: network, body)
    }

    init(_ message: PBTransfer, chain: ChainID) throws(WireFault) {
        body = [UInt8](message.body)
        let content = try Field.canonical(PBTransferBody.self, body, "Transfer.body")
        guard content.chain == chain.description else { throw WireFault(.invalid, "TransferBody.chain") }
        sender = try Field.key(content.sender, "TransferBody.sender")
        receiver = try Field.key(content.receiver, "TransferBody.receiver")
        guard sender != receiver else { throw WireFault(.invalid, "TransferBody.receiver") }
        asset = try Field.asset(content.asset, "TransferBody.asset")
        amount = try Field.amount(content.amount, "TransferBody.amount")
        nonce = content.nonce
        memo = try Field.text(content.memo, atMost: Limits.memoBytes, "TransferBody.memo")
        signature = try Field.signature(message.signature, "Transfer.signature")
    }

    var message: PBTransfer {
        var message = PBTransfer()
        message.body = Digest.dataOf(body)
        message.signature = signature.data
        return message
    }
}

/// Rule R2: the deciding leg, with the receiver's consent and the proof that every hold is final.
package struct Confirm: Hashable, Sendable {
    package var cross: CrossTransaction
    /// Over the xid, of all whose consent it takes, in the order of `Network.confirmers` (A5, A15).
    package var confirmations: [Authorization]
    /// One per holding chain, in the order of `CrossTransaction.holdingChains`.
    package var holds: [StateEvidence]

    package init(cross: CrossTransaction, confirmations: [Authorization], holds: [StateEvidence]) {
        self.cross = cross
        self.confirmations = confirmations
        self.holds = holds
    }

    init(_ message: PBConfirm, chain: ChainID, network: Digest) throws(WireFault) {
        try Field.present(message.hasCross, "Confirm.cross")
        try Field.count(message.confirmations.count, atMost: Limits.legs, "Confirm.confirmations")
        cross = try CrossTransaction(message.cross, network: network)
        guard cross.decidingChain == chain else { throw WireFault(.invalid, "Confirm.cross") }
        confirmations = try mapChecked(message.confirmations) { item throws(WireFault) in
            try Authorization(item, "Confirm.confirmations")
        }
        guard message.holds.count == cross.holdingChains.count else { throw WireFault(.invalid, "Confirm.holds") }
        holds = try mapChecked(message.holds) { item throws(WireFault) in try StateEvidence(item) }
    }

    var message: PBConfirm {
        var message = PBConfirm()
        message.cross = cross.message
        message.confirmations = confirmations.map(\.message)
        message.holds = holds.map(\.message)
        return message
    }
}

/// The receiver's refusal.
package struct Refuse: Hashable, Sendable {
    package var cross: CrossTransaction
    package var reason: String
    package var authorization: Authorization

    package init(cross: CrossTransaction, reason: String, authorization: Authorization) {
        self.cross = cross
        self.reason = reason
        self.authorization = authorization
    }

    init(_ message: PBRefuse, chain: ChainID, network: Digest) throws(WireFault) {
        try Field.present(message.hasCross, "Refuse.cross")
        try Field.present(message.hasAuthorization, "Refuse.authorization")
        cross = try CrossTransaction(message.cross, network: network)
        guard cross.decidingChain == chain else { throw WireFault(.invalid, "Refuse.cross") }
        reason = try Field.text(message.reason, atMost: Limits.memoBytes, "Refuse.reason")
        authorization = try Authorization(message.authorization, "Refuse.authorization")
    }

    var message: PBRefuse {
        var message = PBRefuse()
        message.cross = cross.message
        message.reason = reason
        message.authorization = authorization.message
        return message
    }
}

/// The initiator's cancellation.
package struct Cancel: Hashable, Sendable {
    package var cross: CrossTransaction
    package var authorization: Authorization

    package init(cross: CrossTransaction, authorization: Authorization) {
        self.cross = cross
        self.authorization = authorization
    }

    init(_ message: PBCancel, chain: ChainID, network: Digest) throws(WireFault) {
        try Field.present(message.hasCross, "Cancel.cross")
        try Field.present(message.hasAuthorization, "Cancel.authorization")
        cross = try CrossTransaction(message.cross, network: network)
        guard cross.decidingChain == chain else { throw WireFault(.invalid, "Cancel.cross") }
        authorization = try Authorization(message.authorization, "Cancel.authorization")
    }

    var message: PBCancel {
        var message = PBCancel()
        message.cross = cross.message
        message.authorization = authorization.message
        return message
    }
}

/// Rules R3 and R4: the end of a hold, and the deciding chain's state that makes it true.
package struct Resolution: Hashable, Sendable {
    package var xid: Digest
    package var evidence: StateEvidence
    /// A refund because the deciding chain is frozen (R4): the notary chain's entry that says so; nil otherwise.
    package var frozen: StateEvidence?

    package init(xid: Digest, evidence: StateEvidence, frozen: StateEvidence? = nil) {
        self.xid = xid
        self.evidence = evidence
        self.frozen = frozen
    }
}
