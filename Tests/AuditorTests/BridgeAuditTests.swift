import Auditor
import Cryptography
import Testing
import Wire

/// The auditor's own rules for pegs (B-1 to B-4, I-2).
@Suite("Auditor: pegs")
struct BridgeAuditTests {
    private static let members = (0..<2).map { KeyPair(seed: Blake2b.hash([9, UInt8($0)])) }
    private static let alpha = AuditFixture.alpha, beta = AuditFixture.beta

    private func terms(_ fixture: AuditFixture) -> DeclaredTerms {
        var contract = fixture.network.contracts[0]
        contract.id = "vault"
        (contract.rateNumerator, contract.rateDenominator, contract.deadlineMaximumMilliseconds) = (1, 1, 0)
        contract.second.asset = PegTerms.wrapped(contract.first.asset, of: contract.first.chain)!
        let group = PegTerms.Members(BridgeAuditTests.members.map(\.publicKey), threshold: 2)!
        contract.peg = PegTerms(issuers: group, releasers: group)
        return try! DeclaredTerms(contract, deployer: fixture.alice.publicKey, network: fixture.network.id)
    }

    /// A network in which both chains have taken the peg in.
    private func deployed() throws -> AuditFixture {
        let fixture = try AuditFixture()
        let terms = terms(fixture)
        let signature = fixture.alice.signer.sign(.deploy, network: fixture.network.id, terms.body)
        let node = fixture.keys[BridgeAuditTests.alpha]![0].signer
        fixture.chains[.notary]!.append([
            fixture.transaction(.deploy(Deploy(terms: terms, signature: signature, network: fixture.network.id, node: node)), .notary)
        ])
        let notary = fixture.chains[.notary]!
        let final = notary.finals.last!
        for chain in [BridgeAuditTests.alpha, BridgeAuditTests.beta] {
            let evidence = StateEvidence(block: final.hash, proof: notary.ledger.proofOfContract("vault", version: 1))
            fixture.chains[chain]!.append([fixture.transaction(.adopt(Adopt(id: "vault", version: 1, evidence: evidence)), chain)], foreign: [final]) {
                ($0.notaryHeight, $0.notaryHead) = (final.header.height, final.hash)
            }
        }
        return fixture
    }

    private func order(_ fixture: AuditFixture, _ kind: BridgeOrder.Kind, _ amount: Amount, by owner: KeyPair, to receiver: KeyPair, nonce: UInt64) -> Transaction {
        let chain = kind == .lock ? BridgeAuditTests.alpha : BridgeAuditTests.beta
        let order = BridgeOrder(
            kind, chain: chain, network: fixture.network.id, contract: "vault", version: 1, amount: amount, receiver: receiver.publicKey, nonce: nonce, memo: "",
            signer: owner.signer)
        return fixture.transaction(kind == .lock ? .lock(order) : .redeem(order), chain)
    }

    /// What makes an order appear, as the members attest it.
    private func proof(
        _ fixture: AuditFixture, of order: Digest, isIssue: Bool = true, by members: [KeyPair] = BridgeAuditTests.members, change: (inout BridgeItem) -> Void = { _ in }
    ) -> (transaction: Transaction, final: FinalHeader) {
        let (origin, target) = isIssue ? (BridgeAuditTests.alpha, BridgeAuditTests.beta) : (BridgeAuditTests.beta, BridgeAuditTests.alpha)
        let chain = fixture.chains[origin]!
        var shown = chain.ledger.proofOfBridge(isIssue ? .locked : .redeemed, of: "vault", order: order)
        var item = BridgeItem(decoding: shown.value!)!
        change(&item)
        shown.value = item.encoded
        let proof = BridgeProof(
            contract: "vault", version: 1, origin: origin, order: order, evidence: StateEvidence(block: chain.finals.last!.hash, proof: shown),
            attestations: members.map { BridgeAttestation(item, on: origin, version: 1, network: fixture.network.id, signer: $0.signer) })
        return (fixture.transaction(isIssue ? .issue(proof) : .release(proof), target), chain.finals.last!)
    }

    private func details(_ fixture: AuditFixture) throws -> [String] {
        fixture.store()
        return try fixture.audit().violations.map(\.detail)
    }

    @Test("value that was locked, issued, redeemed and released is audited without a violation")
    func clean() throws {
        let fixture = try deployed()
        let lock = order(fixture, .lock, 10, by: fixture.alice, to: fixture.bob, nonce: 1)
        fixture.chains[BridgeAuditTests.alpha]!.append([lock])
        let issue = proof(fixture, of: lock.id)
        fixture.chains[BridgeAuditTests.beta]!.append([issue.transaction], foreign: [issue.final])
        let redeem = order(fixture, .redeem, 4, by: fixture.bob, to: fixture.alice, nonce: 1)
        fixture.chains[BridgeAuditTests.beta]!.append([redeem])
        let release = proof(fixture, of: redeem.id, isIssue: false)
        fixture.chains[BridgeAuditTests.alpha]!.append([release.transaction], foreign: [release.final])
        let again = order(fixture, .lock, 3, by: fixture.alice, to: fixture.bob, nonce: 2)
        fixture.chains[BridgeAuditTests.alpha]!.append([again])
        #expect(try details(fixture).isEmpty)
    }

    @Test("what too few attest, or nothing shows to have left the other chain, is found")
    func unproven() throws {
        for (members, factor, words) in [
            ([BridgeAuditTests.members[0]], Amount(1), "too few members of the peg attest"), (BridgeAuditTests.members, 10, "not shown to have left alpha"),
        ] {
            let fixture = try deployed()
            let lock = order(fixture, .lock, 10, by: fixture.alice, to: fixture.bob, nonce: 1)
            fixture.chains[BridgeAuditTests.alpha]!.append([lock])
            let issue = proof(fixture, of: lock.id, by: members) { $0.amount *= factor }
            fixture.chains[BridgeAuditTests.beta]!.append([issue.transaction], foreign: [issue.final])
            let found = try details(fixture)
            #expect(found.contains { $0.contains(words) }, "\(found)")
        }
    }

    @Test("value that appears twice is found (case 45)")
    func twice() throws {
        let fixture = try deployed()
        let lock = order(fixture, .lock, 10, by: fixture.alice, to: fixture.bob, nonce: 1)
        fixture.chains[BridgeAuditTests.alpha]!.append([lock])
        let issue = proof(fixture, of: lock.id)
        fixture.chains[BridgeAuditTests.beta]!.append([issue.transaction], foreign: [issue.final])
        fixture.chains[BridgeAuditTests.beta]!.append([issue.transaction], foreign: [issue.final])
        let found = try details(fixture)
        #expect(found.contains { $0.contains("makes value appear a second time") }, "\(found)")
    }
}
