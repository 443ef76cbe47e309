import Chain
import CollectorCore
import Cryptography
import Determinism
import RecorderCore
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

/// How a contract that a client declares comes to the notary chain, and from there to the chains it names (D-4; A14).
@Suite("Declared contracts, from role to role")
struct ContractRoleTests {
    private let test = TestNetwork()
    private var alpha: ChainID { TestNetwork.alpha }
    private var node: KeyPair { test.nodeKeys[alpha]![0] }

    private func terms(_ id: String = "bureau", between chains: [ChainID] = [TestNetwork.alpha, TestNetwork.beta]) -> DeclaredTerms {
        let assets = [TestNetwork.assetX, TestNetwork.assetY]
        let sides = zip(chains, assets).map { ContractSide(chain: $0, asset: $1, reserve: node.publicKey) }
        let contract = Contract(
            id: id, version: 1, first: sides[0], second: sides[1], rateNumerator: 3, rateDenominator: 1, minimumAmount: 1, maximumAmount: 500,
            deadlineMaximumMilliseconds: 60_000)
        return try! DeclaredTerms(contract, deployer: test.alice.publicKey, network: test.network.id)
    }

    private func deploy(_ terms: DeclaredTerms) -> Transaction {
        let signature = test.alice.signer.sign(.deploy, network: test.network.id, terms.body)
        return Transaction(
            .deploy(Deploy(terms: terms, signature: signature, network: test.network.id, node: node.signer)), chain: .notary, network: test.network.id)
    }

    /// A notary chain with the terms in its newest block, and what shows them.
    private func declared(_ terms: DeclaredTerms) -> (chain: TestChain, response: Response, notice: ContractNotice) {
        var notary = TestChain(test, .notary)
        let final = notary.append([BlockItem(transaction: deploy(terms), foreign: [])]).final!
        let proof = notary.proofOfContract(terms.contract.id, version: 1)
        let notice = ContractNotice(
            chain: alpha, id: terms.contract.id, version: 1, final: final, evidence: StateEvidence(block: final.hash, proof: proof), notary: "notary-1")
        return (notary, .contract(final, proof), notice)
    }

    private func collector() -> RoleBench<CollectorRole> {
        var bench = RoleBench<CollectorRole>(
            RoleContext(network: test.network, address: RoleAddress(role: .collector, chain: alpha, node: "alpha-1"), signer: node.signer))
        for (call, _, _) in bench.feed(.started).calls { _ = bench.feed(.answered(call: call, .blocks([], head: 0))) }
        return bench
    }

    private func adopts(_ bench: RoleBench<CollectorRole>) throws -> [Adopt] {
        try bench.table(.accepted).compactMap { row in
            let bytes = try PooledTransaction(decoding: row).transaction
            if case .adopt(let adopt) = try Transaction(decoding: bytes, chain: alpha, network: test.network.id).kind { return adopt }
            return nil
        }
    }

    @Test("a collector signs a client's terms as its node, asks one recorder after the other, and gives the answer back")
    func sponsors() throws {
        var bench = collector()
        let terms = terms()
        let signature = test.alice.signer.sign(.deploy, network: test.network.id, terms.body)
        let asked = bench.run(.requested(.sponsor(terms, signature), token: 7, client: "bank")).calls
        let first = try #require(asked.first)
        guard case .nominate(let bytes) = first.request else { throw WireFault(.missing, "nominate") }
        let transaction = try Transaction(decoding: bytes, chain: .notary, network: test.network.id)
        guard case .deploy(let deploy) = transaction.kind else { throw WireFault(.missing, "deploy") }
        #expect(deploy.node == node.publicKey && deploy.terms == terms && deploy.checks(network: test.network.id).allSatisfy(\.holds))
        let second = try #require(bench.run(.answered(call: first.call, .failure(.notFound, detail: "nobody"))).calls.first)
        #expect(second.service != first.service)
        let reply = bench.run(.answered(call: second.call, .contracts([], count: 0))).replies
        #expect(reply == [.contracts([], count: 0)])
        #expect(bench.run(.answered(call: second.call, .contracts([], count: 0))).replies.isEmpty)
    }

