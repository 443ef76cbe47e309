import Cryptography
import DequeModule
import Wire

/// Which client connections want news of which accounts; the newest `Limits.watchers`.
struct Watchers: Sendable {
    private struct Entry: Hashable, Sendable {
        var account: PublicKey
        var client: String
    }

    private var clients: [PublicKey: [String]] = [:]
    private var order: Deque<Entry> = []

    /// Client connections that watch an account, oldest first.
    func watching(_ account: PublicKey) -> [String] { clients[account] ?? [] }

    /// Client connections that watch any of some accounts, each once.
    func watching(anyOf accounts: [PublicKey]) -> [String] {
        var found: [String] = []
        for account in accounts { found += watching(account).filter { !found.contains($0) } }
        return found
    }

    mutating func add(_ client: String, watching account: PublicKey) {
        guard !watching(account).contains(client) else { return }
        clients[account, default: []].append(client)
        order.append(Entry(account: account, client: client))
        guard order.count > Limits.watchers else { return }
        let oldest = order.removeFirst()
        clients[oldest.account]?.removeAll { $0 == oldest.client }
        if clients[oldest.account]?.isEmpty ?? false { clients[oldest.account] = nil }
    }
}
