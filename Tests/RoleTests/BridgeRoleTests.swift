import Chain
import CollectorCore
import Cryptography
import Determinism
import IssuerCore
import Ledger
import RoleKit
import TestSupport
import Testing
import Wire

/// How an order of a peg comes to be attested, and how attestations become a proof (B-5; B1, B3, B5).
@Suite("Pegs, from role to role")
struct BridgeRoleTests {
    private static let members = (0..<3).map { TestNetwork.key(500 + UInt64($0)) }
    private let test = TestNetwork(members: BridgeRoleTests.members)

    /// Alice locks 100 for Bob, in alpha's first block; what shows it.
    private struct Locked {
        var chain: TestChain
        var order: Digest
        var final: FinalHeader
        var proof: StateProof
        var item: BridgeItem

        init(_ test: TestNetwork) {
            chain = TestChain(test, TestNetwork.alpha)
            let lock = BridgeOrder(
                .lock, chain: TestNetwork.alpha, network: test.network.id, contract: "vault", version: 1, amount: 100, receiver: test.bob.publicKey, nonce: 0,
                memo: "", signer: test.alice.signer)
            let transaction = Transaction(.lock(lock), chain: TestNetwork.alpha, network: test.network.id)
            final = chain.append([BlockItem(transaction: transaction, foreign: [])]).final!
            order = transaction.id
            proof = chain.proofOfBridge(.locked, order)
            item = BridgeItem(decoding: proof.value!)!
        }

        var evidence: StateEvidence { StateEvidence(block: final.hash, proof: proof) }

        func attested(by members: [KeyPair], _ test: TestNetwork, _ change: (inout BridgeProof) -> Void = { _ in }) -> BridgeProof {
            var whole = BridgeProof(
                contract: "vault", version: 1, origin: TestNetwork.alpha, order: order, evidence: evidence,
                attestations: members.map { BridgeAttestation(item, on: TestNetwork.alpha, version: 1, network: test.network.id, signer: $0.signer) })
            change(&whole)
            return whole
        }

