import Cryptography
import Schema

/// One movement of a cross transaction.
package struct Leg: Hashable, Sendable {
    package var chain: ChainID
    package var debit: PublicKey
    package var credit: PublicKey
    package var asset: AssetID
    /// Minor units, at least 1.
    package var amount: Amount

    package init(chain: ChainID, debit: PublicKey, credit: PublicKey, asset: AssetID, amount: Amount) {
        self.chain = chain
        self.debit = debit
        self.credit = credit
        self.asset = asset
        self.amount = amount
    }
}

/// A key and its signature over something named by whatever holds it.
package struct Authorization: Hashable, Sendable {
    package var key: PublicKey
    package var signature: Signature

    package init(key: PublicKey, signature: Signature) {
        self.key = key
        self.signature = signature
    }
}

/// A transaction with two or more legs on different chains, as its parties signed it (A1, A15).
///
/// The chain of the last leg decides: its legs are executed together, and their becoming final commits the whole. All others are held.
package struct CrossTransaction: Hashable, Sendable {
    /// Exact bytes of the signed body.
    package let body: [UInt8]
    /// Hash of network id and body: the name of the whole.
    package let xid: Digest
    package let initiator: PublicKey
    package let contract: String
    package let contractVersion: UInt32
    package let legs: [Leg]
    /// In the deciding chain's chain time.
    package let deadline: ChainTime
    package let nonce: UInt64
    package let memo: String
    /// Over `body`, the initiator's first.
    package let authorizations: [Authorization]

    package var decidingLeg: Leg { legs[legs.count - 1] }
    package var decidingChain: ChainID { decidingLeg.chain }

    /// The legs of the deciding chain, in their order; the last one is the last of all.
    package var decidingLegs: [Leg] { legs.filter { $0.chain == decidingChain } }

    /// The first leg that pays an account, the last one where it is paid by that.
    package func leg(for account: PublicKey) -> Leg {
        decidingLeg.credit == account ? decidingLeg : legs.first { $0.credit == account } ?? decidingLeg
    }

    /// Chains that hold a leg, ascending, each once: all but the deciding one.
    package var holdingChains: [ChainID] {
        var chains: [ChainID] = []
        for leg in legs where leg.chain != decidingChain && !chains.contains(leg.chain) { chains.append(leg.chain) }
        return chains.sorted()
    }

    /// Positions in `legs` of those held on `chain`; none on the deciding chain.
    package func heldLegs(on chain: ChainID) -> [Int] {
        chain == decidingChain ? [] : legs.indices.filter { legs[$0].chain == chain }
    }

    package static func == (left: CrossTransaction, right: CrossTransaction) -> Bool {
        left.xid == right.xid && left.authorizations == right.authorizations
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(xid) }

    /// Makes and signs a body.
    ///
    /// - Parameter signers: everyone whose account is debited, the initiator first.
    /// - Precondition: 2 to `Limits.legs` legs.
    package init(
        network: Digest, contract: String, contractVersion: UInt32, legs: [Leg], deadline: ChainTime, nonce: UInt64, memo: String,
        signers: [Signer]
    ) {
        precondition(legs.count >= 2 && legs.count <= Limits.legs && !signers.isEmpty, "a cross transaction has legs and an initiator")
        var message = PBCrossBody()
        message.initiator = signers[0].publicKey.data
        message.contract = contract
        message.contractVersion = contractVersion
        message.legs = legs.map(\.message)
        message.deadlineMilliseconds = deadline
        message.nonce = nonce
        message.memo = memo
        let body = Field.encode(message)
        self.init(
            network: network, body: body, initiator: signers[0].publicKey, contract: contract, contractVersion: contractVersion,
            legs: legs, deadline: deadline, nonce: nonce, memo: memo,
            authorizations: signers.map { Authorization(key: $0.publicKey, signature: $0.sign(.cross, network: network, body)) })
    }

    private init(
        network: Digest, body: [UInt8], initiator: PublicKey, contract: String, contractVersion: UInt32, legs: [Leg],
        deadline: ChainTime, nonce: UInt64, memo: String, authorizations: [Authorization]
    ) {
        self.body = body
        xid = Blake2b.hash(.xid, network.bytes + body)
        self.initiator = initiator
        self.contract = contract
        self.contractVersion = contractVersion
        self.legs = legs
        self.deadline = deadline
        self.nonce = nonce
        self.memo = memo
        self.authorizations = authorizations
    }

    /// Reads what a client signed.
    init(_ message: PBSignedCross, network: Digest) throws(WireFault) {
        let bytes = [UInt8](message.body)
        let body = try Field.canonical(PBCrossBody.self, bytes, "SignedCross.body")
        guard body.legs.count >= 2 else { throw WireFault(.missing, "CrossBody.legs") }
        try Field.count(body.legs.count, atMost: Limits.legs, "CrossBody.legs")
        try Field.count(message.authorizations.count, atMost: Limits.legs, "SignedCross.authorizations")
        guard !body.contract.isEmpty else { throw WireFault(.missing, "CrossBody.contract") }
        self.init(
            network: network,
            body: bytes,
            initiator: try Field.key(body.initiator, "CrossBody.initiator"),
            contract: try Field.text(body.contract, atMost: ShortText.byteCount, "CrossBody.contract"),
            contractVersion: body.contractVersion,
            legs: try mapChecked(body.legs) { leg throws(WireFault) in try Leg(leg) },
            deadline: body.deadlineMilliseconds,
            nonce: body.nonce,
            memo: try Field.text(body.memo, atMost: Limits.memoBytes, "CrossBody.memo"),
            authorizations: try mapChecked(message.authorizations) { item throws(WireFault) in
                try Authorization(item, "SignedCross.authorizations")
            })
        guard authorizations.first?.key == initiator else { throw WireFault(.missing, "SignedCross.authorizations") }
        guard decidingLeg.chain != .notary, legs.allSatisfy({ $0.chain != .notary }) else { throw WireFault(.invalid, "Leg.chain") }
        guard !holdingChains.isEmpty else { throw WireFault(.invalid, "CrossBody.legs") }
    }

    var message: PBSignedCross {
        var message = PBSignedCross()
        message.body = Digest.dataOf(body)
        message.authorizations = authorizations.map(\.message)
        return message
    }

    /// The signatures that must hold for the body to bind its parties.
    package func signatureChecks(network: Digest) -> [SignatureCheck] {
        let preimage = Domain.cross.preimage(network: network, body)
        return authorizations.map { SignatureCheck(key: $0.key, signature: $0.signature, message: preimage) }
    }
}

extension Leg {
    init(_ message: PBLeg) throws(WireFault) {
        self.init(
            chain: try Field.chain(message.chain, "Leg.chain"),
            debit: try Field.key(message.debit, "Leg.debit"),
            credit: try Field.key(message.credit, "Leg.credit"),
            asset: try Field.asset(message.asset, "Leg.asset"),
            amount: try Field.amount(message.amount, "Leg.amount"))
        guard debit != credit else { throw WireFault(.invalid, "Leg.credit") }
    }

    var message: PBLeg {
        var message = PBLeg()
        message.chain = chain.description
        message.debit = debit.data
        message.credit = credit.data
        message.asset = asset.description
        message.amount = amount
        return message
    }
}

extension Authorization {
    init(_ message: PBAuthorization, _ field: String) throws(WireFault) {
        self.init(
            key: try Field.key(message.key, "\(field).key"), signature: try Field.signature(message.signature, "\(field).signature"))
    }

    var message: PBAuthorization {
        var message = PBAuthorization()
        message.key = key.data
        message.signature = signature.data
        return message
    }
}
