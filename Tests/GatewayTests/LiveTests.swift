import Cryptography
import Gateway
import TestSupport
import Testing
import Wire

@Suite("What the gateway shows live")
struct LiveTests {
    private static let test = TestNetwork()
    private let network = LiveTests.test.network
    private let alice = LiveTests.test.alice.signer
    private let bob = LiveTests.test.bob.signer

    private var cross: CrossTransaction {
        let contract = network.contracts[0]
        let legs = [
            Leg(chain: TestNetwork.alpha, debit: alice.publicKey, credit: contract.first.reserve, asset: TestNetwork.assetX, amount: 5),
            Leg(chain: TestNetwork.beta, debit: contract.second.reserve, credit: bob.publicKey, asset: TestNetwork.assetY, amount: 50),
        ]
        return CrossTransaction(
            network: network.id, contract: contract.id, contractVersion: 1, legs: legs, deadline: TestNetwork.genesisTime + 60_000, nonce: 1, memo: "<b>tea</b>", signers: [alice])
    }

    private var evidence: StateEvidence { StateEvidence(block: .zero, proof: StateProof(value: nil, siblings: [], other: nil)) }

    private func block(_ chain: ChainID, _ height: Height, _ kind: Transaction.Kind, _ outcome: Outcome = .applied) -> Block {
        let transaction = Transaction(kind, chain: chain, network: network.id)
        let header = BlockHeader(
            BlockHeader.Fields(
                chain: chain, height: height, epoch: 0, slot: height, parent: .zero, parentSlot: height - 1, time: TestNetwork.genesisTime + height * 1_000, transactionsRoot: .zero,
                transactionCount: 1, foreignRoot: .zero, stateRoot: .zero, notaryHeight: 0, notaryHead: .zero, builder: alice.publicKey))
        return Block(header: header, builderSignature: .zero, transactions: [transaction], outcomes: [outcome], foreign: [])
    }

