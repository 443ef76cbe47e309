import Cryptography
import Wire

/// A chain's state as of one block, held fast while the ledger goes on: copies of its arrays, which are shared until they change.
package struct FrozenState: Sendable {
    package let height: Height
    package let root: Digest
    let slots: ContiguousArray<AccountSlot>
    let crosses: ContiguousArray<CrossSlot>
    let heads: [ChainHead]
    let offences: ContiguousArray<RecordedOffence>
    let epochs: [EpochEntry]
    let stakes: [StakeEntry]
    let candidacies: [CandidacyEntry]
    let ballots: [BallotEntry]
    let closings: [ClosingEntry]
    let statuses: [ChainStatus]
    let contracts: [ContractEntry]
    let lanes: [LaneEntry]
    let bridgeItems: ContiguousArray<BridgeItem>
    let meters: [MeterEntry]
    let pauses: [PauseEntry]
    let joined: [ChainEntry]
}

extension LedgerState {
    /// The state as of the last committed block.
    ///
    /// - Precondition: no block is open.
    package var frozen: FrozenState {
        precondition(open == nil, "a state is held fast between blocks")
        return FrozenState(
            height: height, root: root, slots: slots, crosses: crosses, heads: heads, offences: offences, epochs: epochs, stakes: stakes,
            candidacies: candidacies, ballots: ballots, closings: closings, statuses: statuses, contracts: contracts, lanes: lanes,
            bridgeItems: bridgeItems, meters: meters, pauses: pauses, joined: joined)
    }

    /// Entries of the state tree.
    package var entryCount: Int {
        slots.count + crosses.count + heads.count + offences.count + epochs.count + stakes.count + candidacies.count + ballots.count
            + closings.count + statuses.count + contracts.count + lanes.count + bridgeItems.count + meters.count
            + pauses.count + joined.count
    }

    /// Cross transactions that this chain holds value for, with the height of the block that opened the hold, ascending by that.
    package var openHolds: [(xid: Digest, openedHeight: Height)] {
        crosses.lazy.map(\.entry).filter { $0.holdStatus == .held }.map { (xid: $0.xid, openedHeight: $0.openedHeight) }
            .sorted { ($0.openedHeight, $0.xid) < ($1.openedHeight, $1.xid) }
    }
}

/// Kinds of entries of a snapshot, in the order in which they stand (V-8).
enum SnapshotEntryKind: UInt8, CaseIterable {
    case account = 1
    case cross = 2
    case head = 3
    case offence = 4
    case epoch = 5
    case stake = 6
    case status = 8
    case candidacy = 10
    case ballot = 11
    case closing = 12
    case contract = 13
    case lane = 14
    case bridge = 15
    case meter = 16
    case pause = 17
    case chain = 20
}

