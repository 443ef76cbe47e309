import Chain
import Cryptography
import Ledger
import RoleKit
import TestSupport
import Testing
import Wire

/// Mined blocks: their work, what shows them to be final, and which branch of them counts (W-1 to W-6).
@Suite struct MinedChainTests {
    private var chain = MinedChain()

    @Test("any node of the chain may mine any height, and what it mines is valid")
    mutating func valid() {
        let first = chain.add(on: chain.tree.finalHash, by: 3)
        let second = chain.add(on: first.hash, by: 3)
        #expect(chain.tree.builderFault(of: second) == nil)
        #expect(second.header.slot == 2 && second.header.height == 2)
    }

    @Test("a block without work, with another target, of another slot or by a stranger is refused")
    mutating func invalid() {
        let root = chain.tree.finalHash
        var unmined = chain.mine(on: root).header.fields
        repeat { unmined.workNonce += 1 } while WorkRule.isMet(unmined.workTarget, by: BlockHeader(unmined).hash)
        let signer = chain.test.nodeKeys[TestNetwork.alpha]![0].signer
        let header = BlockHeader(unmined)
        #expect(chain.tree.checker.builderFault(header, signature: signer.sign(.candidate, network: chain.test.network.id, header.bytes)) == .wrongWork)
        let easier = chain.mine(on: root) { $0.workTarget = UInt64.max / 2 }
        #expect(chain.tree.builderFault(of: easier) == .wrongWork)
        let harder = chain.mine(on: root) { $0.workTarget -= 1 }
        #expect(chain.tree.validate(harder) == .invalid(.wrongWork, transaction: nil), "the target is exactly the one that follows")
        let later = chain.mine(on: root) { $0.slot += 1 }
        #expect(chain.tree.builderFault(of: later) == .wrongSlot)
        let stranger = chain.mine(on: root) { $0.builder = TestNetwork.key(77).publicKey }
        #expect(chain.tree.builderFault(of: stranger) == .wrongSlot)
    }

    @Test("a voting chain's block that names work is refused")
    func noWorkElsewhere() {
        var beta = TestChain(chain.test, TestNetwork.beta)
        let block = beta.candidate([])
        var fields = block.header.fields
        fields.workTarget = UInt64.max / 16
        fields.workNonce = 1
        #expect(beta.tree.chain.workFault(of: BlockHeader(fields)) == .wrongWork)
        #expect(beta.tree.chain.workFault(of: block.header) == nil)
    }

    @Test("quick blocks make the target harder, slow ones easier, never easier than the first")
    func retarget() {
        let rule = WorkRule(intervalMilliseconds: 1_000, difficulty: 16, window: 4, confirmations: 1)
        let hard = rule.easiestTarget / 8
        #expect(rule.target(after: hard, elapsedMilliseconds: 1_000) == hard)
        #expect(rule.target(after: hard, elapsedMilliseconds: 0) == hard - hard / 4)
        #expect(rule.target(after: hard, elapsedMilliseconds: 2_000) == hard + hard / 4)
        #expect(rule.target(after: hard, elapsedMilliseconds: 4_000) == rule.target(after: hard, elapsedMilliseconds: .max), "a long pause counts as four intervals")
        #expect(rule.target(after: rule.easiestTarget, elapsedMilliseconds: .max) == rule.easiestTarget)
        #expect(rule.target(after: WorkRule.hardestTarget, elapsedMilliseconds: 0) == WorkRule.hardestTarget)
        #expect(WorkRule.work(of: .max) == 1 && WorkRule.work(of: UInt64.max / 2) == 2)
    }

