import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import TestSupport
import Testing
import ValidatorCore
import Wire

/// Drives one validator by hand, answering its signature checks at once.
struct ValidatorDriver {
    let test: TestNetwork
    var role: ValidatorRole
    var now = Moment(monotonicMilliseconds: 1_000, wallMilliseconds: TestNetwork.genesisTime)

    init(_ test: TestNetwork, chain: ChainID, notary: Int = 1, recovered: StoredState = StoredState()) {
        self.test = test
        let address = RoleAddress(role: .validator, chain: chain, node: "notary-\(notary)")
        role = try! ValidatorRole(
            context: RoleContext(network: test.network, address: address, signer: test.nodeKeys[.notary]![notary - 1].signer),
            recovered: recovered)
        _ = send(.started)
    }

    mutating func send(_ input: RoleInput) -> [RoleEffect] {
        var effects: [RoleEffect] = []
        for effect in role.apply(input, at: now) {
            effects.append(effect)
            if case .check(let token, let checks) = effect { effects += send(.checked(token: token, checks.map(\.holds))) }
        }
        return effects
    }

    mutating func publish(_ message: Message, by publisher: String = "consensus.alpha@alpha-1/1") -> [RoleEffect] {
        send(.delivered(message, publisher: publisher))
    }

    mutating func setTime(_ time: ChainTime) {
        now.wallMilliseconds = time
        now.monotonicMilliseconds = 1_000 + time - TestNetwork.genesisTime
    }
}

extension [RoleEffect] {
    var verdicts: [NotaryVerdict] {
        compactMap {
            guard case .publish(_, .verdict(let verdict)) = $0 else { return nil }
            return verdict
        }
    }

    var legNotices: [LegNotice] {
        compactMap {
            guard case .publish(_, .leg(let notice)) = $0 else { return nil }
            return notice
        }
    }

    var branchHeads: [BranchHead] {
        compactMap {
            guard case .publish(_, .branch(let head)) = $0 else { return nil }
            return head
        }
    }

    /// Whether everything published or answered comes after everything persisted.
    var persistsFirst: Bool {
        var hasSpoken = false
        for effect in self {
            switch effect {
            case .publish, .reply, .push, .call: hasSpoken = true
            case .persist where hasSpoken: return false
            default: continue
            }
        }
        return true
    }
}

@Suite struct ValidatorTests {
    let test = TestNetwork()

    func openItem(_ cross: CrossTransaction) -> BlockItem {
        BlockItem(transaction: Transaction(.open(cross), chain: TestNetwork.alpha, network: test.network.id), foreign: [])
    }

    func confirmItem(_ cross: CrossTransaction, _ held: StateEvidence, _ final: FinalHeader) -> BlockItem {
        let authorization = Authorization(
            key: test.bob.publicKey, signature: test.bob.signer.sign(.confirm, network: test.network.id, cross.xid.bytes))
        let confirm = Confirm(cross: cross, confirmations: [authorization], holds: [held])
        return BlockItem(transaction: Transaction(.confirm(confirm), chain: TestNetwork.beta, network: test.network.id), foreign: [final])
    }