    @Test("a cross transaction is listed once, held, committed and settled, with what it waits for, in whichever order its chains' blocks come")
    func orders() {
        let confirm = Transaction.Kind.confirm(Confirm(cross: cross, confirmations: [], holds: []))
        let parts = [block(TestNetwork.alpha, 1, .open(cross)), block(TestNetwork.beta, 2, confirm), block(TestNetwork.alpha, 3, .settle(Resolution(xid: cross.xid, evidence: evidence)))]
        var book = TransferBook()
        _ = book.take(parts[0])
        #expect(book.newest(9).map(\.state) == ["held"] && book.waiting(9)[0].waiting.hasPrefix("for the receiver on beta"))
        _ = book.take(parts[1])
        #expect(book.newest(9).map(\.state) == ["committed"] && book.waitingCount == 1)
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [2, 1, 0], [2, 0, 1], [1, 2, 0]] {
            var book = TransferBook()
            for index in order { _ = book.take(parts[index]) }
            let transfers = book.newest(9)
            #expect(transfers.count == 1 && transfers[0].id == cross.xid.hex && transfers[0].state == "settled" && transfers[0].ended && transfers[0].waiting.isEmpty, "\(order)")
            #expect(transfers[0].steps.map(\.what) == ["held", "confirmed", "settled"] && transfers[0].amount == "5" && transfers[0].memo == "<b>tea</b>", "\(order)")
        }
    }

    @Test("a refused payment waits until the hold is given back; one that is rejected has ended with its reason")
    func ends() {
        let refuse = Transaction.Kind.refuse(Refuse(cross: cross, reason: "no", authorization: Authorization(key: bob.publicKey, signature: .zero)))
        var book = TransferBook()
        _ = book.take(block(TestNetwork.alpha, 1, .open(cross)))
        _ = book.take(block(TestNetwork.beta, 2, refuse))
        #expect(book.waiting(9).map(\.state) == ["refused"])
        _ = book.take(block(TestNetwork.alpha, 3, .refund(Resolution(xid: cross.xid, evidence: evidence))))
        #expect(book.waitingCount == 0 && book.newest(1)[0].state == "refunded")
        let transfer = Transfer(chain: TestNetwork.alpha, network: network.id, to: bob.publicKey, asset: TestNetwork.assetX, amount: 9, nonce: 0, memo: "", signer: alice)
        let changed = book.take(block(TestNetwork.alpha, 4, .transfer(transfer), Outcome(rejection: .insufficientFunds)))
        #expect(changed.count == 1 && changed[0].ended && changed[0].state == "rejected: insufficient_funds" && book.newest(9).count == 2)
        #expect(book.newest(9, chain: TestNetwork.beta).map(\.state) == ["refunded"] && book.newest(1, chain: TestNetwork.alpha).map(\.amount) == ["9"])
        #expect(book.newest(9, account: alice.publicKey).count == 2 && book.newest(9, account: TestNetwork.key(77).publicKey).isEmpty)
    }

    @Test("as many transfers are kept as the bound says, and the newest of them")
    func bound() {
        var book = TransferBook()
        for number in 0..<UInt64(GatewayLimits.transactionsKept + 5) {
            let transfer = Transfer(chain: TestNetwork.alpha, network: network.id, to: bob.publicKey, asset: TestNetwork.assetX, amount: number + 1, nonce: number, memo: "", signer: alice)
            _ = book.take(block(TestNetwork.alpha, number + 1, .transfer(transfer)))
        }
        let all = book.newest(.max)
        #expect(all.count == GatewayLimits.transactionsKept && all.first?.amount == "\(GatewayLimits.transactionsKept + 5)" && all.last?.amount == "6")
    }

    @Test("who hears events gets those that it asked for, and the connection's signs of life")
    func hearing() async throws {
        let hub = EventHub()
        let client = try hub.join([.alarm])
        #expect(hub.hears(.alarm) && !hub.hears(.block) && hub.count == 1)
        hub.tell(LiveEvent(.block, ["height": 1]))
        hub.tell(LiveEvent(.alarm, ["code": "x"]))
        hub.tell(.alive)
        hub.leave(client)
        var heard: [String] = []
        for await event in client.events { heard.append(String(decoding: event.bytes, as: UTF8.self)) }
        #expect(heard == ["event: alarm\ndata: {\"code\":\"x\"}\n\n", ": alive\n\n"] && hub.count == 0 && !client.isCut)
    }

    @Test("a client that reads nothing is cut off when its backlog is full, keeps what it has, and holds up nobody")
    func slow() async throws {
        let hub = EventHub()
        let slow = try hub.join([.block])
        let other = try hub.join([.alarm])
        let event = LiveEvent(.block, ["text": String(repeating: "x", count: 65_000)])
        let room = GatewayLimits.eventBacklogBytes / event.bytes.count
        for _ in 0..<room { hub.tell(event) }
        #expect(!slow.isCut && hub.count == 2)
        hub.tell(event)
        #expect(slow.isCut && !other.isCut && hub.count == 1)
        var count = 0
        for await _ in slow.events { count += 1 }
        #expect(count == room)
        await withCheckedContinuation { continuation in slow.whenCut { continuation.resume() } }
    }

    @Test("a block of thousands of transactions cuts off nobody who reads them then, block after block")
    func bursts() async throws {
        let hub = EventHub()
        let client = try hub.join([.transaction])
        var heard = client.events.makeAsyncIterator()
        for block in 0..<20 {
            for number in 0..<5_000 { hub.tell(LiveEvent(.transaction, ["id": "\(block) \(number)", "memo": String(repeating: "m", count: 100)])) }
            for _ in 0..<5_000 { if let event = await heard.next() { client.told(event) } }
        }
        #expect(!client.isCut && hub.count == 1)
    }

    @Test("more than the bound do not hear events, and a place that is given up is there again")
    func places() throws {
        let hub = EventHub()
        let clients = try (0..<GatewayLimits.eventClients).map { _ in try hub.join([.block]) }
        #expect(throws: GatewayFault.self) { try hub.join([.block]) }
        hub.leave(clients[7])
        _ = try hub.join([.block])
        hub.close()
        #expect(hub.count == 0)
    }
}