    @Test("the notary chain's state shows a mined block, and those below it, to be final")
    mutating func recorded() {
        let first = chain.add(on: chain.tree.finalHash)
        let second = chain.add(on: first.hash, by: 1)
        let head = chain.recorded([first, second])
        #expect(chain.tree.finalityFault(in: chain.final(second, head)) == nil)
        #expect(chain.tree.finalityFault(in: chain.final(first, head, descendants: [second])) == nil)
        #expect(chain.tree.finalityFault(in: chain.final(first, head)) == .evidenceInvalid, "the record names a later block")
        let rival = chain.add(on: first.hash, by: 2)
        #expect(chain.tree.finalityFault(in: chain.final(rival, head)) == .evidenceInvalid, "the record names another block")
        var forged = chain.final(second, head)
        guard case .recorded(var weak) = forged.finality else { return }
        weak.notary.finality = .pending
        forged.finality = .recorded(weak)
        #expect(chain.tree.finalityFault(in: forged) == .evidenceInvalid, "the notary block is not final")
    }

    @Test("votes of its nodes show no mined block to be final, and nothing does while it is pending")
    mutating func noVotes() {
        let block = chain.add(on: chain.tree.finalHash)
        let voting = TestChain(chain.test, TestNetwork.alpha)
        var final = chain.final(block, chain.recorded([block]))
        final.finality = .certificate(voting.certificate(block.header, kind: .final))
        #expect(chain.tree.finalityFault(in: final) == .evidenceInvalid)
        final.finality = .pending
        #expect(chain.tree.finalityFault(in: final) == .evidenceInvalid)
    }

    @Test("a record of a mined block carries no finality, and has to be the child of the recorded one")
    mutating func records() {
        let first = chain.add(on: chain.tree.finalHash)
        let rival = chain.add(on: chain.tree.finalHash, by: 1)
        let head = chain.recorded([first])
        let above = chain.add(on: rival.hash, by: 2)
        let next = chain.add(on: first.hash, by: 2)
        var notary = chain.notary.tree
        func verdict(_ transaction: Transaction) -> Application { notary.trial(BlockItem(transaction: transaction, foreign: [])) }
        #expect(verdict(chain.record(next)) == .applied)
        #expect(verdict(chain.record(rival)) == .invalid(.recordInvalid))
        #expect(verdict(chain.record(above)) == .invalid(.recordInvalid), "nothing is recorded beside a recorded block")
        var checker = chain.tree.checker
        #expect(checker.fault(shownBy: chain.record(next)) == nil)
        #expect(checker.fault(shownBy: chain.record(first, finality: .recorded(head))) == .evidenceInvalid)
    }

    @Test("the heaviest branch counts, of equal ones the lower hash, and only what descends from the recorded block")
    mutating func heaviest() {
        let root = chain.tree.finalHash
        let first = chain.add(on: root, by: 0)
        let rival = chain.add(on: root, by: 1)
        var branch = HeaviestBranch(root: root, height: 0)
        branch.insert(first.header)
        branch.insert(rival.header)
        #expect(branch.tip == min(first.hash, rival.hash))
        let loser = branch.tip == first.hash ? rival : first
        let above = chain.add(on: loser.hash, by: 2)
        branch.insert(above.header)
        #expect(branch.tip == above.hash && branch.path.map(\.hash) == [loser.hash, above.hash])
        #expect(branch.confirmed(1).map(\.hash) == [loser.hash] && branch.confirmed(0).count == 2 && branch.confirmed(5).isEmpty)
        let winner = loser.hash == first.hash ? rival : first
        branch.rebase(onto: winner.hash, height: 1)
        #expect(branch.tip == winner.hash && !branch.contains(above.hash), "a heavier branch beside the record counts no more")
    }

    @Test("two blocks of one height by one miner are no offence")
    mutating func noDoubleCandidate() throws {
        let first = chain.mine(on: chain.tree.finalHash)
        let second = chain.mine(on: chain.tree.finalHash, after: 2_000)
        let offence = try Offence(
            Evidence(chain: TestNetwork.alpha, kind: .doubleCandidate, first: SignedHeader(first).encoded, second: SignedHeader(second).encoded))
        #expect(offence.signatureChecks(network: chain.test.network) == nil)
    }
}
