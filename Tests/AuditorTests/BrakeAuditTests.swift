import Auditor
import Cryptography
import Testing
import Wire

/// The auditor's own rules for caps, delays and pauses (G-1 to G-6).
@Suite("Auditor: brakes")
struct BrakeAuditTests {
    private static let alpha = AuditFixture.alpha, beta = AuditFixture.beta

    /// A network in which both chains have taken in a contract with brakes.
    private func deployed(_ brakes: ContractBrakes) throws -> (fixture: AuditFixture, contract: Contract) {
        let fixture = try AuditFixture()
        var contract = fixture.network.contracts[0]
        (contract.id, contract.brakes) = ("bureau", brakes)
        let terms = try DeclaredTerms(contract, deployer: fixture.alice.publicKey, network: fixture.network.id)
        let signature = fixture.alice.signer.sign(.deploy, network: fixture.network.id, terms.body)
        let node = fixture.keys[BrakeAuditTests.alpha]![0].signer
        fixture.chains[.notary]!.append([
            fixture.transaction(.deploy(Deploy(terms: terms, signature: signature, network: fixture.network.id, node: node)), .notary)
        ])
        let final = fixture.last(.notary)
        let evidence = StateEvidence(block: final.hash, proof: fixture.chains[.notary]!.ledger.proofOfContract("bureau", version: 1))
        for chain in [BrakeAuditTests.alpha, BrakeAuditTests.beta] {
            append(fixture, chain, fixture.transaction(.adopt(Adopt(id: "bureau", version: 1, evidence: evidence)), chain))
        }
        return (fixture, terms.contract)
    }

    /// A block with what the notary chain's newest block shows.
    private func append(_ fixture: AuditFixture, _ chain: ChainID, _ transaction: Transaction) {
        let final = fixture.last(.notary)
        fixture.chains[chain]!.append([transaction], foreign: [final]) { ($0.notaryHeight, $0.notaryHead) = (final.header.height, final.hash) }
    }

    private func cross(_ fixture: AuditFixture, _ contract: Contract, _ amount: Amount, nonce: UInt64) -> CrossTransaction {
        CrossTransaction(
            network: fixture.network.id, contract: contract.id, contractVersion: 1,
            legs: [
                Leg(chain: Self.alpha, debit: fixture.alice.publicKey, credit: contract.first.reserve, asset: contract.first.asset, amount: amount),
                Leg(chain: Self.beta, debit: contract.second.reserve, credit: fixture.bob.publicKey, asset: contract.second.asset, amount: amount * 10),
            ], deadline: AuditFixture.deadline, nonce: nonce, memo: "", signers: [fixture.alice.signer])
    }

    private func pause(_ fixture: AuditFixture, _ level: PauseLevel, _ number: UInt64, by count: Int, taking chains: [ChainID] = [alpha, beta]) {
        let change = PauseChange(target: .contract("bureau"), level: level, number: number)
        let consents = fixture.keys[.notary]!.prefix(count).map { PauseConsent(change: change, network: fixture.network.id, signer: $0.signer).authorization }
        fixture.chains[.notary]!.append([fixture.transaction(.pause(Pause(change: change, consents: consents)), .notary)])
        let evidence = StateEvidence(block: fixture.last(.notary).hash, proof: fixture.chains[.notary]!.ledger.proofOfPause(change.target))
        for chain in chains { append(fixture, chain, fixture.transaction(.heed(Heed(target: change.target, number: number, evidence: evidence)), chain)) }
    }

    private func details(_ fixture: AuditFixture) throws -> [String] {
        fixture.store()
        return try fixture.audit().violations.map(\.detail)
    }

    private static let brakes = ContractBrakes(
        first: SideBrakes(
            cap: SideBrakes.Cap(amount: 25, windowMilliseconds: 7_000), delay: SideBrakes.Delay(amount: 9, milliseconds: 30_000, isObserved: true)),
        second: SideBrakes(cap: SideBrakes.Cap(amount: 90, windowMilliseconds: 60_000, isObserved: true), delay: SideBrakes.Delay(amount: 150, milliseconds: 4_000)))

