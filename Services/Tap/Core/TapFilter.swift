import Cryptography
import Wire

/// Which frames somebody wants to see: all that are asked for together.
package struct TapFilter: Sendable, Hashable {
    /// Topics, or with a star at the end all that begin so; empty for all.
    package var topics: [BusPattern] = []
    /// Roles that publish, by word; empty for all.
    package var roles: [String] = []
    package var chains: [ChainID] = []
    /// Kinds of messages, by word; empty for all.
    package var kinds: [String] = []
    /// First hexadecimal digits of a transaction's id or xid.
    package var transaction: String?
    /// Of the bus's clock, Unix milliseconds: nothing before.
    package var sinceMilliseconds: UInt64 = 0

    package init() {}

    /// Whether a frame is one of those. Signs of life are shown to those who ask for them, by kind or by topic: they come all the time.
    package func takes(_ frame: TapFrame) -> Bool {
        guard frame.timeMilliseconds >= sinceMilliseconds else { return false }
        guard frame.kind != TapFrame.beatKind || kinds.contains(frame.kind) || topics.contains(where: { $0.description != "*" && $0.matches(frame.topic) }) else { return false }
        guard topics.isEmpty || topics.contains(where: { $0.matches(frame.topic) }) else { return false }
        guard roles.isEmpty || roles.contains(frame.role) else { return false }
        guard chains.isEmpty || frame.chain.map(chains.contains) ?? false else { return false }
        guard kinds.isEmpty || kinds.contains(frame.kind) else { return false }
        guard let transaction else { return true }
        return frame.transactions.contains { $0.hex.hasPrefix(transaction) }
    }
}
