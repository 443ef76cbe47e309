import Cryptography
import Determinism
import Wire

/// The accounts of which a wallet wants news, each on some chains (S870).
struct WatchList: Sendable {
    private struct Item: Sendable {
        var signer: Signer
        /// Position in `Network.chains`.
        var chain: Int
        var isAsked = false
    }

    private struct Name: Hashable {
        var account: PublicKey
        var chain: Int
    }

    private var items: [Item] = []
    private var known: Set<Name> = []
    private var due = DueQueue()

    /// When the next watch is to be set, monotonic milliseconds.
    var next: UInt64? { due.next }

    mutating func add(_ signer: Signer, chain: Int, at now: Moment) {
        guard known.insert(Name(account: signer.publicKey, chain: chain)).inserted else { return }
        items.append(Item(signer: signer, chain: chain))
        due.add(items.count - 1, at: now.monotonicMilliseconds)
    }

    /// Everything is to be watched again, at once.
    mutating func renew(at now: Moment) {
        for item in items.indices where !items[item].isAsked { due.add(item, at: now.monotonicMilliseconds) }
    }

    /// The next watch to be set now.
    mutating func takeDue(at now: Moment) -> (item: Int, signer: Signer, chain: Int)? {
        while let item = due.takeDue(at: now.monotonicMilliseconds) {
            guard !items[item].isAsked else { continue }
            items[item].isAsked = true
            return (item, items[item].signer, items[item].chain)
        }
        return nil
    }

    /// A watch was answered: it is set again later, or soon when it was not taken.
    mutating func answered(_ item: Int, isTaken: Bool, at now: Moment) {
        items[item].isAsked = false
        due.add(item, at: now.monotonicMilliseconds + (isTaken ? WalletTiming.watchMilliseconds : WalletTiming.retryLongestMilliseconds))
    }
}