    @Test("payments that brakes let pass, refuse and count are audited without a violation, and so are pauses")
    func clean() throws {
        let (fixture, contract) = try deployed(BrakeAuditTests.brakes)
        func open(_ amount: Amount, _ nonce: UInt64) -> CrossTransaction {
            let payment = cross(fixture, contract, amount, nonce: nonce)
            fixture.chains[Self.alpha]!.append([fixture.transaction(.open(payment), Self.alpha)])
            return payment
        }
        // The reserve has nothing to pay with: decisions are left to the next test.
        for (nonce, amount) in [10, 10, 20, 9, 1, 15].enumerated() { _ = open(Amount(amount), UInt64(nonce)) }
        #expect(fixture.chains[Self.alpha]!.blocks.flatMap(\.outcomes).contains { $0.rejection == .capReached })
        #expect(fixture.chains[Self.alpha]!.ledger.meter(of: "bureau", contract.first.asset)?.paidIn.used ?? 0 > 0)
        pause(fixture, .observed, 1, by: 2)
        _ = open(1, 10)
        pause(fixture, .paused, 2, by: 2)
        _ = open(1, 11)
        #expect(fixture.chains[Self.alpha]!.blocks.last?.outcomes == [Outcome(rejection: .paused)])
        pause(fixture, .open, 3, by: 3)
        _ = open(1, 12)
        #expect(try details(fixture).isEmpty)
    }

    @Test("an outcome that a cap or a pause forbids is found")
    func ignored() throws {
        for isPaused in [false, true] {
            let (fixture, contract) = try deployed(BrakeAuditTests.brakes)
            if isPaused { pause(fixture, .paused, 1, by: 2) }
            let payment = cross(fixture, contract, isPaused ? 1 : 26, nonce: 0)
            fixture.chains[Self.alpha]!.append([fixture.transaction(.open(payment), Self.alpha)], outcomes: [.applied])
            let found = try details(fixture)
            #expect(!found.isEmpty, "\(isPaused)")
        }
    }

    @Test("a deciding leg before its delay has passed, or while it is paused, is found")
    func early() throws {
        for (amount, isPaused, words) in [(15, false, "before its delay"), (1, true, "though its business is paused")] {
            let (fixture, contract) = try deployed(BrakeAuditTests.brakes)
            let fund = Transfer(
                chain: Self.alpha, network: fixture.network.id, to: fixture.bob.publicKey, asset: contract.first.asset, amount: 1, nonce: 0, memo: "",
                signer: fixture.alice.signer)
            fixture.chains[Self.alpha]!.append([fixture.transaction(.transfer(fund), Self.alpha)])
            let payment = cross(fixture, contract, Amount(amount), nonce: 0)
            fixture.chains[Self.alpha]!.append([fixture.transaction(.open(payment), Self.alpha)])
            let (hold, final) = (fixture.evidence(payment, on: Self.alpha), fixture.last(Self.alpha))
            if isPaused { pause(fixture, .paused, 1, by: 2) }
            fixture.chains[Self.beta]!.append([fixture.confirm(payment, hold: hold)], foreign: [final])
            let found = try details(fixture)
            #expect(found.contains { $0.contains(words) }, "\(found)")
        }
    }

    @Test("a pause with too few consents, one that is left out in between, and one that the notary chain does not have are found")
    func forged() throws {
        for (level, number, count, words) in [(PauseLevel.paused, UInt64(1), 1, "too few consents"), (.paused, 2, 4, "is no next change")] {
            let (fixture, _) = try deployed(BrakeAuditTests.brakes)
            pause(fixture, level, number, by: count, taking: [])
            let found = try details(fixture)
            #expect(found.contains { $0.contains(words) }, "\(found)")
        }
        let (fixture, _) = try deployed(BrakeAuditTests.brakes)
        pause(fixture, .paused, 1, by: 2, taking: [])
        var shown = fixture.chains[.notary]!.ledger.proofOfPause(.contract("bureau"))
        shown.value = PauseEntry(target: .contract("bureau"), level: .open, number: 1, notaryHeight: 2).encoded
        let lie = Heed(target: .contract("bureau"), number: 1, evidence: StateEvidence(block: fixture.last(.notary).hash, proof: shown))
        append(fixture, Self.alpha, fixture.transaction(.heed(lie), Self.alpha))
        let found = try details(fixture)
        #expect(found.contains { $0.contains("not shown to have (G-6)") }, "\(found)")
    }
}
