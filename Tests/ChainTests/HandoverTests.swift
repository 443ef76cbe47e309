import Chain
import Cryptography
import Determinism
import Ledger
import RoleKit
import TestSupport
import Testing
import Wire

/// Electorates that follow each other, and what shows them (K-1 to K-6).
@Suite struct HandoverTests {
    let test = TestNetwork(epochs: EpochRule(slots: 10, margin: 4))
    private var alpha: ChainID { TestNetwork.alpha }

    private func context(_ node: Int = 0, _ role: Role = .consensus) -> RoleContext {
        RoleContext(
            network: test.network, address: RoleAddress(role: role, chain: alpha, node: "alpha-\(node + 1)"),
            signer: test.nodeKeys[alpha]![node].signer)
    }

    private func desk(_ recovered: StoredState = StoredState(), _ role: Role = .consensus) -> HandoverDesk {
        HandoverDesk(context(0, role), book: ElectorateBook(network: test.network), recovered: recovered)
    }

    /// A chain, and the handovers that a role which follows it makes, with their rows.
    private func history(blocks: Int) -> (chain: TestChain, handovers: [Handover], rows: [StoredRow]) {
        var chain = TestChain(test, alpha)
        let book = ElectorateBook(network: test.network)
        var tree = BlockTree(book: book, chain: alpha) { $0.holds }
        var desk = HandoverDesk(context(), book: book, recovered: StoredState())
        var handovers: [Handover] = []
        var rows: [StoredRow] = []
        for _ in 0..<blocks {
            let item = chain.append([])
            _ = tree.validate(item.block)
            _ = tree.finalize(item.block.hash)
            guard let (handover, effects) = desk.settle(&tree, item.final!) else { continue }
            handovers.append(handover)
            for case .persist(let operations) in effects {
                for case .put(.handovers, let key, let value) in operations { rows.append(StoredRow(key: key, value: value)) }
            }
        }
        return (chain, handovers, rows)
    }

    @Test("the first final block past each cut settles the next electorate and shows it, once")
    func settles() {
        let (_, handovers, _) = history(blocks: 38)
        #expect(handovers.map(\.epoch) == [1, 2, 3, 4])
        #expect(handovers.map(\.final.header.slot) == [7, 17, 27, 37])
    }

    @Test("from network.yaml alone a line of handovers shows every electorate, in its order and in no other")
    func line() {
        let (chain, handovers, _) = history(blocks: 38)
        var newcomer = desk()
        var checker = CertificateChecker(book: newcomer.book) { $0.holds }
        let unknown = checker.fault(in: chain.blocks[24].final!)
        #expect(unknown == .epochUnknown)
        var learned = [newcomer.heard(handovers[1]).hasLearned]
        for handover in handovers { learned.append(newcomer.heard(handover).hasLearned) }
        learned.append(newcomer.heard(handovers[0]).hasLearned)
        #expect(learned == [false, true, true, true, true, false])
        #expect(newcomer.book.newestEpoch(of: alpha) == 4)
        let faults = chain.blocks.compactMap { checker.fault(in: $0.final!) }
        #expect(faults.isEmpty)
    }

    @Test("a handover that shows nothing is refused: too few signers, another path, a block before the cut, another epoch's block")
    func refuses() {
        let (chain, handovers, _) = history(blocks: 20)
        let good = handovers[0]
        var bad: [Handover] = []
        var short = good
        short.final = chain.final(chain.blocks[6].block, signers: 2)
        bad.append(short)
        var path = good
        path.proof.siblings[0] = Blake2b.hash([1])
        bad.append(path)
        var value = good
        value.proof.value![9] ^= 1
        bad.append(value)
        var early = good
        early.final = chain.blocks[5].final!
        bad.append(early)
        var late = handovers[1]
        late.epoch = 1
        bad.append(late)
        for handover in bad {
            var newcomer = desk()
            let step = newcomer.heard(handover)
            #expect(!step.hasLearned)
            #expect(newcomer.book.newestEpoch(of: alpha) == 0)
        }
    }

    @Test("a certificate of another epoch's number is refused for a slot")
    func wrongEpoch() {
        let (chain, handovers, _) = history(blocks: 14)
        var newcomer = desk()
        _ = newcomer.heard(handovers[0])
        var checker = CertificateChecker(book: newcomer.book) { $0.holds }
        var final = chain.blocks[12].final!
        let known = checker.fault(in: final)
        #expect(known == nil)
        guard case .certificate(var certificate) = final.finality else { return }
        certificate.statement.epoch = 0
        final.finality = .certificate(certificate)
        let fault = checker.fault(in: final)
        #expect(fault == .evidenceInvalid)
    }

    @Test("a role that meets an epoch it does not know asks for it once, and ever more rarely while nothing comes")
    func asks() {
        let (chain, handovers, _) = history(blocks: 30)
        var newcomer = desk()
        var checker = CertificateChecker(book: newcomer.book) { $0.holds }
        func calls(_ milliseconds: UInt64) -> [UInt64] {
            newcomer.ask(at: Moment(monotonicMilliseconds: milliseconds, wallMilliseconds: 0)).compactMap {
                if case .call(let call, _, .fetchHandovers(alpha, 1), _) = $0 { call } else { nil }
            }
        }
        let before = calls(0)
        #expect(before.isEmpty)
        _ = checker.fault(in: chain.blocks[24].final!)
        let first = calls(0)
        let second = calls(0)
        #expect(first.count == 1 && second.isEmpty)
        _ = newcomer.answered(call: first[0], .handovers([]))
        let early = calls(1)
        #expect(early.isEmpty)
        let again = calls(10_000)
        #expect(again.count == 1)
        let step = newcomer.answered(call: again[0], .handovers(handovers))
        #expect(step?.hasLearned == true && newcomer.book.newestEpoch(of: alpha) == handovers.last?.epoch)
        let late = calls(100_000)
        #expect(late.isEmpty)
        let isStrange = newcomer.answered(call: 7, .handovers([])) == nil
        #expect(isStrange)
    }

    @Test("what was learned is known again after a restart, and is served to whoever asks")
    func remembers() {
        let (_, handovers, rows) = history(blocks: 38)
        var restarted = desk(StoredState(rows: [.handovers: rows]))
        #expect(restarted.book.newestEpoch(of: alpha) == 4 && restarted.book.shownEpoch(of: alpha) == 4)
        let orders = restarted.requested(alpha, from: 2, token: 5, read: 9)
        guard case .read(token: 9, .handovers, let from, _)? = orders.first else {
            Issue.record("nothing is read")
            return
        }
        let answers = restarted.served(token: 9, rows.filter { $0.key >= from })
        guard case .reply(token: 5, .handovers(let served))? = answers?.first else {
            Issue.record("nothing is answered")
            return
        }
        #expect(served.map(\.epoch) == [2, 3, 4] && served == Array(handovers.dropFirst()))
    }

    @Test("a block whose slot's electorate is not settled on its own branch is invalid")
    func unsettled() {
        var chain = TestChain(test, alpha)
        for _ in 0..<3 { chain.append([]) }
        var tree = chain.tree
        let built = tree.build(
            on: tree.finalHash, slot: 12, time: tree.finalTime + 1_000, items: [], notary: (height: 0, hash: .zero),
            signer: test.leader(of: 12, chain: alpha).signer)
        let verdict = tree.validate(built.block)
        #expect(verdict == .invalid(.wrongSlot, transaction: nil))
    }
}
