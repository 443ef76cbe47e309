import Crypto
import Wire

/// What pegs put on the wire and into states (B1 to B5).
extension GoldenExamples {
    /// Alice locks on alpha for Bob.
    var lock: BridgeOrder {
        BridgeOrder(
            .lock, chain: alpha, network: network, contract: "vault", version: 2, amount: 500, receiver: bob.publicKey, nonce: 21, memo: "to beta",
            signer: alice.signer)
    }

    var redeem: BridgeOrder {
        BridgeOrder(
            .redeem, chain: beta, network: network, contract: "vault", version: 2, amount: 200, receiver: alice.publicKey, nonce: 22, memo: "", signer: bob.signer)
    }

    var lockedItem: BridgeItem { item(.locked, lock, alice, bob, chain: alpha) }
    var redeemedItem: BridgeItem { item(.redeemed, redeem, bob, alice, chain: beta) }

    private func item(_ kind: BridgeItem.Kind, _ order: BridgeOrder, _ sender: KeyPair, _ receiver: KeyPair, chain: ChainID) -> BridgeItem {
        let transaction = Transaction(kind == .locked ? .lock(order) : .redeem(order), chain: chain, network: network)
        return BridgeItem(
            kind: kind, contract: "vault", version: 2, order: transaction.id, sender: sender.publicKey, receiver: receiver.publicKey, amount: order.amount, height: 12)
    }

    private func proof(of item: BridgeItem, from origin: ChainID) -> BridgeProof {
        let shown = StateProof(value: item.encoded, siblings: [Self.hash("s0"), Self.hash("s1")], other: nil)
        return BridgeProof(
            contract: "vault", version: 2, origin: origin, order: item.order, evidence: StateEvidence(block: final.hash, proof: shown),
            attestations: notaries.prefix(2).map { BridgeAttestation(item, on: origin, version: 2, network: network, signer: $0.signer) })
    }

    var issue: BridgeProof { proof(of: lockedItem, from: alpha) }
    var release: BridgeProof { proof(of: redeemedItem, from: beta) }

    var bridgeTransactions: [(name: String, transaction: Transaction)] {
        [
            ("lock", Transaction(.lock(lock), chain: alpha, network: network)), ("redeem", Transaction(.redeem(redeem), chain: beta, network: network)),
            ("issue", Transaction(.issue(issue), chain: beta, network: network)), ("release", Transaction(.release(release), chain: alpha, network: network)),
        ]
    }

    /// A peg as a client declares it.
    var pegTerms: DeclaredTerms {
        let sides = [(alpha, "X"), (beta, "alpha/X")].map { ContractSide(chain: $0, asset: AssetID($1)!, reserve: PublicKey(.zero)) }
        let contract = Contract(
            id: "vault", version: 2, first: sides[0], second: sides[1], rateNumerator: 1, rateDenominator: 1, minimumAmount: 1, maximumAmount: 5_000,
            deadlineMaximumMilliseconds: 0,
            peg: PegTerms(
                issuers: PegTerms.Members(notaries.map(\.publicKey), threshold: 2)!, releasers: PegTerms.Members(nodes.map(\.publicKey), threshold: 1)!))
        return try! DeclaredTerms(contract, deployer: alice.publicKey, network: network)
    }
}
