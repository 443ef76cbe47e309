import Chain
import Cryptography
import Ledger
import TestSupport
import Testing
import Wire

@Suite struct BlockTreeTests {
    let test = TestNetwork()

    @Test("a candidate built by a leader is valid for everybody else")
    func buildsWhatValidates() {
        var mine = TestChain(test, TestNetwork.alpha)
        let payment = test.transfer(from: test.alice, to: test.carol.publicKey, amount: 10, nonce: 0)
        let block = mine.candidate([BlockItem(transaction: payment, foreign: [])])
        #expect(block.transactions == [payment])
        var other = BlockTree(book: ElectorateBook(network: test.network), chain: TestNetwork.alpha) { $0.holds }
        #expect(other.validate(block) == .valid)
        #expect(other.finalize(block.hash) == [block])
        #expect(other.ledger.account(test.carol.publicKey)?.balances.amount(of: TestNetwork.assetX) == TestNetwork.funds + 10)
    }

    @Test("a transfer without funds stands in the block as rejected, and uses its nonce")
    func recordsRejections() {
        var chain = TestChain(test, TestNetwork.alpha)
        let payment = test.transfer(from: test.alice, to: test.carol.publicKey, amount: TestNetwork.funds + 1, nonce: 0)
        let item = chain.append([BlockItem(transaction: payment, foreign: [])])
        #expect(item.block.outcomes == [Outcome(rejection: .insufficientFunds)])
        let again = chain.candidate([BlockItem(transaction: payment, foreign: [])])
        #expect(again.transactions.isEmpty)
    }

    @Test("one state serves two candidates for one parent, whichever becomes final")
    func followsEitherBranch() {
        var chain = TestChain(test, TestNetwork.alpha)
        let first = chain.candidate([
            BlockItem(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: 0), foreign: [])
        ])
        let second = chain.candidate([
            BlockItem(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: 2, nonce: 0), foreign: [])
        ])
        for final in [first, second] {
            var tree = BlockTree(book: ElectorateBook(network: test.network), chain: TestNetwork.alpha) { $0.holds }
            #expect(tree.validate(first) == .valid)
            #expect(tree.validate(second) == .valid)
            #expect(tree.finalize(final.hash) == [final])
            #expect(tree.ledger.root == final.header.stateRoot)
            #expect(!tree.contains(final == first ? second.hash : first.hash))
        }
    }

    @Test("a block whose state root, outcomes, parent slot or time is wrong is refused with the reason")
    func refusesWrongHeaders() {
        var chain = TestChain(test, TestNetwork.alpha)
        chain.append([])
        let good = chain.candidate([
            BlockItem(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: 0), foreign: [])
        ])
        func changed(_ change: (inout BlockHeader.Fields) -> Void, outcomes: [Outcome]? = nil) -> Block {
            var fields = good.header.fields
            change(&fields)
            return Block(
                header: BlockHeader(fields), builderSignature: good.builderSignature, transactions: good.transactions,
                outcomes: outcomes ?? good.outcomes, foreign: good.foreign)
        }
        let rejected = [Outcome(rejection: .insufficientFunds)]
        let cases: [(Block, Reason)] = [
            (changed { $0.stateRoot = .zero }, .stateMismatch),
            (changed { $0.time = chain.tree.finalTime }, .wrongTime),
            (changed { $0.parentSlot = 0 }, .wrongParent),
            (changed { $0.height += 1 }, .wrongParent),
            (changed { $0.epoch = 1 }, .wrongSlot),
            (
                changed(
                    { $0.transactionsRoot = MerkleTree.root(leaves: [MerkleTree.leaf(good.transactions[0].bytes, outcome: 1)]) },
                    outcomes: rejected), .stateMismatch
            ),
        ]
        for (block, reason) in cases {
            var tree = chain.tree
            guard case .invalid(let found, _) = tree.validate(block) else {
                Issue.record("a wrong block was not refused for \(reason)")
                continue
            }
            #expect(found == reason)
            #expect(tree.validate(good) == .valid)
        }
    }

    @Test("a cross payment holds, commits and settles over two chains by evidence alone")
    func settlesByEvidence() {
        var alpha = TestChain(test, TestNetwork.alpha)
        var beta = TestChain(test, TestNetwork.beta)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        alpha.append([BlockItem(transaction: Transaction(.open(cross), chain: TestNetwork.alpha, network: test.network.id), foreign: [])])
        let held = alpha.evidence(cross.xid)
        let confirm = Confirm(
            cross: cross,
            confirmations: [
                Authorization(
                    key: test.bob.publicKey, signature: test.bob.signer.sign(.confirm, network: test.network.id, cross.xid.bytes))
            ], holds: [held])
        beta.append([
            BlockItem(
                transaction: Transaction(.confirm(confirm), chain: TestNetwork.beta, network: test.network.id), foreign: [alpha.last!])
        ])
        #expect(beta.blocks[0].block.outcomes == [.applied])
        let settle = Resolution(xid: cross.xid, evidence: beta.evidence(cross.xid))
        alpha.append([
            BlockItem(
                transaction: Transaction(.settle(settle), chain: TestNetwork.alpha, network: test.network.id), foreign: [beta.last!])
        ])
        #expect(alpha.blocks[1].block.outcomes == [.applied])
        #expect(alpha.tree.ledger.account(test.alice.publicKey)?.balances.amount(of: TestNetwork.assetX) == TestNetwork.funds - 10)
        #expect(beta.tree.ledger.account(test.bob.publicKey)?.balances.amount(of: TestNetwork.assetY) == TestNetwork.funds * 10 + 100)
    }

    @Test("a block with a foreign header that is not final is refused")
    func refusesUnprovenEvidence() {
        var alpha = TestChain(test, TestNetwork.alpha)
        var beta = TestChain(test, TestNetwork.beta)
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
        alpha.append([BlockItem(transaction: Transaction(.open(cross), chain: TestNetwork.alpha, network: test.network.id), foreign: [])])
        let weak = alpha.final(alpha.blocks[0].block, signers: 2)
        let confirm = Confirm(
            cross: cross,
            confirmations: [
                Authorization(
                    key: test.bob.publicKey, signature: test.bob.signer.sign(.confirm, network: test.network.id, cross.xid.bytes))
            ], holds: [alpha.evidence(cross.xid)])
        let block = beta.candidate([
            BlockItem(transaction: Transaction(.confirm(confirm), chain: TestNetwork.beta, network: test.network.id), foreign: [weak])
        ])
        var tree = beta.tree
        // The header names the foreign block, not its certificates: another copy of this candidate may show them.
        #expect(tree.validate(block) == .invalid(.evidenceMissing, transaction: nil))
    }
}
