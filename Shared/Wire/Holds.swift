import Cryptography
import Schema

/// Asks what a chain holds for cross transactions that have not ended on it.
package struct HoldsQuery: Hashable, Sendable {
    /// A hold's place in the order in which they are listed.
    package struct Place: Hashable, Comparable, Sendable {
        /// Height of the block that opened it.
        package var height: Height
        package var xid: Digest

        package init(height: Height, xid: Digest) {
            self.height = height
            self.xid = xid
        }

        package static func < (left: Place, right: Place) -> Bool { (left.height, left.xid) < (right.height, right.xid) }
    }

    package var chain: ChainID
    /// Only what is held from this account; nil for any.
    package var account: PublicKey?
    /// Only those after this one; nil for all.
    package var after: Place?
    /// At most `Limits.holdsPerAnswer`.
    package var limit: Int

    package init(chain: ChainID, account: PublicKey? = nil, after: Place? = nil, limit: Int = Limits.holdsPerAnswer) {
        self.chain = chain
        self.account = account
        self.after = after
        self.limit = limit
    }

    init(_ message: PBFetchHolds) throws(WireFault) {
        chain = try Field.chain(message.chain, "FetchHolds.chain")
        account = message.account.isEmpty ? nil : try Field.key(message.account, "FetchHolds.account")
        after = message.afterXid.isEmpty ? nil : Place(height: message.afterHeight, xid: try Field.digest(message.afterXid, "FetchHolds.after_xid"))
        limit = min(Int(message.limit), Limits.holdsPerAnswer)
    }

    var message: PBFetchHolds {
        var message = PBFetchHolds()
        message.chain = chain.description
        if let account { message.account = account.data }
        if let after { (message.afterHeight, message.afterXid) = (after.height, after.xid.data) }
        message.limit = UInt32(limit)
        return message
    }
}

/// What a chain holds at its newest final block, or a part of it.
package struct Holds: Hashable, Sendable {
    /// Bytes of the entries, as the state has them.
    package var entries: [[UInt8]]
    /// How many there are in all.
    package var count: UInt64
    package var height: Height
    /// Chain time of that block.
    package var time: ChainTime

    package init(entries: [[UInt8]], count: UInt64, height: Height, time: ChainTime) {
        self.entries = entries
        self.count = count
        self.height = height
        self.time = time
    }

    init(_ message: PBHolds) throws(WireFault) {
        try Field.count(message.entries.count, atMost: Limits.holdsPerAnswer, "Holds.entries")
        entries = message.entries.map { [UInt8]($0) }
        (count, height, time) = (message.count, message.height, message.time)
    }

    var message: PBHolds {
        var message = PBHolds()
        message.entries = entries.map { Digest.dataOf($0) }
        (message.count, message.height, message.time) = (count, height, time)
        return message
    }
}
