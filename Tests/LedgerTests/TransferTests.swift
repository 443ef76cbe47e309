import Cryptography
import Ledger
import Testing
import Wire

@Suite struct TransferTests {
    @Test("a transfer moves value and uses its nonce")
    func applied() {
        var alpha = World().alpha
        #expect(alpha.block(World.transfer(30, from: World.alice, to: World.carol, nonce: 5)) == [.applied])
        #expect(alpha.balance(World.alice, World.x) == 970)
        #expect(alpha.balance(World.carol, World.x) == 80)
        #expect(alpha.account(World.alice.publicKey)?.nonces.refusal(of: 5) == .used)
        #expect(alpha.account(World.carol.publicKey)?.nonces == NonceWindow())
        #expect(alpha.supply == World().alpha.supply)
    }

    @Test("the whole balance can be moved, and one unit more cannot")
    func exactBalance() {
        var alpha = World().alpha
        #expect(alpha.block(World.transfer(1_001, from: World.alice, to: World.carol, nonce: 0)) == [.rejected(.insufficientFunds)])
        #expect(alpha.block(World.transfer(1_000, from: World.alice, to: World.carol, nonce: 1)) == [.applied])
        #expect(alpha.account(World.alice.publicKey)?.balances.list == [])
    }

    @Test(
        "a rejected transfer uses its nonce and moves nothing",
        arguments: [
            (World.transfer(1, from: World.alice, to: World.stranger, nonce: 0), Reason.unknownPayee),
            (World.transfer(5_000, from: World.alice, to: World.carol, nonce: 0), .insufficientFunds),
            (World.transfer(1, World.z, from: World.alice, to: World.carol, nonce: 0), .insufficientFunds),
            (World.transfer(.max, from: World.alice, to: World.carol, nonce: 0), .insufficientFunds),
            (World.transfer(5_000, from: World.alice, to: World.stranger, nonce: 0), .unknownPayee),
        ])
    func rejected(_ transaction: Transaction, _ reason: Reason) {
        var alpha = World().alpha
        let before = alpha
        #expect(alpha.block(transaction) == [.rejected(reason)])
        #expect(alpha.balance(World.alice, World.x) == 1_000)
        #expect(alpha.balance(World.carol, World.x) == 50)
        #expect(alpha.root != before.root)
        #expect(alpha.block(transaction) == [.invalid(.nonceUsed)])
        #expect(Outcome(rejection: reason).byte == reason.rawValue)
    }

    @Test(
        "a transfer that no answer can be tied to cannot be in a block, and leaves no trace",
        arguments: [
            (World.transfer(1, from: World.stranger, to: World.alice, nonce: 0), Reason.unknownPayer),
            (World.transfer(1, from: World.alice, to: World.carol, nonce: 256), .nonceOutsideWindow),
            (World.transfer(1, from: World.alice, to: World.carol, nonce: .max), .nonceOutsideWindow),
            (World.transfer(1, from: World.reserveOnAlpha, to: World.carol, nonce: 0), .notAllowed),
            (World.transfer(1, from: World.alice, to: World.alice, nonce: 0), .notAllowed),
            (World.transfer(0, from: World.alice, to: World.carol, nonce: 0), .notAllowed),
        ])
    func invalid(_ transaction: Transaction, _ reason: Reason) {
        var alpha = World().alpha
        let root = alpha.root
        #expect(alpha.block(transaction) == [.invalid(reason)])
        #expect(alpha.root == root)
    }

    @Test("the same transfer a hundred times has one effect (faults case 36)")
    func duplicates() {
        var alpha = World().alpha
        let transfer = World.transfer(7, from: World.alice, to: World.carol, nonce: 0)
        let answers = alpha.block([Transaction](repeating: transfer, count: 100))
        #expect(answers == [.applied] + [Application](repeating: .invalid(.nonceUsed), count: 99))
        #expect(alpha.balance(World.carol, World.x) == 57)
    }

    @Test("another transfer with a used nonce is refused (faults case 37)")
    func sameNonce() {
        var alpha = World().alpha
        alpha.block(World.transfer(7, from: World.alice, to: World.carol, nonce: 0))
        #expect(alpha.block(World.transfer(8, from: World.alice, to: World.carol, nonce: 0)) == [.invalid(.nonceUsed)])
    }

