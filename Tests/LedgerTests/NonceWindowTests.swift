import Determinism
import Ledger
import Testing
import Wire

@Suite struct NonceWindowTests {
    @Test("a new window takes exactly the first 256 nonces, in any order")
    func bounds() {
        let window = NonceWindow()
        #expect(window.refusal(of: 0) == nil)
        #expect(window.refusal(of: 255) == nil)
        #expect(window.refusal(of: 256) == .outside)
        #expect(window.refusal(of: .max) == .outside)
    }

    @Test("a used nonce is used, and the base waits for the lowest free one")
    func usedOutOfOrder() {
        var window = NonceWindow()
        window.use(3)
        #expect(window.base == 0)
        #expect(window.refusal(of: 3) == .used)
        window.use(1)
        window.use(0)
        #expect(window.base == 2)
        window.use(2)
        #expect(window.base == 4)
        #expect(window.refusal(of: 2) == .used)
        #expect(window.words == (0, 0, 0, 0))
        #expect(window.refusal(of: 259) == nil)
        #expect(window.refusal(of: 260) == .outside)
    }

    @Test("the base slides over a whole used window at once")
    func slidesOverAll() {
        var window = NonceWindow()
        for nonce in (1..<256).reversed() { window.use(UInt64(nonce)) }
        #expect(window.base == 0)
        #expect(window.words == (.max - 1, .max, .max, .max))
        window.use(0)
        #expect(window.base == 256)
        #expect(window.words == (0, 0, 0, 0))
    }

    @Test("any order of use agrees with a set of used nonces", arguments: 1...20 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var window = NonceWindow()
        var used: Set<UInt64> = []
        var base: UInt64 = 0
        for _ in 0..<2_000 {
            // Mostly near the base, so that the window moves; sometimes anywhere about it.
            let reach: UInt64 = random.chance(perMillion: 700_000) ? 4 : 300
            let nonce = (base > 8 ? base - 8 : 0) + random.below(reach + 8)
            let expected: NonceWindow.Refusal? =
                used.contains(nonce) || nonce < base ? .used : nonce >= base + UInt64(Limits.nonceWindow) ? .outside : nil
            #expect(window.refusal(of: nonce) == expected)
            if expected == nil {
                window.use(nonce)
                used.insert(nonce)
                while used.contains(base) { base += 1 }
            }
            #expect(window.base == base)
        }
        #expect(base > 100)
    }

    @Test("a window whose base is marked used is none")
    func canonical() {
        #expect(NonceWindow(base: 5, words: (1, 0, 0, 0)) == nil)
        #expect(NonceWindow(base: 5, words: (2, 0, 0, 1 << 63))?.refusal(of: 5 + 255) == .used)
    }

    @Test("near the end of all numbers the window does not overflow")
    func end() {
        let window = NonceWindow(base: .max - 10, words: (0, 0, 0, 0))
        #expect(window?.refusal(of: .max) == nil)
        #expect(window?.refusal(of: 0) == .used)
    }
}
