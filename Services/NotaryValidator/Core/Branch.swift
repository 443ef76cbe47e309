import Cryptography
import OrderedCollections
import RoleKit
import Wire

/// The branch of its chain that a notary is on (R7): what it follows above the recorded head, how often it has left a branch, and what it
/// has promised for the notary chain.
struct Branch: Sendable {
    /// A vote for a notary candidate that freezes the chain at the newest followed block: nothing above is followed until it is known
    /// whether that candidate was adopted.
    struct Pledge: Hashable, Sendable {
        var notaryHeight: Height
        var notaryBlock: Digest
    }

    /// A followed block.
    struct Followed: Sendable {
        var final: FinalHeader
        /// Nil where only the header is here.
        var crosses: [CrossData]?
    }

    /// The other roles of the notary are asked to let go of the blocks above a height.
    struct Release: Sendable {
        var height: Height
        var hash: Digest
        /// Block to be followed next, or nil: the chain is to be frozen at that height.
        var demanded: Digest?
        var pledge: Pledge?
        /// Calls not answered yet.
        var calls: Set<UInt64>
    }

    /// How often the notary has left a branch.
    var generation: UInt64 = 0
    var pledges: [Pledge] = []
    var release: Release?
    /// The only block to follow next: the notary chain has recorded it, or a quorum may.
    var demanded: (height: Height, hash: Digest)?
    /// Followed blocks from the tree's final one up, ascending.
    var followed: OrderedDictionary<Height, Followed> = [:]
    /// What has been read of this chain's records above what is followed.
    var records: OrderedDictionary<Height, Digest> = [:]

    /// Records remembered until the branch has come so far.
    static let recordsMaximum = 1_024

    mutating func note(_ height: Height, _ hash: Digest) {
        records[height] = hash
        if records.count > Branch.recordsMaximum { records.removeFirst() }
    }

    /// How pledges stand in the record of votes: notary height u64 and notary block 32 each.
    var encodedPledges: [UInt8] { pledges.flatMap { $0.notaryHeight.bigEndianBytes + $0.notaryBlock.bytes } }

    static func pledges(_ bytes: [UInt8]) -> [Pledge] {
        stride(from: 0, to: bytes.count - bytes.count % 40, by: 40).compactMap { start in
            Digest(bytes[start + 8..<start + 40]).map {
                Pledge(notaryHeight: bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }, notaryBlock: $0)
            }
        }
    }
}
