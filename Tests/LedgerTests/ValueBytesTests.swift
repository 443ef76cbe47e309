import Cryptography
import Determinism
import Ledger
import Testing
import Wire

@Suite struct ValueBytesTests {
    private let key = PublicKey(Digest([UInt8](repeating: 0x11, count: 32))!)
    private let other = PublicKey(Digest([UInt8](repeating: 0x22, count: 32))!)

    private func padded(_ name: String) -> String {
        Hexadecimal.encode(Array(name.utf8)) + String(repeating: "00", count: 32 - name.utf8.count)
    }

    @Test("an account's bytes are what the page says")
    func account() throws {
        let balances = try #require(Balances([Balance(asset: World.x, amount: 258), Balance(asset: World.y, amount: 1)]))
        let nonces = try #require(NonceWindow(base: 3, words: (2, 0, 0, 1)))
        let account = Account(key: key, isRegistered: true, nonces: nonces, balances: balances)
        let expected =
            String(repeating: "11", count: 32) + "01" + "0000000000000003" + "0000000000000002" + "0000000000000000" + "0000000000000000"
            + "0000000000000001" + "0002" + padded("X") + "0000000000000102" + padded("Y") + "0000000000000001"
        #expect(Hexadecimal.encode(account.encoded) == expected)
        #expect(Account(decoding: account.encoded) == account)
    }

    @Test("a cross entry's bytes are what the page says")
    func cross() {
        let leg = HeldLeg(index: 1, debit: key, credit: other, asset: World.x, amount: 5)
        let xid = Digest([UInt8](repeating: 0x33, count: 32))!
        let entry = CrossEntry(
            xid: xid, holdStatus: .refunded, decision: .cancelled, decidingChain: World.betaID, deadline: 9, openedHeight: 4,
            decidedHeight: 5, resolvedHeight: 6, legs: [leg])
        let expected =
            String(repeating: "33", count: 32) + "03" + "03" + padded("beta") + "0000000000000009" + "0000000000000004"
            + "0000000000000005" + "0000000000000006" + "0001" + "0001" + String(repeating: "11", count: 32)
            + String(repeating: "22", count: 32) + padded("X") + "0000000000000005"
        #expect(Hexadecimal.encode(entry.encoded) == expected)
        #expect(CrossEntry(decoding: entry.encoded) == entry)
    }

    @Test("a recorded head's bytes are what the page says")
    func head() {
        let head = ChainHead(chain: World.alphaID, height: 2, hash: key.digest, time: 3)
        let expected = padded("alpha") + "0000000000000002" + String(repeating: "11", count: 32) + "0000000000000003"
        #expect(Hexadecimal.encode(head.encoded) == expected)
        #expect(ChainHead(decoding: head.encoded) == head)
    }

    @Test("bytes that no encoder writes are no entry")
    func strict() throws {
        let balances = try #require(Balances([Balance(asset: World.x, amount: 1), Balance(asset: World.y, amount: 1)]))
        let account = Account(key: key, balances: balances).encoded
        #expect(Account(decoding: account + [0]) == nil)
        #expect(Account(decoding: Array(account.dropLast())) == nil)
        #expect(Account(decoding: []) == nil)
        var swapped = account
        swapped[75] = UInt8(ascii: "Y")
        swapped[75 + 40] = UInt8(ascii: "X")
        #expect(Account(decoding: swapped) == nil)
        var zero = account
        zero[75 + 39] = 0
        #expect(Account(decoding: zero) == nil)
        var padding = account
        padding[75 + 31] = 65
        #expect(Account(decoding: padding) == nil)
        var flag = account
        flag[32] = 2
        #expect(Account(decoding: flag) == nil)
        let entry = CrossEntry(xid: key.digest, holdStatus: .held, decision: .none, decidingChain: World.betaID, deadline: 9, legs: []).encoded
        var unknown = entry
        unknown[32] = 5
        #expect(CrossEntry(decoding: unknown) == nil)
        #expect(CrossEntry(decoding: entry + [1]) == nil)
        #expect(CrossEntry(decoding: Array(entry.dropLast())) == nil)
    }

    @Test("balances agree with a dictionary, whatever is added and taken", arguments: 1...10 as ClosedRange<UInt64>)
    func balances(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let assets = (0..<6).map { AssetID("A\($0)")! }
        var balances = Balances()
        var model = [Amount](repeating: 0, count: assets.count)
        for _ in 0..<500 {
            let place = Int(random.below(6))
            let amount = 1 + random.below(3)
            if random.chance(perMillion: 500_000) {
                balances.add(amount, of: assets[place])
                model[place] += amount
            } else if model[place] >= amount {
                balances.take(amount, of: assets[place])
                model[place] -= amount
            }
            let expected = zip(assets, model).filter { $1 > 0 }.map { Balance(asset: $0, amount: $1) }
            #expect(balances.list == expected)
            #expect(balances.count == expected.count)
            #expect(balances == Balances(expected))
        }
    }

    @Test("an account's index finds every account and no other, as accounts come and go", arguments: 1...5 as ClosedRange<UInt64>)
    func index(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var index = AccountIndex()
        var slots: ContiguousArray<AccountSlot> = []
        var gone: [PublicKey] = []
        for _ in 0..<3_000 {
            if slots.isEmpty || random.chance(perMillion: 520_000) {
                let key = PublicKey(Digest(a: random.next(), b: 0, c: 0, d: 0))
                slots.append(AccountSlot(stamp: 0, isReserve: false, account: Account(key: key)))
                index.append(slots)
            } else {
                index.removeLast(slots)
                gone.append(slots.removeLast().account.key)
            }
        }
        for place in slots.indices { #expect(index.place(of: slots[place].account.key, among: slots) == place) }
        for key in gone { #expect(index.place(of: key, among: slots) == nil) }
    }
}
