import Wire

/// The nonces an account has used: a base below which all are, and a bitmap of the `Limits.nonceWindow` from the base up.
///
/// A client may so send several transfers at once, in any order, and each nonce still serves once (faults case 36, 37).
/// The base slides over the used prefix: the nonce at the base is always free.
package struct NonceWindow: Hashable, Sendable {
    /// The lowest nonce that is free.
    package private(set) var base: UInt64
    /// Bit `i % 64` of word `i / 64`, least significant first, stands for nonce `base + i`.
    private var first: UInt64, second: UInt64, third: UInt64, fourth: UInt64

    /// Why a nonce cannot be used.
    package enum Refusal: Hashable, Sendable {
        /// It has been used, and stays so.
        case used
        /// It lies above the window, which may still slide up to it.
        case outside
    }

    /// The window of a new account: nothing used, base 0.
    package init() {
        base = 0
        (first, second, third, fourth) = (0, 0, 0, 0)
    }

    /// - Returns: nil when the base's own bit is set, which no window in use ever has.
    package init?(base: UInt64, words: (UInt64, UInt64, UInt64, UInt64)) {
        guard words.0 & 1 == 0 else { return nil }
        self.base = base
        (first, second, third, fourth) = words
    }

    /// The bitmap, lowest nonces first.
    package var words: (UInt64, UInt64, UInt64, UInt64) { (first, second, third, fourth) }

    /// Why `nonce` cannot be used; nil when it can.
    package func refusal(of nonce: UInt64) -> Refusal? {
        guard nonce >= base else { return .used }
        let offset = nonce - base
        guard offset < UInt64(Limits.nonceWindow) else { return .outside }
        return word(Int(offset / 64)) >> (offset % 64) & 1 == 1 ? .used : nil
    }

    /// Uses a nonce up.
    ///
    /// - Precondition: `refusal(of:)` is nil.
    package mutating func use(_ nonce: UInt64) {
        precondition(refusal(of: nonce) == nil, "a nonce is used once, within the window")
        let offset = nonce - base
        let bit: UInt64 = 1 << (offset % 64)
        switch offset / 64 {
        case 0: first |= bit
        case 1: second |= bit
        case 2: third |= bit
        default: fourth |= bit
        }
        while first & 1 == 1 { slide(by: first == .max ? 64 : (~first).trailingZeroBitCount) }
    }

    /// Moves the base up by 1 to 64, over nonces that are all used.
    private mutating func slide(by count: Int) {
        base += UInt64(count)
        if count == 64 {
            (first, second, third, fourth) = (second, third, fourth, 0)
            return
        }
        let rest = 64 - count
        first = first >> count | second << rest
        second = second >> count | third << rest
        third = third >> count | fourth << rest
        fourth >>= count
    }

    private func word(_ index: Int) -> UInt64 {
        switch index {
        case 0: first
        case 1: second
        case 2: third
        default: fourth
        }
    }
}
