import Cryptography
import Ledger
import Testing
import Wire

/// Contracts that clients declare while the network runs (rules D-1 to D-3; A14).
@Suite("Declared contracts")
struct ContractTests {
    private static let node = World.signer(30)

    private func terms(
        _ id: String = "bureau", version: UInt32 = 1, rate: UInt64 = 3, by deployer: Signer = World.alice, on chains: [ChainID] = [World.alphaID, World.betaID]
    ) -> DeclaredTerms {
        let sides = zip(chains, [World.x, World.y]).map { ContractSide(chain: $0, asset: $1, reserve: deployer.publicKey) }
        let contract = Contract(
            id: id, version: version, first: sides[0], second: sides[1], rateNumerator: rate, rateDenominator: 1, minimumAmount: 1, maximumAmount: 500,
            deadlineMaximumMilliseconds: 60_000)
        return try! DeclaredTerms(contract, deployer: deployer.publicKey, network: World.network.id)
    }

    private func deploy(_ terms: DeclaredTerms, by deployer: Signer = World.alice, node: Signer = ContractTests.node) -> Transaction {
        let signature = deployer.sign(.deploy, network: World.network.id, terms.body)
        return World.on(.notary, .deploy(Deploy(terms: terms, signature: signature, network: World.network.id, node: node)))
    }

