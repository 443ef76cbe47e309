import Cryptography
import Schema

/// What stands behind the nodes of a `pos` chain at its newest final block, as its state has it.
package struct Stakes: Hashable, Sendable {
    /// Bytes of each node's entry.
    package var entries: [[UInt8]]
    /// Bytes of the epoch entries, ascending.
    package var epochs: [[UInt8]]
    package var height: Height

    package init(entries: [[UInt8]], epochs: [[UInt8]], height: Height) {
        self.entries = entries
        self.epochs = epochs
        self.height = height
    }

    init(_ message: PBStakes) throws(WireFault) {
        try Field.count(message.entries.count, atMost: Limits.nodesPerChain, "Stakes.entries")
        try Field.count(message.epochs.count, atMost: Limits.epochsKept, "Stakes.epochs")
        entries = message.entries.map { [UInt8]($0) }
        epochs = message.epochs.map { [UInt8]($0) }
        height = message.height
    }

    var message: PBStakes {
        var message = PBStakes()
        message.entries = entries.map { Digest.dataOf($0) }
        message.epochs = epochs.map { Digest.dataOf($0) }
        message.height = height
        return message
    }
}
