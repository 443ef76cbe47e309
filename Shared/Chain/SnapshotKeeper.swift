import Cryptography
import Ledger
import RoleKit
import Wire

/// Writes snapshots of a chain's final state into a role's store, and keeps the newest two (V-8).
///
/// A snapshot is due after so many blocks or transactions, so that a role that starts has little to execute; with a large state it is
/// due more rarely, so that writing it costs less than what it saves. It is written part by part, one a turn, while the chain goes on.
package struct SnapshotKeeper: Sendable {
    private struct Writing: Sendable {
        var final: FinalHeader
        var writer: SnapshotWriter
        var parts: [Digest] = []
    }

    private let policy: SnapshotPolicy
    private let timer: TimerID
    /// Whole ones on disk, ascending.
    private var stored: [StoredSnapshot]
    private var writing: Writing?
    /// One whose parts are being deleted, and how many are gone.
    private var clearing: (snapshot: StoredSnapshot, parts: Int)?
    /// Height of the newest snapshot begun.
    package private(set) var newest: Height
    /// Transactions final since then.
    private var transactions: Int

    /// Snapshots kept.
    package static let kept = 2
    /// Pause between two parts.
    package static let pauseMilliseconds: UInt64 = 10
    /// Parts deleted at once.
    private static let partsCleared = 16

    /// - Parameter timer: a timer kind of the owner that the keeper may use.
    package init(policy: SnapshotPolicy, timer: UInt8, stored: [StoredSnapshot], transactions: Int) {
        self.policy = policy
        self.timer = TimerID(kind: timer)
        self.stored = stored
        self.transactions = transactions
        newest = stored.last?.height ?? 0
    }

    /// Height of the newest whole snapshot at or below a height; nil for none.
    package func newestHeight(through height: Height) -> Height? { stored.last { $0.height <= height }?.height }

    /// How many parts the snapshot of a height has; nil when there is none.
    package func partCount(of height: Height) -> Int? { stored.first { $0.height == height }?.partCount }

    /// A block has just become the newest final one of the tree.
    package mutating func follow(_ block: Block, _ final: FinalHeader, _ tree: inout BlockTree) -> [RoleEffect] {
        transactions += block.transactions.count
        let most = max(policy.transactions, tree.ledger.entryCount / 2)
        guard block.header.height >= newest + policy.blocks || transactions >= most, writing == nil else { return [] }
        precondition(tree.finalHash == block.hash, "a snapshot is of the newest final block")
        newest = block.header.height
        transactions = 0
        writing = Writing(final: final, writer: SnapshotWriter(tree.frozenFinal()))
        return step()
    }

    /// A snapshot was fetched from peers and lies whole in the store.
    package mutating func adopt(_ snapshot: StoredSnapshot) -> [RoleEffect] {
        writing = nil
        newest = snapshot.height
        transactions = 0
        stored.append(snapshot)
        return trim()
    }

    /// One of the stored snapshots turned out to be damaged.
    package mutating func discard(_ height: Height) -> [RoleEffect] {
        guard stored.contains(where: { $0.height == height }) else { return [] }
        stored.removeAll { $0.height == height }
        // The next one is due at once.
        newest = stored.last?.height ?? 0
        return [
            .persist([.delete(.snapshots, key: height)]),
            .raise(code: "stored_damage", detail: "the snapshot at height \(height) was damaged on disk; it is not used", severity: .warning),
        ]
    }

    /// - Returns: nil when the timer is not the keeper's.
    package mutating func timerFired(_ fired: TimerID) -> [RoleEffect]? {
        guard fired == timer else { return nil }
        return step()
    }

    private mutating func step() -> [RoleEffect] {
        if writing != nil { return write() }
        return clear()
    }

    private mutating func write() -> [RoleEffect] {
        guard var current = writing else { return [] }
        let height = current.final.header.height
        let part = current.writer.nextPart()
        var operations: [StoreOperation] = [.put(.snapshotParts, key: StoredSnapshot.key(height, current.parts.count), value: part)]
        current.parts.append(SnapshotManifest.partHash(part))
        guard current.writer.isDone else {
            writing = current.parts.count < Limits.snapshotParts ? current : nil
            return [.persist(operations), again]
        }
        writing = nil
        operations.append(.put(.snapshots, key: height, value: SnapshotManifest(final: current.final, parts: current.parts).encoded))
        stored.append(StoredSnapshot(height: height, partCount: current.parts.count))
        return [.persist(operations)] + trim()
    }

    /// Begins to delete what is older than the newest two: the description first, so that nobody uses the rest.
    private mutating func trim() -> [RoleEffect] {
        guard stored.count > SnapshotKeeper.kept else { return [] }
        let old = stored.removeFirst()
        clearing = (old, 0)
        return [.persist([.delete(.snapshots, key: old.height)])] + clear()
    }

    private mutating func clear() -> [RoleEffect] {
        guard let (snapshot, parts) = clearing else { return [] }
        let end = parts + SnapshotKeeper.partsCleared
        let key = StoredSnapshot.key(snapshot.height, min(end, snapshot.partCount))
        clearing = end < snapshot.partCount ? (snapshot, end) : nil
        return [.persist([.deleteThrough(.snapshotParts, key: key)])] + (clearing == nil ? [] : [again])
    }

    private var again: RoleEffect { .setTimer(timer, afterMilliseconds: SnapshotKeeper.pauseMilliseconds) }
}
