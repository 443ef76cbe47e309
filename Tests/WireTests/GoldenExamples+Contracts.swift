import Cryptography

import Wire

/// What declared contracts put on the wire (A14).
extension GoldenExamples {
    var terms: DeclaredTerms {
        let sides = [(alpha, "X"), (beta, "Y")].map { ContractSide(chain: $0, asset: AssetID($1)!, reserve: PublicKey(.zero)) }
        let contract = Contract(
            id: "bureau", version: 2, first: sides[0], second: sides[1], rateNumerator: 3, rateDenominator: 1, minimumAmount: 1, maximumAmount: 5_000,
            deadlineMaximumMilliseconds: 60_000)
        return try! DeclaredTerms(contract, deployer: alice.publicKey, network: network)
    }

    var termsSignature: Signature { alice.signer.sign(.deploy, network: network, terms.body) }

    var contractEntry: ContractEntry { ContractEntry(terms: terms, node: nodes[1].publicKey, height: 7) }

    var contractProof: StateProof { StateProof(value: contractEntry.encoded, siblings: [Self.hash("s0"), Self.hash("s1")], other: nil) }

    var contractEvidence: StateEvidence { StateEvidence(block: Self.hash("notary block"), proof: contractProof) }

    var contractTransactions: [(name: String, transaction: Transaction)] {
        let deploy = Deploy(terms: terms, signature: termsSignature, network: network, node: nodes[1].signer)
        let adopt = Adopt(id: "bureau", version: 2, evidence: contractEvidence)
        return [
            ("deploy", Transaction(.deploy(deploy), chain: .notary, network: network)),
            ("adopt", Transaction(.adopt(adopt), chain: alpha, network: network)),
        ]
    }

    var contractNotice: ContractNotice {
        ContractNotice(chain: alpha, id: "bureau", version: 2, final: notaryFinal, evidence: contractEvidence, notary: "notary-1")
    }
}
