import Cryptography
import Wire

/// A table of a role's store: rows of bytes under ascending numbers.
package struct StoreTable: RawRepresentable, Hashable, Sendable {
    /// Table name in SQLite: lower-case letters and `_`.
    package var rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// Final blocks: height → encoded FinalBlock.
    package static let blocks = StoreTable(rawValue: "blocks")
    /// Candidates kept until their slot is past: a number → encoded Block.
    package static let candidates = StoreTable(rawValue: "candidates")
    /// Simplex certificates above the final slot: a number → encoded Certificate.
    package static let certificates = StoreTable(rawValue: "certificates")
    /// Notary certificates of candidates: a number → encoded CertifiedCandidate.
    package static let certified = StoreTable(rawValue: "certified")
    /// Transactions a collector has acknowledged and that have not ended: a number → encoded PooledTransaction.
    package static let accepted = StoreTable(rawValue: "accepted")
    /// Acknowledged transactions that ended without a block: a number → id (32 bytes), reason (1 byte).
    package static let ended = StoreTable(rawValue: "ended")
    /// Legs that wait for a receiver: a number → encoded LegNotice.
    package static let legs = StoreTable(rawValue: "legs")
    /// The branch a notary follows: height → encoded FinalHeader.
    package static let branch = StoreTable(rawValue: "branch")
    /// What a validator's signatures rely on of other chains: a number → chain, height, candidate.
    package static let reliances = StoreTable(rawValue: "reliances")
    /// Small facts of a role: a number → bytes.
    package static let facts = StoreTable(rawValue: "facts")
    /// Snapshots of the chain's state: height → encoded SnapshotManifest.
    package static let snapshots = StoreTable(rawValue: "snapshots")
    /// Their parts: height << 16 | number from 0 → bytes.
    package static let snapshotParts = StoreTable(rawValue: "snapshot_parts")
    /// Who votes in which epoch: a chain's number << 48 | epoch → encoded Handover.
    package static let handovers = StoreTable(rawValue: "handovers")
    /// Chains that have joined: position → encoded ChainEntry.
    package static let joined = StoreTable(rawValue: "joined")
    /// What final blocks made of transactions, for a collector that starts from a snapshot: height → results.
    package static let outcomes = StoreTable(rawValue: "outcomes")
    /// Where a recorder's archive has what: an index, of beginnings of ids.
    package static let places = StoreTable(rawValue: "places")
}

/// An entry of an index table: several may have one key.
package struct IndexEntry: Hashable, Comparable, Sendable {
    /// What is looked up; the beginning of a digest.
    package var key: UInt64
    /// Where it is, in the owner's own numbers.
    package var place: UInt64

    package init(key: UInt64, place: UInt64) {
        self.key = key
        self.place = place
    }

    package static func < (left: IndexEntry, right: IndexEntry) -> Bool { (left.key, left.place) < (right.key, right.place) }
}

/// A row of a table.
package struct StoredRow: Hashable, Sendable {
    package var key: UInt64
    package var value: [UInt8]
    /// The bytes are not those that were stored (faults case 15): never to be used or served.
    package var isDamaged: Bool

    package init(key: UInt64, value: [UInt8], isDamaged: Bool = false) {
        self.key = key
        self.value = value
        self.isDamaged = isDamaged
    }
}

/// What a role signs at most once; Skip and Final share `decide`, so the key itself forbids both (design section 4).
package enum VoteDuty: UInt8, Hashable, Sendable, CaseIterable {
    case propose = 1
    case notar = 2
    case decide = 3
    /// A notary binds itself to a final block of a chain: the slot is the block's height, the epoch 0, and no message is signed (R7).
    case follow = 4
    /// A notary's validator of a chain closes an epoch of the notary chain: the slot is the height it has come to, the hash zero, and no message is signed (R7).
    case close = 5
}

/// A signed statement of the role, kept so that it is never contradicted. Key: chain, epoch, slot, duty.
package struct VoteRow: Hashable, Sendable {
    package var chain: ChainID
    package var epoch: Epoch
    package var slot: Slot
    package var duty: VoteDuty
    package var hash: Digest
    /// The encoded signed message, to be sent again as it was; empty for `follow`.
    package var bytes: [UInt8]

    package init(chain: ChainID, epoch: Epoch, slot: Slot, duty: VoteDuty, hash: Digest, bytes: [UInt8]) {
        self.chain = chain
        self.epoch = epoch
        self.slot = slot
        self.duty = duty
        self.hash = hash
        self.bytes = bytes
    }
}

/// One change of a role's store. All of one turn are one commit.
package enum StoreOperation: Hashable, Sendable {
    /// Inserts or replaces a row.
    case put(StoreTable, key: UInt64, value: [UInt8])
    case delete(StoreTable, key: UInt64)
    /// Deletes every row up to and with `key`.
    case deleteThrough(StoreTable, key: UInt64)
    /// Inserts a vote. The store refuses a second, different one under the same key and stops the role; the core must have
    /// refused it before.
    case vote(VoteRow)
    /// Adds entries to an index table, in ascending order: that is what makes many of them cheap. Those that are there stay.
    case index(StoreTable, [IndexEntry])
    /// Forgets votes of slots below `slot`; the store refuses every vote for one of those from then on.
    case forgetVotes(below: Slot)
}