    @Test("a valid candidate is stored, then signed (S850, S860)")
    func signsValid() throws {
        var chain = TestChain(test, TestNetwork.alpha)
        let block = chain.candidate([
            BlockItem(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: 0), foreign: [])
        ])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        let effects = driver.publish(.candidate(block))
        guard case .signed(let epoch, let slot, let height, let signature) = try #require(effects.verdicts.first).verdict else {
            Issue.record("not signed")
            return
        }
        let statement = NotaryStatement(chain: TestNetwork.alpha, epoch: epoch, slot: slot, height: height, hash: block.hash)
        let message = Domain.notary.preimage(network: test.network.id, statement.payload)
        #expect(Ed25519.verify(signature, of: message, by: test.nodeKeys[.notary]![0].publicKey))
        #expect(effects.contains { if case .persist(let operations) = $0 { !operations.isEmpty } else { false } })
        #expect(effects.persistsFirst)
    }

    @Test("two valid candidates of one slot are both signed, so that no height can freeze")
    func signsAnyValid() {
        var chain = TestChain(test, TestNetwork.alpha)
        let first = chain.candidate([])
        let second = chain.candidate([
            BlockItem(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: 0), foreign: [])
        ])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        for block in [first, second] {
            let verdict = driver.publish(.candidate(block)).verdicts.first
            guard case .signed = verdict?.verdict else {
                Issue.record("a valid candidate was not signed")
                return
            }
        }
    }

    @Test("a candidate with a forged transaction signature is refused")
    func refusesForgery() {
        let forged = Transfer(
            chain: TestNetwork.alpha, network: Digest.zero, to: test.carol.publicKey, asset: TestNetwork.assetX, amount: 1, nonce: 0,
            memo: "", signer: test.alice.signer)
        var chain = TestChain(test, TestNetwork.alpha)
        let block = chain.candidate([
            BlockItem(transaction: Transaction(.transfer(forged), chain: TestNetwork.alpha, network: test.network.id), foreign: [])
        ])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        #expect(driver.publish(.candidate(block)).verdicts.first?.verdict == .refused(transaction: nil, reason: .badSignature))
    }

    @Test("a candidate whose chain time is far from this notary's clock is refused (faults case 21)")
    func refusesFarTime() {
        var chain = TestChain(test, TestNetwork.alpha)
        let block = chain.candidate([], after: Limits.chainTimeSkewMilliseconds + 1)
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        #expect(driver.publish(.candidate(block)).verdicts.first?.verdict == .refused(transaction: nil, reason: .wrongTime))
    }

    @Test("a candidate that is not by the slot's leader is refused")
    func refusesWrongLeader() {
        let chain = TestChain(test, TestNetwork.alpha)
        var tree = chain.tree
        let block = tree.build(
            on: tree.finalHash, slot: 1, time: TestNetwork.genesisTime + 10, items: [], notary: (height: 0, hash: .zero),
            signer: test.leader(of: 2, chain: TestNetwork.alpha).signer
        ).block
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        #expect(driver.publish(.candidate(block)).verdicts.first?.verdict == .refused(transaction: nil, reason: .wrongSlot))
    }

    @Test("a final block is stored before the branch head is said (R7)")
    func storesBranchFirst() {
        var chain = TestChain(test, TestNetwork.alpha)
        let item = chain.append([])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha)
        _ = driver.publish(.candidate(item.block))
        let effects = driver.publish(.final(item.final!))
        #expect(effects.branchHeads.map(\.block) == [item.block.hash])
        #expect(effects.persistsFirst)
        #expect(driver.role.height == 1)
    }

    @Test("evidence is deferred until this notary's own validator of that chain follows its block, and then signed (R7)")
    func defersUntilSiblingFollows() {
        var alpha = TestChain(test, TestNetwork.alpha)
        var beta = TestChain(test, TestNetwork.beta)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        alpha.append([openItem(cross)])
        let block = beta.candidate([confirmItem(cross, alpha.evidence(cross.xid), alpha.last!)])
        var driver = ValidatorDriver(test, chain: TestNetwork.beta)
        let first = driver.publish(.candidate(block)).verdicts.first?.verdict
        guard case .deferred(TestNetwork.alpha, height: 1, _) = first else {
            Issue.record("expected a deferral, not \(String(describing: first))")
            return
        }
        let head = BranchHead(notary: "notary-1", chain: TestNetwork.alpha, height: 1, block: alpha.last!.hash, crosses: [])
        #expect(driver.publish(.branch(head), by: "validator.alpha@notary-2/1").verdicts.isEmpty)
        guard case .signed = driver.publish(.branch(head), by: "validator.alpha@notary-1/1").verdicts.first?.verdict else {
            Issue.record("expected a signature once the sibling follows the block")
            return
        }
    }

    @Test("evidence off this notary's branch is never signed (R7)")
    func refusesOffBranch() {
        var alpha = TestChain(test, TestNetwork.alpha)
        var beta = TestChain(test, TestNetwork.beta)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        alpha.append([openItem(cross)])
        let block = beta.candidate([confirmItem(cross, alpha.evidence(cross.xid), alpha.last!)])
        var driver = ValidatorDriver(test, chain: TestNetwork.beta)
        let head = BranchHead(notary: "notary-1", chain: TestNetwork.alpha, height: 1, block: Blake2b.hash([9]), crosses: [])
        _ = driver.publish(.branch(head), by: "validator.alpha@notary-1/1")
        guard case .deferred(TestNetwork.alpha, height: 1, _) = driver.publish(.candidate(block)).verdicts.first?.verdict else {
            Issue.record("the builder is told which block it is")
            return
        }
    }

    @Test("a hold that is final is told to the deciding chain by one notary at once and by the others only if nothing happens")
    func tellsHold() {
        var alpha = TestChain(test, TestNetwork.alpha)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        let item = alpha.append([openItem(cross)])
        var atOnce = 0
        var later = 0
        for notary in 1...4 {
            var driver = ValidatorDriver(test, chain: TestNetwork.alpha, notary: notary)
            _ = driver.publish(.candidate(item.block))
            let notices = driver.publish(.final(item.final!)).legNotices
            atOnce += notices.count
            #expect(notices.allSatisfy { $0.chain == TestNetwork.beta && $0.purpose == .confirm && $0.cross.xid == cross.xid })
            driver.now.monotonicMilliseconds += test.network.timing.legResendMilliseconds * 4
            later += driver.send(.timerFired(TimerID(kind: 2))).legNotices.count
        }
        #expect(atOnce == 1)
        #expect(later == 4)
    }

    @Test("what became of the deciding leg is told to the holding chain until that chain has acted")
    func tellsDecision() {
        var alpha = TestChain(test, TestNetwork.alpha)
        var beta = TestChain(test, TestNetwork.beta)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        alpha.append([openItem(cross)])
        let item = beta.append([confirmItem(cross, alpha.evidence(cross.xid), alpha.last!)])
        var driver = ValidatorDriver(test, chain: TestNetwork.beta)
        _ = driver.publish(.candidate(item.block))
        var notices = driver.publish(.final(item.final!)).legNotices
        driver.now.monotonicMilliseconds += test.network.timing.legResendMilliseconds * 4
        notices += driver.send(.timerFired(TimerID(kind: 2))).legNotices
        #expect(!notices.isEmpty)
        #expect(notices.allSatisfy { $0.chain == TestNetwork.alpha && $0.purpose == .settle })
        let settled = BranchHead(
            notary: "notary-1", chain: TestNetwork.alpha, height: 2, block: Blake2b.hash([1]),
            crosses: [CrossData(xid: cross.xid, operation: 7, chains: [])])
        _ = driver.publish(.branch(settled), by: "validator.alpha@notary-1/1")
        driver.now.monotonicMilliseconds += 60_000
        #expect(driver.send(.timerFired(TimerID(kind: 2))).legNotices.isEmpty)
    }

    @Test("a deadline that passes undecided is told as a refund, with a block past the deadline (R4)")
    func tellsExpiry() {
        var alpha = TestChain(test, TestNetwork.alpha)
        var beta = TestChain(test, TestNetwork.beta)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10, deadline: TestNetwork.genesisTime + 1_500)
        alpha.append([openItem(cross)])
        let notice = LegNotice(
            chain: TestNetwork.beta, purpose: .confirm, cross: cross, foreign: [alpha.last!], evidence: [alpha.evidence(cross.xid)],
            notary: "notary-1")
        var driver = ValidatorDriver(test, chain: TestNetwork.beta)
        _ = driver.publish(.leg(notice), by: "validator.alpha@notary-1/1")
        var notices: [LegNotice] = []
        for _ in 0..<2 {
            let item = beta.append([])
            _ = driver.publish(.candidate(item.block))
            notices += driver.publish(.final(item.final!)).legNotices
        }
        driver.now.monotonicMilliseconds += test.network.timing.legResendMilliseconds * 4
        notices += driver.send(.timerFired(TimerID(kind: 2))).legNotices
        #expect(!notices.isEmpty)
        #expect(notices.allSatisfy { $0.purpose == .refund && $0.foreign[0].header.time > cross.deadline })
    }

    @Test("a validator that restarts stands where it stood, and asks again for what is open")
    func recovers() {
        var alpha = TestChain(test, TestNetwork.alpha)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        let item = alpha.append([openItem(cross)])
        let state = StoredState(rows: [.blocks: [StoredRow(key: 1, value: item.encoded)]])
        var driver = ValidatorDriver(test, chain: TestNetwork.alpha, recovered: state)
        #expect(driver.role.height == 1)
        driver.now.monotonicMilliseconds += 60_000
        #expect(driver.send(.timerFired(TimerID(kind: 2))).legNotices.count == 1)
        let next = alpha.candidate([])
        guard case .signed = driver.publish(.candidate(next)).verdicts.first?.verdict else {
            Issue.record("a restarted validator signs again")
            return
        }
    }
}