        /// The order's receipt, with the notary chain's record or without.
        func receipt(_ test: TestNetwork, isRecorded: Bool) -> Receipt {
            let item = chain.blocks[0]
            func part(_ item: FinalBlock) -> (index: Int, path: [Digest]) {
                let leaves = zip(item.block.transactions, item.block.outcomes).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) }
                return (0, MerkleTree.path(leaves: leaves, of: 0))
            }
            var notary = TestChain(test, .notary)
            let record = Transaction(.record(Record(final: final, crosses: [])), chain: .notary, network: test.network.id)
            let recording = notary.append([BlockItem(transaction: record, foreign: [])])
            let shown = Receipt.RecordProof(
                transaction: record.bytes, index: 0, path: part(recording).path, final: recording.final!)
            return Receipt(
                id: order,
                parts: [
                    Receipt.Part(
                        chain: TestNetwork.alpha, transaction: item.block.transactions[0].bytes, outcome: item.block.outcomes[0], index: 0, path: part(item).path,
                        final: final, record: isRecorded ? shown : nil)
                ])
        }
    }

    private func collector() -> RoleBench<CollectorRole> {
        let key = test.nodeKeys[TestNetwork.beta]![0]
        var bench = RoleBench<CollectorRole>(
            RoleContext(network: test.network, address: RoleAddress(role: .collector, chain: TestNetwork.beta, node: "beta-1"), signer: key.signer))
        for (call, _, _) in bench.feed(.started).calls { _ = bench.feed(.answered(call: call, .blocks([], head: 0))) }
        return bench
    }

    private func issues(_ bench: RoleBench<CollectorRole>) throws -> [BridgeProof] {
        try bench.table(.accepted).compactMap { row in
            let bytes = try PooledTransaction(decoding: row).transaction
            guard case .issue(let proof) = try Transaction(decoding: bytes, chain: TestNetwork.beta, network: test.network.id).kind else { return nil }
            return proof
        }
    }

    @Test("a collector hands a proof in once as many members have attested as the terms ask for, and never before")
    func gathers() throws {
        var bench = collector()
        let locked = Locked(test)
        func attest(_ members: [KeyPair]) -> [Response] {
            bench.run(.requested(.attest(locked.attested(by: members, test), locked.final), token: 1, client: "member")).replies
        }
        #expect(attest([BridgeRoleTests.members[0]]) == [.attested(have: 1, threshold: 2)])
        #expect(attest([BridgeRoleTests.members[0]]) == [.attested(have: 1, threshold: 2)])
        #expect(try issues(bench).isEmpty)
        #expect(attest([BridgeRoleTests.members[2]]) == [.attested(have: 2, threshold: 2)])
        let proof = try #require(try issues(bench).first)
        #expect(Set(proof.attestations.map(\.key)) == Set([0, 2].map { BridgeRoleTests.members[$0].publicKey }) && proof.order == locked.order)
        #expect(attest([BridgeRoleTests.members[1]]) == [.attested(have: 3, threshold: 2)])
        #expect(try issues(bench).count == 1)
    }

    @Test("a proof that waits is replaced by one of a later block, since the block it relies on may come to nothing, and by no older one")
    func replaces() throws {
        var bench = collector()
        let locked = Locked(test)
        var later = locked
        later.final = try #require(later.chain.append([]).final)
        later.proof = later.chain.proofOfBridge(.locked, later.order)
        func attest(_ shown: Locked) throws -> [Digest] {
            let proof = shown.attested(by: Array(BridgeRoleTests.members.prefix(2)), test)
            _ = bench.run(.requested(.attest(proof, shown.final), token: 1, client: "member"))
            return try issues(bench).map(\.evidence.block)
        }
        #expect(try attest(locked) == [locked.final.hash])
        #expect(try attest(later) == [later.final.hash])
        #expect(try attest(locked) == [later.final.hash])
    }

    @Test("strangers, forged words, orders that are not shown, and blocks that are not final get a collector nowhere (cases 46 and 47)")
    func refuses() throws {
        var bench = collector()
        let locked = Locked(test)
        func refusal(_ proof: BridgeProof, _ final: FinalHeader? = nil) -> Reason? {
            guard case .failure(let reason, _)? = bench.run(.requested(.attest(proof, final ?? locked.final), token: 1, client: "member")).replies.first else { return nil }
            return reason
        }
        let members = BridgeRoleTests.members
        #expect(refusal(locked.attested(by: [test.bob], test)) == .notAllowed)
        #expect(refusal(locked.attested(by: [members[0], test.bob], test)) == .notAllowed)
        #expect(refusal(locked.attested(by: [], test)) == .notAllowed)
        #expect(refusal(locked.attested(by: [members[0]], test) { $0.attestations[0].key = members[1].publicKey }) == .badSignature)
        #expect(refusal(locked.attested(by: [members[0]], test) { $0.version = 2 }) == .superseded)
        #expect(refusal(locked.attested(by: [members[0]], test) { $0.contract = "other" }) == .unknownContract)
        #expect(refusal(locked.attested(by: [members[0]], test) { $0.origin = TestNetwork.beta }) == .wrongChain)
        #expect(refusal(locked.attested(by: [members[0]], test) { $0.order = .zero }) == .evidenceInvalid)
        var richer = locked.item
        richer.amount = 1_000
        #expect(refusal(locked.attested(by: [members[0]], test) { $0.evidence.proof.value = richer.encoded }) == .evidenceInvalid)
        var pending = locked.final
        pending.finality = .pending
        #expect(refusal(locked.attested(by: [members[0]], test), pending) == .evidenceInvalid)
        #expect(try issues(bench).isEmpty)
    }

    @Test("clients can hand in orders, and no proofs of their own")
    func submits() throws {
        var bench = collector()
        let locked = Locked(test)
        let issue = Transaction(.issue(locked.attested(by: BridgeRoleTests.members, test)), chain: TestNetwork.beta, network: test.network.id)
        guard case .submit(let result)? = bench.run(.requested(.submit(issue.bytes), token: 1, client: "anybody")).replies.first else {
            throw WireFault(.missing, "an answer")
        }
        #expect(result.rejection == .notAllowed)
    }

    /// A member, and what it has asked that is not answered.
    private struct Desk {
        var core: IssuerCore
        var now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: TestNetwork.genesisTime)
        var open: [(call: UInt64, service: String, request: Request)] = []
        var told: [String] = []

        mutating func take(_ input: IssuerInput) {
            for effect in core.apply(input, at: now) {
                switch effect {
                case .request(let call, let service, let request, _): open.append((call, service, request))
                case .attested: told.append("attested")
                case .appeared: told.append("appeared")
                case .note(let text): told.append(text)
                }
            }
        }

        /// Answers the first open question of a kind, which has to be there.
        mutating func answer(_ isIt: (Request) -> Bool, _ response: Response?, at line: SourceLocation = #_sourceLocation) {
            guard let index = open.firstIndex(where: { isIt($0.request) }) else {
                Issue.record("nothing of the kind has been asked", sourceLocation: line)
                return
            }
            let call = open.remove(at: index).call
            if let response { take(.answered(call: call, response)) } else { take(.unanswered(call: call)) }
        }

        mutating func pass(_ milliseconds: UInt64) {
            now.monotonicMilliseconds += milliseconds
            now.wallMilliseconds += milliseconds
            take(.tick)
        }

        var attests: [(service: String, proof: BridgeProof)] {
            open.compactMap { item in if case .attest(let proof, _) = item.request { (item.service, proof) } else { nil } }
        }
    }

    private func view(_ items: [BridgeItem]) -> Response { .bridge(BridgeView(version: 1, height: 1, lane: 100, returned: 0, items: items)) }
    private func isSearch(_ request: Request) -> Bool { if case .bridge(let query) = request { query.kind == .locked } else { false } }
    private func isAppearance(_ request: Request) -> Bool { if case .bridge(let query) = request { query.kind == .issued } else { false } }
    private func isReceipt(_ request: Request) -> Bool { if case .receipt = request { true } else { false } }
    private func isEvidence(_ request: Request) -> Bool { if case .bridgeProof = request { true } else { false } }

    /// A member that has found the order, and knows that it has not appeared.
    private func desk(_ locked: Locked) -> Desk {
        var desk = Desk(core: IssuerCore(network: test.network, pegs: test.network.contracts, signer: BridgeRoleTests.members[0].signer))
        desk.take(.started)
        desk.answer(isSearch, view([locked.item]))
        desk.answer(isAppearance, view([]))
        return desk
    }

    @Test("a member attests an order to every collector of the other chain, once a receipt and a state proof have shown it recorded")
    func attests() throws {
        let locked = Locked(test)
        var desk = desk(locked)
        #expect(desk.core.laneCount == 2 && desk.core.openCount == 1)
        desk.answer(isReceipt, .receipt(locked.receipt(test, isRecorded: true)))
        desk.answer(isEvidence, .bridgeShown(locked.final, locked.proof))
        let attests = desk.attests
        #expect(Set(attests.map(\.service)) == Set((1...4).map { "collector.beta@beta-\($0)" }))
        let proof = try #require(attests.first?.proof)
        #expect(proof.attestations.map(\.key) == [BridgeRoleTests.members[0].publicKey] && proof.checks(network: test.network.id)?.allSatisfy(\.holds) == true)
        for _ in 0..<4 { desk.answer({ if case .attest = $0 { true } else { false } }, .attested(have: 1, threshold: 2)) }
        #expect(desk.told == ["attested"])
        desk.pass(60_000)
        var issued = locked.item
        issued.kind = .issued
        desk.answer(isAppearance, view([issued]))
        #expect(desk.told == ["attested", "appeared"] && desk.core.openCount == 0)
    }

    @Test("what is not recorded, or not the order, is not attested, whatever nodes say (cases 46 and 50)")
    func doubts() throws {
        let locked = Locked(test)
        var other = desk(locked)
        other.answer(isReceipt, .receipt(locked.receipt(test, isRecorded: false)))
        #expect(!other.open.contains { isEvidence($0.request) })
        other.pass(60_000)
        var forged = locked.receipt(test, isRecorded: true)
        forged.parts[0].outcome = Outcome(rejection: .insufficientFunds)
        other.answer(isReceipt, .receipt(forged))
        #expect(other.told.count == 1)
        #expect(!other.open.contains { isEvidence($0.request) })
        var desk = desk(locked)
        desk.answer(isReceipt, .receipt(locked.receipt(test, isRecorded: true)))
        var richer = locked.proof
        var item = locked.item
        item.amount = 1_000
        richer.value = item.encoded
        desk.answer(isEvidence, .bridgeShown(locked.final, richer))
        #expect(desk.attests.isEmpty)
        desk.pass(60_000)
        var pending = locked.final
        pending.finality = .pending
        desk.answer(isEvidence, .bridgeShown(pending, locked.proof))
        #expect(desk.attests.isEmpty)
        desk.pass(60_000)
        desk.answer(isEvidence, .bridgeShown(locked.final, locked.proof))
        #expect(desk.attests.count == 4)
    }

    @Test("questions that nobody answers are asked again of others, and a key that is no member's has nothing to do")
    func retries() {
        let locked = Locked(test)
        var desk = desk(locked)
        for _ in 0..<3 {
            desk.answer(isReceipt, nil)
            desk.pass(60_000)
        }
        #expect(desk.open.contains { isReceipt($0.request) })
        let services = (0..<4).map { _ in
            let service = desk.open.first { isSearch($0.request) }?.service
            desk.answer(isSearch, nil)
            desk.pass(60_000)
            return service
        }
        #expect(Set(services).count > 1)
        #expect(IssuerCore(network: test.network, pegs: test.network.contracts, signer: test.bob.signer).laneCount == 0)
    }
}
