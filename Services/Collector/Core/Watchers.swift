import Cryptography
import Determinism
import DequeModule
import Wire

/// Which client connections want news of which accounts: each for `Limits.watchKeptMilliseconds` after it last asked, and the newest `Limits.watchers`.
///
/// A connection that is gone cannot say so: it only stops asking.
struct Watchers: Sendable {
    private struct Watch: Sendable {
        var client: String
        /// Monotonic milliseconds at which it ends, unless it is asked for again.
        var end: UInt64
    }

    /// One place in the queue for each watch; one that was asked for again since goes to the back when its turn comes.
    private struct Turn: Sendable {
        var account: PublicKey
        var client: String
        var time: UInt64
    }

    private var watches: [PublicKey: [Watch]] = [:]
    private var turns: Deque<Turn> = []

    /// Client connections that watch an account, oldest first.
    func watching(_ account: PublicKey) -> [String] { watches[account, default: []].map(\.client) }

    /// Client connections that watch any of some accounts, each once.
    func watching(anyOf accounts: [PublicKey]) -> [String] {
        var found: [String] = []
        for account in accounts { found += watching(account).filter { !found.contains($0) } }
        return found
    }

    mutating func add(_ client: String, watching account: PublicKey, at now: Moment) {
        let end = now.monotonicMilliseconds + Limits.watchKeptMilliseconds
        if let place = watches[account]?.firstIndex(where: { $0.client == client }) {
            watches[account]?[place].end = end
            return
        }
        watches[account, default: []].append(Watch(client: client, end: end))
        turns.append(Turn(account: account, client: client, time: end))
        if turns.count > Limits.watchers { remove(turns.removeFirst()) }
    }

    /// Ends the watches that nobody asked for again in time.
    mutating func expire(at now: Moment) {
        while let turn = turns.first, turn.time <= now.monotonicMilliseconds {
            turns.removeFirst()
            guard let end = watches[turn.account]?.first(where: { $0.client == turn.client })?.end else { continue }
            if end > now.monotonicMilliseconds {
                turns.append(Turn(account: turn.account, client: turn.client, time: end))
            } else {
                remove(turn)
            }
        }
    }

    private mutating func remove(_ turn: Turn) {
        watches[turn.account]?.removeAll { $0.client == turn.client }
        if watches[turn.account]?.isEmpty ?? false { watches[turn.account] = nil }
    }
}
