import Chain
import Cryptography
import TestSupport
import Testing
import Wire

/// Receipts are judged by the network's description alone (docs/protocol.md section 12; A9).
@Suite struct ReceiptVerifierTests {
    private let test = TestNetwork()

    /// Where a transaction stands in a block that the notary chain has recorded.
    private func part(_ item: FinalBlock, _ position: Int, recordedIn notary: FinalBlock? = nil) -> Receipt.Part {
        func path(_ block: Block, _ position: Int) -> [Digest] {
            MerkleTree.path(leaves: zip(block.transactions, block.outcomes).map { MerkleTree.leaf($0.bytes, outcome: $1.byte) }, of: position)
        }
        return Receipt.Part(
            chain: item.block.header.chain, transaction: item.block.transactions[position].bytes, outcome: item.block.outcomes[position],
            index: position, path: path(item.block, position), final: item.final!,
            record: notary.map {
                .init(transaction: $0.block.transactions[0].bytes, index: 0, path: path($0.block, 0), final: $0.final!)
            })
    }

    private func transfers(_ count: Int, amount: Amount = 1) -> [BlockItem] {
        (0..<count).map { BlockItem(transaction: test.transfer(from: test.alice, to: test.carol.publicKey, amount: amount, nonce: UInt64($0)), foreign: []) }
    }

    private func record(_ item: FinalBlock) -> FinalBlock {
        var notary = TestChain(test, .notary)
        let record = Transaction(.record(Record(final: item.final!, crosses: [])), chain: .notary, network: test.network.id)
        return notary.append([BlockItem(transaction: record, foreign: [])])
    }

    private func verdict(_ receipt: Receipt) -> Result<ReceiptVerifier.Finding, ReceiptVerifier.Fault> {
        var verifier = ReceiptVerifier(network: test.network)
        return Result { () throws(ReceiptVerifier.Fault) in try verifier.verify(receipt) }
    }

    private func fault(_ receipt: Receipt) -> ReceiptVerifier.Fault? {
        guard case .failure(let fault) = verdict(receipt) else { return nil }
        return fault
    }

    @Test("each transaction of a block is shown with its outcome and its record", arguments: 0..<3)
    func holds(position: Int) throws {
        var chain = TestChain(test, TestNetwork.alpha)
        let item = chain.append(transfers(2) + transfers(3, amount: .max).suffix(1))
        let receipt = Receipt(id: item.block.transactions[position].id, parts: [part(item, position, recordedIn: record(item))])
        let finding = try verdict(receipt).get()
        #expect(finding.ending == (position < 2 ? .applied : .rejected(.insufficientFunds)) && finding.isRecorded)
        #expect(finding.parts.map(\.height) == [1] && finding.parts.map(\.recordedAt) == [1])
        #expect(try Receipt(decoding: receipt.encoded) == receipt)
    }

    @Test("what is not recorded yet holds, and is said not to be recorded")
    func unrecorded() throws {
        var chain = TestChain(test, TestNetwork.alpha)
        let item = chain.append(transfers(1))
        #expect(try !verdict(Receipt(id: item.block.transactions[0].id, parts: [part(item, 0)])).get().isRecorded)
    }

    @Test("a receipt that shows another transaction, outcome, place, block, record, or one thing twice is refused, and says where")
    func refuses() throws {
        var chain = TestChain(test, TestNetwork.alpha)
        let item = chain.append(transfers(2))
        var rival = TestChain(test, TestNetwork.alpha)
        let other = rival.append([], after: 1_500)
        let id = item.block.transactions[0].id
        let good = part(item, 0, recordedIn: record(item))
        func changed(_ change: (inout Receipt.Part) -> Void) -> Receipt {
            var part = good
            change(&part)
            return Receipt(id: id, parts: [part])
        }
        #expect(fault(Receipt(id: id, parts: [])) == .empty)
        #expect(fault(Receipt(id: item.block.transactions[1].id, parts: [good])) == .notTheTransaction(part: 0))
        #expect(fault(changed { $0.outcome = Outcome(rejection: .insufficientFunds) }) == .notInTheBlock(part: 0))
        #expect(fault(changed { $0.index = 1 }) == .notInTheBlock(part: 0))
        #expect(fault(changed { $0.path = [] }) == .notInTheBlock(part: 0))
        #expect(fault(changed { $0.chain = TestNetwork.beta }) == .unknownChain(part: 0))
        #expect(fault(changed { $0.final.finality = .pending }) == .notFinal(part: 0, .evidenceInvalid))
        #expect(fault(changed { $0.final = chain.final(item.block, signers: 2) }) == .notFinal(part: 0, .evidenceInvalid))
        #expect(fault(changed { $0.record = part(item, 0, recordedIn: record(other)).record }) == .recordInvalid(part: 0))
        #expect(fault(changed { $0.record?.final = item.final! }) == .recordInvalid(part: 0))
        #expect(fault(Receipt(id: id, parts: [good, good])) == .repeated(part: 1))
    }

    @Test("a refund is the end where what was held is shown too, and by itself none: another chain may still hold its part")
    func refunded() throws {
        var (alpha, beta) = (TestChain(test, TestNetwork.alpha), TestChain(test, TestNetwork.beta))
        let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 5)
        let open = alpha.append([BlockItem(transaction: Transaction(.open(cross), chain: TestNetwork.alpha, network: test.network.id), foreign: [])])
        let signature = test.alice.signer.sign(.cancel, network: test.network.id, cross.xid.bytes)
        let cancel = Cancel(cross: cross, authorization: Authorization(key: test.alice.publicKey, signature: signature))
        let decision = beta.append([BlockItem(transaction: Transaction(.cancel(cancel), chain: TestNetwork.beta, network: test.network.id), foreign: [])])
        let refund = Transaction(
            .refund(Resolution(xid: cross.xid, evidence: beta.evidence(cross.xid))), chain: TestNetwork.alpha, network: test.network.id)
        let end = alpha.append([BlockItem(transaction: refund, foreign: [decision.final!])])
        #expect(end.block.outcomes == [.applied])
        #expect(try verdict(Receipt(id: refund.id, parts: [part(end, 0)])).get().ending == .open)
        #expect(try verdict(Receipt(id: cross.xid, parts: [part(open, 0), part(end, 0)])).get().ending == .refunded(.deadlinePassed))
        let whole = Receipt(id: cross.xid, parts: [part(open, 0), part(decision, 0), part(end, 0)])
        #expect(try verdict(whole).get().ending == .refunded(.cancelled))
    }

    @Test("of another network nothing holds")
    func otherNetwork() {
        var chain = TestChain(test, TestNetwork.alpha)
        let item = chain.append(transfers(1))
        var stranger = ReceiptVerifier(network: TestNetwork(nodes: 7).network)
        #expect(throws: ReceiptVerifier.Fault.self) { try stranger.verify(Receipt(id: item.block.transactions[0].id, parts: [part(item, 0)])) }
    }
}
