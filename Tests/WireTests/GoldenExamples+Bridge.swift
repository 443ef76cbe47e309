import Cryptography
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
            kind: kind, contract: "vault", version: 2, order: transaction.id, sender: sender.publicKey, receiver: receiver.publicKey, amount: order.amount, height: 12,
            time: 1_700_000_004_000)
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

    /// What has passed it on its main chain.
    var meter: MeterEntry {
        var entry = MeterEntry(contract: "vault", asset: AssetID("X")!)
        (entry.paidIn.used, entry.paidIn.remainder, entry.paidIn.time) = (700, 59_999, 1_700_000_004_000)
        (entry.paidIn.overCap, entry.paidIn.early) = (3, 2)
        (entry.paidOut.used, entry.paidOut.time, entry.paidOut.early) = (1, 1_700_000_005_000, 4)
        return entry
    }

    /// A peg as a client declares it.
    var pegTerms: DeclaredTerms {
        let sides = [(alpha, "X"), (beta, "alpha/X")].map { ContractSide(chain: $0, asset: AssetID($1)!, reserve: PublicKey(.zero)) }
        let contract = Contract(
            id: "vault", version: 2, first: sides[0], second: sides[1], rateNumerator: 1, rateDenominator: 1, minimumAmount: 1, maximumAmount: 5_000,
            deadlineMaximumMilliseconds: 0,
            peg: PegTerms(
                issuers: PegTerms.Members(notaries.map(\.publicKey), threshold: 2)!, releasers: PegTerms.Members(nodes.map(\.publicKey), threshold: 1)!),
            brakes: ContractBrakes(
                first: SideBrakes(
                    cap: SideBrakes.Cap(amount: 900, windowMilliseconds: 60_000), delay: SideBrakes.Delay(amount: 400, milliseconds: 30_000, isObserved: true)),
                second: SideBrakes(cap: SideBrakes.Cap(amount: 800, windowMilliseconds: 3_600_000, isObserved: true))))
        return try! DeclaredTerms(contract, deployer: alice.publicKey, network: network)
    }
}