    private func notary(_ deploys: Transaction...) -> LedgerState {
        var notary = LedgerState(network: World.network, chain: .notary)
        for deploy in deploys { #expect(notary.block(deploy) == [.applied]) }
        return notary
    }

    private func adopt(_ terms: DeclaredTerms, _ notary: LedgerState, on chain: ChainID, as id: String? = nil) -> (transaction: Transaction, final: FinalHeader) {
        let final = Shown.final(of: notary)
        let contract = terms.contract
        let proof = notary.proofOfContract(contract.id, version: contract.version)
        let adopt = Adopt(id: id ?? contract.id, version: contract.version, evidence: StateEvidence(block: final.hash, proof: proof))
        return (World.on(chain, .adopt(adopt)), final)
    }

    @Test("the notary chain takes terms from a node of their chains, and versions from their deployer alone")
    func deploys() {
        var notary = LedgerState(network: World.network, chain: .notary)
        let gamma = ChainID("gamma")!
        #expect(
            notary.block(
                deploy(terms(), node: World.stranger), deploy(terms("xy")), deploy(terms(on: [World.alphaID, gamma])), deploy(terms(version: 2)),
                deploy(terms()), deploy(terms(rate: 4, by: World.bob), by: World.bob))
                == [
                    .invalid(.notAllowed), .invalid(.notAllowed), .invalid(.notAllowed), .invalid(.notReady), .applied, .invalid(.superseded),
                ])
        #expect(
            notary.block(deploy(terms(version: 2, by: World.bob), by: World.bob), deploy(terms(version: 2, rate: 5)), deploy(terms(version: 2)))
                == [.invalid(.notAllowed), .applied, .invalid(.superseded)])
        #expect(notary.entry(of: "bureau", version: 1)?.height == 1 && notary.entry(of: "bureau", version: 2)?.terms.contract.rateNumerator == 5)
        let own = World.on(World.alphaID, deploy(terms()).kind)
        var alpha = LedgerState(network: World.network, chain: World.alphaID)
        #expect(alpha.block(own) == [.invalid(.wrongChain)])
    }

    @Test("both the deployer and the node sign the terms")
    func signatures() throws {
        let good = deploy(terms())
        func holds(_ transaction: Transaction) throws -> Bool {
            try StateCheck.signatureChecks(for: transaction, network: World.network, chain: .notary).get().allSatisfy(\.holds)
        }
        #expect(try holds(good))
        #expect(try !holds(deploy(terms(), by: World.bob)))
        let liar = Signer(publicKey: ContractTests.node.publicKey) { _ in Signature(first: .zero, second: .zero) }
        #expect(try !holds(deploy(terms(), node: liar)))
    }

    @Test("a node hands in so many contracts within a span of blocks, and later more")
    func bounded() {
        var notary = LedgerState(network: World.network, chain: .notary)
        let many = (0..<Limits.contractsPerNode).map { deploy(terms("c-\($0)")) }
        #expect(notary.block(many) == many.map { _ in .applied })
        #expect(Reason.overloaded.isTemporary && notary.block(deploy(terms())) == [.invalid(.overloaded)])
        while notary.height < Limits.contractWindow - 1 { notary.block() }
        #expect(notary.block(deploy(terms())) == [.invalid(.overloaded)])
        #expect(notary.block(deploy(terms())) == [.applied])
    }

    @Test("a chain takes in the terms that the notary chain is shown to hold, once, and opens the reserve")
    func adopts() {
        let (first, other) = (terms(), terms("other"))
        let notary = notary(deploy(first))
        var alpha = LedgerState(network: World.network, chain: World.alphaID)
        let root = alpha.root
        let good = adopt(first, notary, on: World.alphaID)
        let unshown = adopt(other, notary, on: World.alphaID)
        let renamed = adopt(first, notary, on: World.alphaID, as: "other")
        let elsewhere = Shown.header(chain: World.betaID, height: 1, time: 5, root: notary.root)
        let fromBeta = World.on(
            World.alphaID,
            .adopt(Adopt(id: "bureau", version: 1, evidence: StateEvidence(block: elsewhere.hash, proof: notary.proofOfContract("bureau", version: 1)))))
        #expect(alpha.block(good.transaction) == [.invalid(.evidenceMissing)])
        #expect(
            alpha.block([unshown.transaction, renamed.transaction, fromBeta], showing: [good.final, elsewhere])
                == [.invalid(.notReady), .invalid(.evidenceInvalid), .invalid(.evidenceInvalid)])
        #expect(alpha.root == root)
        #expect(alpha.block([good.transaction, good.transaction], showing: [good.final]) == [.applied, .invalid(.duplicateTransaction)])
        let reserve = ContractName.reserve(of: "bureau", on: World.alphaID, network: World.network.id)
        #expect(alpha.account(reserve) != nil && alpha.entry(of: "bureau", version: 1) == notary.entry(of: "bureau", version: 1))
        alpha.undo()
        #expect(alpha.account(reserve) == nil && alpha.entry(of: "bureau", version: 1) == nil && alpha.root == root)
    }

    @Test("terms stand in roots and snapshots, and what was loaded takes the next version")
    func snapshot() throws {
        var notary = notary(deploy(terms()), deploy(terms("a-bureau")), deploy(terms(version: 2)))
        var writer = SnapshotWriter(notary.frozen, partBytes: 200)
        var loader = SnapshotLoader(network: World.network, chain: .notary)
        while !writer.isDone { try loader.add(writer.nextPart()) }
        var loaded = try loader.finish(Shown.final(of: notary).header)
        #expect(loaded.contracts == notary.contracts && loaded.root == notary.root && loaded.contracts.count == 3)
        #expect(loaded.block(deploy(terms(version: 3))) == [.applied] && notary.block(deploy(terms(version: 3))) == [.applied])
        #expect(loaded.root == notary.root)
    }

    @Test("an exchange under declared terms holds, commits and settles; the reserve pays without a key and is asked for nothing")
    func exchanges() throws {
        let terms = terms()
        let notary = notary(deploy(terms))
        var world = World()
        let contract = terms.contract
        let legs = [
            Leg(chain: World.alphaID, debit: World.alice.publicKey, credit: contract.first.reserve, asset: World.x, amount: 10),
            Leg(chain: World.betaID, debit: contract.second.reserve, credit: World.bob.publicKey, asset: World.y, amount: 30),
        ]
        func exchange(_ nonce: UInt64, _ legs: [Leg]) -> CrossTransaction { World.exchange(nonce: nonce, contract: "bureau", legs: legs) }
        let (early, cross) = (exchange(1, legs), exchange(2, legs))
        #expect(world.alpha.block(World.open(early)) == [.rejected(.unknownContract)])
        let onAlpha = adopt(terms, notary, on: World.alphaID)
        #expect(world.alpha.block([onAlpha.transaction, World.open(cross)], showing: [onAlpha.final]) == [.applied, .applied])
        let hold = Shown(cross.xid, in: world.alpha)
        let confirm = World.confirm(cross, [hold])
        #expect(world.beta.block(confirm, showing: [hold.final]) == [.invalid(.unknownContract)])
        #expect(Reason.unknownContract.isTemporary)
        let onBeta = adopt(terms, notary, on: World.betaID)
        #expect(world.beta.block([onBeta.transaction, confirm], showing: [onBeta.final, hold.final]) == [.applied, .invalid(.reserveShort)])
        let fund = Transaction(
            .transfer(
                Transfer(
                    chain: World.betaID, network: World.network.id, to: contract.second.reserve, asset: World.y, amount: 30, nonce: 0, memo: "",
                    signer: World.dave)), chain: World.betaID, network: World.network.id)
        #expect(world.beta.block([fund, confirm], showing: [hold.final]) == [.applied, .applied])
        #expect(world.alpha.block(World.settle(cross, Shown(cross.xid, in: world.beta)), showing: [Shown.final(of: world.beta)]) == [.applied])
        #expect(world.beta.balance(World.bob, World.y) == 30 && world.alpha.account(contract.first.reserve)?.balances.amount(of: World.x) == 10)
        // The terms are those of the version, to the unit.
        var dear = legs
        dear[1].amount = 31
        #expect(world.alpha.block(World.open(exchange(3, dear))) == [.rejected(.termsViolated)])
    }

    @Test("only the contract's own terms debit its reserve: another contract's, or an agreement, need its key")
    func reserves() {
        let terms = terms()
        let notary = notary(deploy(terms))
        var world = World()
        let adopted = adopt(terms, notary, on: World.alphaID)
        world.alpha.block([adopted.transaction], showing: [adopted.final])
        let reserve = terms.contract.first.reserve
        let legs = [
            Leg(chain: World.alphaID, debit: reserve, credit: World.alice.publicKey, asset: World.x, amount: 1),
            Leg(chain: World.betaID, debit: World.dave.publicKey, credit: World.bob.publicKey, asset: World.y, amount: 1),
        ]
        for contract in ["xy", Agreement.id, "other"] {
            let theft = World.exchange(contract: contract, legs: legs, signers: [World.alice, World.dave])
            #expect(world.alpha.block(World.on(World.alphaID, .open(theft))) != [.applied], "\(contract)")
        }
        let own = World.exchange(contract: "bureau", legs: legs, signers: [World.dave])
        #expect(world.alpha.block(World.on(World.alphaID, .open(own))) == [.rejected(.termsViolated)])
    }

    @Test("terms that make no sense are read by nobody")
    func form() {
        func fault(_ change: (inout Contract) -> Void) -> String? {
            var contract = terms().contract
            change(&contract)
            do {
                _ = try DeclaredTerms(contract, deployer: World.alice.publicKey, network: World.network.id)
                return nil
            } catch {
                return "\(error.field)"
            }
        }
        #expect(fault { _ in } == nil)
        #expect(fault { $0.id = "" } == "ContractTerms.id" && fault { $0.id = Agreement.id } == "ContractTerms.id")
        #expect(fault { $0.version = 0 } == "ContractTerms.version")
        #expect(fault { $0.second.chain = World.alphaID } == "ContractTerms.second" && fault { $0.first.chain = .notary } == "ContractTerms.first")
        #expect(fault { $0.rateNumerator = 0 } != nil && fault { $0.rateDenominator = 0 } != nil)
        #expect(fault { $0.minimumAmount = 0 } != nil && fault { $0.maximumAmount = 0 } == "ContractTerms.maximum_amount")
        #expect(fault { $0.deadlineMaximumMilliseconds = 86_400_001 } != nil && fault { $0.deadlineMaximumMilliseconds = 0 } != nil)
    }
}
