import Chain
import Cryptography
import Ledger
import TestSupport
import Testing
import Wire

/// What a role reads off the notary chain, and what it holds against candidates (N-10).
@Suite struct NotaryViewTests {
    private let test = TestNetwork()
    private var beta: ChainID { TestNetwork.beta }

    private func consents(_ frozen: Bool, since: Height) -> [Authorization] {
        test.nodeKeys[.notary]!.prefix(frozen ? 2 : 3).map {
            Consent(chain: beta, wish: frozen ? .freeze : .thaw, since: since, network: test.network.id, signer: $0.signer).authorization
        }
    }

    private func change(_ head: StatusChange.Head?, since: Height) -> BlockItem {
        let change = StatusChange(chain: beta, head: head, since: since, consents: consents(head != nil, since: since))
        return BlockItem(transaction: Transaction(.status(change), chain: .notary, network: test.network.id), foreign: [])
    }

    private func header(_ height: Height, notary: Height, _ view: NotaryView) -> BlockHeader {
        BlockHeader(
            .init(
                chain: beta, height: height, epoch: 0, slot: height, parent: .zero, parentSlot: height - 1, time: 1, transactionsRoot: .zero,
                transactionCount: 0, foreignRoot: .zero, stateRoot: .zero, notaryHeight: notary, notaryHead: view.hash(at: notary) ?? .zero,
                builder: test.nodeKeys[beta]![0].publicKey))
    }

    @Test("what lies above a freeze is void until it knows of the thaw, and a view survives its bytes")
    func voidness() throws {
        var notary = TestChain(test, .notary)
        var view = NotaryView(network: test.network)
        let head = StatusChange.Head(height: 0, hash: test.network.genesisHash(of: beta))
        #expect(view.read(notary.append([change(head, since: 0)]).block) == [.frozen(beta)])
        #expect(view.voidness(of: header(1, notary: 1, view)) == .chainFrozen)
        #expect(view.read(notary.append([change(nil, since: 1)]).block) == [.thawed(beta)])
        #expect(view.voidness(of: header(1, notary: 1, view)) == .thawUnknown)
        #expect(view.voidness(of: header(1, notary: 2, view)) == nil)
        let again = try #require(NotaryView(decoding: view.encoded, network: test.network))
        #expect(again.encoded == view.encoded && again.height == 2 && again[beta] == view[beta])
        #expect(NotaryView(decoding: Array(view.encoded.dropLast()), network: test.network) == nil)
    }

    private func leaving(since: Height) -> BlockItem {
        let head = StatusChange.Head(height: 0, hash: test.network.genesisHash(of: beta))
        let words = { (keys: [KeyPair]) in
            keys.map { Consent(chain: beta, wish: .leave, since: since, network: test.network.id, signer: $0.signer).authorization }
        }
        let change = StatusChange(
            chain: beta, head: head, since: since, consents: words(test.nodeKeys[.notary]!), nodes: words(test.nodeKeys[beta]!))
        return BlockItem(transaction: Transaction(.status(change), chain: .notary, network: test.network.id), foreign: [])
    }

    @Test("a chain that has left is frozen for good, and stopped as by a pause; whether it was frozen before makes no difference", arguments: [false, true])
    func left(wasFrozen: Bool) throws {
        var notary = TestChain(test, .notary)
        var view = NotaryView(network: test.network)
        let head = StatusChange.Head(height: 0, hash: test.network.genesisHash(of: beta))
        let pause = PauseChange(target: .chain(beta), level: .paused, number: 1)
        if wasFrozen {
            _ = view.read(notary.append([change(head, since: 0)]).block)
        } else {
            let words = test.nodeKeys[.notary]!.prefix(2).map { PauseConsent(change: pause, network: test.network.id, signer: $0.signer).authorization }
            let stop = Transaction(.pause(Pause(change: pause, consents: words)), chain: .notary, network: test.network.id)
            #expect(view.read(notary.append([BlockItem(transaction: stop, foreign: [])]).block) == [.paused(pause)])
            for _ in 1..<Limits.pauseGraceBlocks { _ = view.read(notary.append([]).block) }
        }
        let changes = view.read(notary.append([leaving(since: wasFrozen ? 1 : 0)]).block)
        #expect(changes == (wasFrozen ? [.left(beta), .paused(pause)] : [.frozen(beta), .left(beta)]))
        #expect(view.hasLeft(beta) && view.frozen(beta)?.notaryHeight == (wasFrozen ? 1 : view.height) && view[beta]?.freezes.count == 1)
        #expect(view.voidness(of: header(1, notary: 1, view)) == .chainFrozen)
        let again = try #require(NotaryView(decoding: view.encoded, network: test.network))
        #expect(again.encoded == view.encoded && again.hasLeft(beta) && again[beta] == view[beta])
    }

    @Test("what is built on a void block is refused, though it knows of the thaw itself")
    func voidParent() {
        var notary = TestChain(test, .notary)
        var view = NotaryView(network: test.network)
        let head = StatusChange.Head(height: 0, hash: test.network.genesisHash(of: beta))
        _ = view.read(notary.append([change(head, since: 0)]).block)
        _ = view.read(notary.append([change(nil, since: 1)]).block)
        func block(_ height: Height) -> Block {
            Block(
                header: header(height, notary: 2, view), builderSignature: Signature(first: .zero, second: .zero), transactions: [], outcomes: [],
                foreign: [])
        }
        let (before, after) = ((height: Height(1), hash: view.hash(at: 1) ?? .zero), (height: Height(2), hash: view.hash))
        #expect(view.judge(block(2), parent: before) == .fault(.thawUnknown, transaction: nil))
        #expect(view.judge(block(2), parent: after) == .fine)
        // The parent is the frozen block itself.
        #expect(view.judge(block(1), parent: before) == .fine)
    }

    @Test("a candidate names a notary block that is final as it was read, or its parent's")
    func heads() {
        var notary = TestChain(test, .notary)
        var view = NotaryView(network: test.network)
        _ = view.read(notary.append([]).block)
        func block(_ height: Height, _ hash: Digest) -> Block {
            var fields = header(1, notary: height, view).fields
            fields.notaryHead = hash
            return Block(
                header: BlockHeader(fields), builderSignature: Signature(first: .zero, second: .zero), transactions: [], outcomes: [], foreign: [])
        }
        #expect(view.judge(block(1, view.hash), parent: (0, .zero)) == .fine)
        #expect(view.judge(block(0, .zero), parent: (0, .zero)) == .fine)
        #expect(view.judge(block(1, .zero), parent: (0, .zero)) == .fault(.notaryHeadInvalid, transaction: nil))
        #expect(view.judge(block(2, view.hash), parent: (0, .zero)) == .unread(2))
    }
}