/// Cuts a state into parts: the same state always into the same parts, each made in bounded time (V-8).
///
/// A part is the version u8, then entries: kind u8, length u32, the entry's bytes as the state tree commits to them. Entries ascend
/// by kind, then by account key, xid, chain, offence id, epoch, node, voter, name and version, key in the state tree, contract and asset, or name of a target.
package struct SnapshotWriter: Sendable {
    /// First byte of every part.
    package static let version: UInt8 = 1
    /// Bytes before each entry.
    static let framingBytes = 5

    private let state: FrozenState
    private let partBytes: Int
    private var accounts: DigestOrder
    private var crosses: DigestOrder
    private var bridges: DigestOrder
    /// Everything else, of which there is little.
    private var rest: ArraySlice<[UInt8]>
    /// What comes after the orders of pegs.
    private var tail: ArraySlice<[UInt8]>
    /// The next entry, which found no room in the part before.
    private var next: [UInt8]?
    private var partCount = 0

    /// - Parameter partBytes: the most that a part may have; at least one entry fits.
    package init(_ state: FrozenState, partBytes: Int = Limits.snapshotPartBytes) {
        self.state = state
        self.partBytes = partBytes
        accounts = DigestOrder(count: state.slots.count) { state.slots[$0].account.key.digest }
        crosses = DigestOrder(count: state.crosses.count) { state.crosses[$0].entry.xid }
        bridges = DigestOrder(count: state.bridgeItems.count) { state.bridgeItems[$0].stateKey }
        let heads = state.heads.sorted { $0.chain < $1.chain }.map { SnapshotWriter.framed(.head, $0.encoded) }
        let offences = state.offences.map(\.entry).sorted { $0.id < $1.id }.map { SnapshotWriter.framed(.offence, $0.encoded) }
        let epochs = state.epochs.map { SnapshotWriter.framed(.epoch, $0.encoded) }
        let stakes = state.stakes.sorted { StakeEntry.order($0.node) < StakeEntry.order($1.node) }
            .map { SnapshotWriter.framed(.stake, $0.encoded) }
        let election = state.candidacies.map { SnapshotWriter.framed(.candidacy, $0.encoded) }
            + state.ballots.map { SnapshotWriter.framed(.ballot, $0.encoded) } + state.closings.map { SnapshotWriter.framed(.closing, $0.encoded) }
        let statuses = state.statuses.sorted { $0.chain < $1.chain }.map { SnapshotWriter.framed(.status, $0.encoded) }
        let contracts = state.contracts.map { SnapshotWriter.framed(.contract, $0.encoded) }
        let lanes = state.lanes.map { SnapshotWriter.framed(.lane, $0.encoded) }
        rest = (heads + offences + epochs + stakes + statuses + election + contracts + lanes)[...]
        let pauses = state.pauses.map { SnapshotWriter.framed(.pause, $0.encoded) }
        tail = (state.meters.map { SnapshotWriter.framed(.meter, $0.encoded) } + pauses
            + state.joined.map { SnapshotWriter.framed(.chain, $0.encoded) })[...]
        next = takeEntry()
    }

    /// Whether every entry stands in a part; a state without entries has one part, too.
    package var isDone: Bool { next == nil && partCount > 0 }

    /// The next part.
    ///
    /// - Precondition: the writer is not done.
    package mutating func nextPart() -> [UInt8] {
        precondition(!isDone, "what is done has no more parts")
        partCount += 1
        var part: [UInt8] = [SnapshotWriter.version]
        part.reserveCapacity(partBytes)
        repeat {
            part += next ?? []
            next = takeEntry()
        } while next.map { part.count + $0.count <= partBytes } ?? false
        return part
    }

    private mutating func takeEntry() -> [UInt8]? {
        if let place = accounts.next({ state.slots[$0].account.key.digest }) {
            return SnapshotWriter.framed(.account, state.slots[place].account.encoded)
        }
        if let place = crosses.next({ state.crosses[$0].entry.xid }) {
            return SnapshotWriter.framed(.cross, state.crosses[place].entry.encoded)
        }
        if let entry = rest.popFirst() { return entry }
        if let place = bridges.next({ state.bridgeItems[$0].stateKey }) { return SnapshotWriter.framed(.bridge, state.bridgeItems[place].encoded) }
        return tail.popFirst()
    }

    private static func framed(_ kind: SnapshotEntryKind, _ value: [UInt8]) -> [UInt8] {
        [kind.rawValue] + UInt64(value.count).bigEndianBytes.suffix(4) + value
    }
}

/// Walks places in the order of their digests without sorting them all at once: they are spread over buckets first, and each bucket is
/// sorted when it is reached.
private struct DigestOrder: Sendable {
    private static let bucketBitsMaximum = 12
    /// Places, bucket by bucket.
    private var places: [Int32]
    /// Where each bucket begins, and where the last one ends.
    private let starts: [Int32]
    /// Leading bits of a digest that say its bucket: about one place a bucket, as long as there are not too many.
    private let bucketBits: Int
    private var bucket = -1
    private var position = 0

    init(count: Int, _ key: (Int) -> Digest) {
        bucketBits = min(DigestOrder.bucketBitsMaximum, Int.bitWidth - count.leadingZeroBitCount)
        var starts = [Int32](repeating: 0, count: 1 << bucketBits + 1)
        for place in 0..<count { starts[DigestOrder.bucket(key(place), bits: bucketBits) + 1] += 1 }
        for index in starts.indices.dropFirst() { starts[index] += starts[index - 1] }
        var ends = starts
        places = [Int32](repeating: 0, count: count)
        for place in 0..<count {
            let bucket = DigestOrder.bucket(key(place), bits: bucketBits)
            places[Int(ends[bucket])] = Int32(place)
            ends[bucket] += 1
        }
        self.starts = starts
    }

    mutating func next(_ key: (Int) -> Digest) -> Int? {
        guard position < places.count else { return nil }
        while bucket < 0 || position >= Int(starts[bucket + 1]) {
            bucket += 1
            let range = Int(starts[bucket])..<Int(starts[bucket + 1])
            if range.count > 1 { places[range].sort { key(Int($0)) < key(Int($1)) } }
        }
        position += 1
        return Int(places[position - 1])
    }

    private static func bucket(_ digest: Digest, bits: Int) -> Int { Int(digest.a.bigEndian >> UInt64(64 - bits)) }
}