    @Test("of two transfers that spend the same money one gets a reason (faults case 38)")
    func doubleSpend() {
        var alpha = World().alpha
        let answers = alpha.block(
            World.transfer(600, from: World.alice, to: World.carol, nonce: 1),
            World.transfer(600, from: World.alice, to: World.dave, nonce: 0))
        #expect(answers == [.applied, .rejected(.insufficientFunds)])
    }

    @Test("transfers of nothing, to oneself or of too much stop at decoding or at the balance (faults case 39)")
    func decoding() {
        let zero = World.transfer(0, from: World.alice, to: World.carol, nonce: 0)
        let own = World.transfer(1, from: World.alice, to: World.alice, nonce: 0)
        for bytes in [zero.bytes, own.bytes] {
            #expect(throws: WireFault.self) { try Transaction(decoding: bytes, chain: World.alphaID, network: World.network.id) }
        }
    }

    @Test("an account takes 64 assets and no more; those it has it takes again")
    func assetLimit() {
        let assets = (0..<65).map { AssetID("A\(100 + $0)")! }
        let rich = GenesisAccount(key: World.alice.publicKey, balances: assets.map { Balance(asset: $0, amount: 10) })
        let network = World.makeNetwork(alpha: [rich, World.funds(World.carol)])
        var alpha = LedgerState(network: network, chain: World.alphaID)
        let moves = assets.enumerated().map { World.transfer(1, $1, from: World.alice, to: World.carol, nonce: UInt64($0)) }
        let answers = alpha.block(moves)
        #expect(answers.prefix(64).allSatisfy { $0 == .applied })
        #expect(answers.last == .rejected(.tooManyAssets))
        #expect(alpha.block(World.transfer(1, assets[3], from: World.alice, to: World.carol, nonce: 65)) == [.applied])
        #expect(alpha.account(World.carol.publicKey)?.balances.count == Limits.assetsPerAccount)
    }

    @Test("nothing but records is for the notary chain")
    func notaryChain() {
        var notary = LedgerState(network: World.network, chain: .notary)
        #expect(notary.root == .zero)
        let cross = World.exchange()
        let answers = notary.block(
            World.transfer(1, from: World.alice, to: World.carol, nonce: 0), World.register(World.alice), World.on(.notary, .open(cross)),
            World.on(.notary, World.cancel(cross).kind), World.on(.notary, World.refuse(cross).kind))
        #expect(answers == [Application](repeating: .invalid(.wrongChain), count: 5))
    }
}

@Suite struct RegisterTests {
    @Test("a Register opens an empty account, which can then be paid")
    func opens() {
        var alpha = World().alpha
        let answers = alpha.block(
            World.register(World.stranger), World.transfer(5, from: World.alice, to: World.stranger, nonce: 0),
            World.transfer(2, from: World.stranger, to: World.carol, nonce: 0))
        #expect(answers == [.applied, .applied, .applied])
        #expect(alpha.balance(World.stranger, World.x) == 3)
    }

    @Test("a Register of a genesis account has one answer: it exists already")
    func genesis() {
        var alpha = World().alpha
        let root = alpha.root
        #expect(alpha.block(World.register(World.alice)) == [.rejected(.alreadyExists)])
        #expect(alpha.block(World.register(World.alice)) == [.invalid(.duplicateTransaction)])
        #expect(alpha.root != root && alpha.account(World.alice.publicKey)?.isRegistered == true)
        alpha.undo()
        alpha.undo()
        #expect(alpha.block(World.register(World.alice)) == [.rejected(.alreadyExists)])
    }

    @Test("a Register stands in the chain once, also after an undo")
    func once() {
        var alpha = World().alpha
        #expect(alpha.block(World.register(World.stranger), World.register(World.stranger)) == [.applied, .invalid(.duplicateTransaction)])
        alpha.undo()
        #expect(alpha.account(World.stranger.publicKey) == nil)
        #expect(alpha.block(World.register(World.stranger)) == [.applied])
        #expect(alpha.block(World.register(World.stranger)) == [.invalid(.duplicateTransaction)])
    }
}
