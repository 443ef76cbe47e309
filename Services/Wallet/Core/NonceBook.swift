import Cryptography
import Wire

/// The nonces a wallet gives out for one account on one chain: from the window's base up, each once.
struct NonceBook: Sendable {
    /// Lowest unused nonce that the chain has told.
    private(set) var base: UInt64
    private var next: UInt64
    /// Nonces that were given out and not used, ascending.
    private var returned: [UInt64] = []

    init(base: UInt64) {
        self.base = base
        next = base
    }

    /// Whether a nonce can be taken now.
    var hasFree: Bool { !returned.isEmpty || next - base < UInt64(Limits.nonceWindow) }

    /// The chain tells its base again.
    mutating func learn(base newer: UInt64) {
        base = max(base, newer)
        next = max(next, base)
        returned.removeAll { $0 < base }
    }

    /// A nonce of the window that has not been given out; nil while the window is full.
    mutating func take() -> UInt64? {
        if let nonce = returned.first {
            returned.removeFirst()
            return nonce
        }
        guard next - base < UInt64(Limits.nonceWindow) else { return nil }
        next += 1
        return next - 1
    }

    /// A nonce that will never be used: its transaction was refused at the door.
    mutating func giveBack(_ nonce: UInt64) {
        guard nonce >= base, !returned.contains(nonce) else { return }
        returned.insert(nonce, at: returned.firstIndex { $0 > nonce } ?? returned.count)
    }
}