    @Test("what is final is told at once, and a forged signature or another chain's terms go no further")
    func refuses() throws {
        var bench = collector()
        let terms = terms()
        let forged = test.bob.signer.sign(.deploy, network: test.network.id, terms.body)
        guard case .failure(.badSignature, _)? = bench.run(.requested(.sponsor(terms, forged), token: 1, client: nil)).replies.first else {
            throw WireFault(.invalid, "a forged signature is refused")
        }
        let signature = test.alice.signer.sign(.deploy, network: test.network.id, terms.body)
        let call = try #require(bench.run(.requested(.sponsor(terms, signature), token: 2, client: nil)).calls.first).call
        #expect(bench.run(.answered(call: call, .failure(.superseded, detail: ""))).replies == [.failure(.superseded, detail: "")])
        var beta = RoleBench<CollectorRole>(
            RoleContext(network: test.network, address: RoleAddress(role: .collector, chain: TestNetwork.beta, node: "beta-1"), signer: node.signer))
        let others = DeclaredTermsElsewhere.terms(test)
        #expect(beta.run(.requested(.sponsor(others, signature), token: 3, client: nil)).calls.isEmpty)
    }

    @Test("a collector hands in what a validator shows, once, and nothing that is not shown or not a validator's word")
    func adopts() throws {
        var bench = collector()
        let (_, _, notice) = declared(terms())
        func hear(_ notice: ContractNotice, by publisher: String = "validator.alpha@notary-1/1") { _ = bench.run(.delivered(.contract(notice), publisher: publisher)) }
        hear(notice, by: "collector.alpha@alpha-2/1")
        var forged = notice
        forged.evidence.proof.value = ContractEntry(terms: terms("bureau"), node: test.bob.publicKey, height: 1).encoded
        hear(forged)
        var unproven = notice
        unproven.final.finality = .pending
        hear(unproven)
        #expect(try adopts(bench).isEmpty)
        hear(notice)
        hear(notice)
        #expect(try adopts(bench).map(\.id) == ["bureau"])
        bench.restart()
        hear(notice)
        #expect(try adopts(bench).count == 1)
    }

    @Test("a validator asks for what shows new terms and tells its chain's collectors, again and again, until the chain has them")
    func tells() throws {
        var driver = ValidatorDriver(test, chain: alpha)
        var alphaChain = TestChain(test, alpha)
        let (notary, response, expected) = declared(terms())
        let block = notary.blocks[0]
        var effects = driver.publish(.candidate(block.block)) + driver.publish(.final(block.final!))
        func notices() -> [ContractNotice] {
            effects.compactMap { if case .publish(.leg(alpha), .contract(let notice)) = $0 { notice } else { nil } }
        }
        for round in 0..<3 {
            let call = try #require(
                effects.calls.first { if case .contract(id: "bureau", version: 1) = $0.request { true } else { false } }, "round \(round)")
            #expect(call.service == "consensus.notary@notary-1")
            effects = driver.send(.answered(call: call.call, response))
            #expect(notices() == [expected])
            driver.setTime(driver.now.wallMilliseconds + 120_000)
            effects = driver.send(.timerFired(TimerID(kind: 9)))
        }
        _ = driver.send(.answered(call: effects.calls.first?.call ?? 0, .failure(.notFound, detail: "")))
        let adopt = Transaction(.adopt(Adopt(id: "bureau", version: 1, evidence: expected.evidence)), chain: alpha, network: test.network.id)
        // A block names the notary block that it relies on, or a later one.
        var tree = alphaChain.tree
        let built = tree.build(
            on: tree.finalHash, slot: 1, time: TestNetwork.genesisTime + 1_000, items: [BlockItem(transaction: adopt, foreign: [expected.final])],
            notary: (height: 1, hash: expected.final.hash), signer: test.leader(of: 1, chain: alpha).signer)
        let adopted = alphaChain.append(built.block)
        #expect(adopted.block.outcomes == [.applied])
        _ = driver.publish(.candidate(adopted.block))
        _ = driver.publish(.final(adopted.final!))
        driver.setTime(driver.now.wallMilliseconds + 120_000)
        effects = driver.send(.timerFired(TimerID(kind: 9)))
        #expect(effects.calls.allSatisfy { if case .contract = $0.request { false } else { true } })
    }
}

/// Terms between beta and a chain that is not alpha.
private enum DeclaredTermsElsewhere {
    static func terms(_ test: TestNetwork) -> DeclaredTerms {
        let chains = [TestNetwork.alpha, ChainID("gamma")!]
        let sides = chains.map { ContractSide(chain: $0, asset: TestNetwork.assetX, reserve: test.alice.publicKey) }
        let contract = Contract(
            id: "elsewhere", version: 1, first: sides[0], second: sides[1], rateNumerator: 1, rateDenominator: 1, minimumAmount: 1, maximumAmount: 2,
            deadlineMaximumMilliseconds: 60_000)
        return try! DeclaredTerms(contract, deployer: test.alice.publicKey, network: test.network.id)
    }
}
