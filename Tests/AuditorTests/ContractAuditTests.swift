import Auditor
import Cryptography
import Testing
import Wire

/// The auditor's own rules for contracts that clients declare (A14).
@Suite("Auditor: declared contracts")
struct ContractAuditTests {
    private func terms(_ fixture: AuditFixture, rate: UInt64) -> DeclaredTerms {
        var contract = fixture.network.contracts[0]
        contract.id = "bureau"
        contract.rateNumerator = rate
        return try! DeclaredTerms(contract, deployer: fixture.alice.publicKey, network: fixture.network.id)
    }

    private func deploy(_ terms: DeclaredTerms, _ fixture: AuditFixture) -> Transaction {
        let signature = fixture.alice.signer.sign(.deploy, network: fixture.network.id, terms.body)
        let node = fixture.keys[AuditFixture.alpha]![0].signer
        return fixture.transaction(.deploy(Deploy(terms: terms, signature: signature, network: fixture.network.id, node: node)), .notary)
    }

    private func adopt(_ notary: FixtureChain, _ fixture: AuditFixture, on chain: ChainID) {
        let final = notary.finals.last!
        let evidence = StateEvidence(block: final.hash, proof: notary.ledger.proofOfContract("bureau", version: 1))
        fixture.chains[chain]!.append([fixture.transaction(.adopt(Adopt(id: "bureau", version: 1, evidence: evidence)), chain)], foreign: [final]) {
            ($0.notaryHeight, $0.notaryHead) = (final.header.height, final.hash)
        }
    }

    /// Alice's 10 X for 30 Y under the declared terms.
    private func pay(_ fixture: AuditFixture, _ contract: Contract) {
        let (alpha, beta) = (AuditFixture.alpha, AuditFixture.beta)
        let x = contract.first.asset
        let cross = CrossTransaction(
            network: fixture.network.id, contract: contract.id, contractVersion: 1,
            legs: [
                Leg(chain: alpha, debit: fixture.alice.publicKey, credit: contract.first.reserve, asset: x, amount: 10),
                Leg(chain: beta, debit: contract.second.reserve, credit: fixture.bob.publicKey, asset: contract.second.asset, amount: 30),
            ], deadline: AuditFixture.deadline, nonce: 1, memo: "", signers: [fixture.alice.signer])
        fixture.chains[alpha]!.append([fixture.transaction(.open(cross), alpha)])
        fixture.chains[beta]!.append([fixture.refuse(cross)])
        fixture.chains[alpha]!.append([fixture.refund(cross, fixture.evidence(cross, on: beta))], foreign: [fixture.last(beta)])
    }

    @Test("contracts that were deployed, taken in and paid under are audited without a violation")
    func clean() throws {
        let fixture = try AuditFixture()
        let terms = terms(fixture, rate: 3)
        fixture.chains[.notary]!.append([deploy(terms, fixture)])
        for chain in [AuditFixture.alpha, AuditFixture.beta] { adopt(fixture.chains[.notary]!, fixture, on: chain) }
        pay(fixture, terms.contract)
        fixture.store()
        let report = try fixture.audit()
        #expect(report.violations.isEmpty, "\(report.violations)")
        #expect(report.crosses.refunded == 1)
    }

    @Test("terms that another history of the notary chain holds are found")
    func forged() throws {
        let fixture = try AuditFixture()
        var other = FixtureChain(network: fixture.network, chain: .notary, keys: fixture.keys)
        other.append([deploy(terms(fixture, rate: 9), fixture)])
        fixture.chains[.notary]!.append([deploy(terms(fixture, rate: 3), fixture)])
        adopt(other, fixture, on: AuditFixture.alpha)
        fixture.store()
        let details = try fixture.audit().violations.map(\.detail)
        #expect(details.contains { $0.contains("while notary's final block 1 is") }, "\(details)")
    }

    @Test("terms that the notary chain's state does not hold are found")
    func changed() throws {
        let fixture = try AuditFixture()
        fixture.chains[.notary]!.append([deploy(terms(fixture, rate: 3), fixture)])
        let (final, ledger) = (fixture.chains[.notary]!.finals.last!, fixture.chains[.notary]!.ledger)
        let shown = ledger.proofOfContract("bureau", version: 1)
        let entry = ContractEntry(terms: terms(fixture, rate: 9), node: fixture.keys[AuditFixture.alpha]![0].publicKey, height: 1)
        let evidence = StateEvidence(block: final.hash, proof: StateProof(value: entry.encoded, siblings: shown.siblings, other: nil))
        let adopt = fixture.transaction(.adopt(Adopt(id: "bureau", version: 1, evidence: evidence)), AuditFixture.alpha)
        fixture.chains[AuditFixture.alpha]!.append([adopt], foreign: [final]) { ($0.notaryHeight, $0.notaryHead) = (final.header.height, final.hash) }
        fixture.store()
        let details = try fixture.audit().violations.map(\.detail)
        #expect(details.contains { $0.contains("takes in terms that the notary chain is not shown to hold") }, "\(details)")
    }
}
