import RoleKit
import Wire

/// How far the archive has come with one chain of a recorder, and what of it may leave the recorder's store.
///
/// The store is always the first place: a block is there before anybody hears of it, and leaves it when the archive has it on its own disk,
/// and it is neither among the newest nor needed at the next start.
package struct ArchiveLane: Hashable, Sendable {
    /// The store has every block from `trimmed + 1` to here.
    package var newest: Height = 0
    /// The archive has every block up to here, as the store has or had it.
    package var copied: Height = 0
    /// The store has no block up to here, except those put back because the archive's were damaged.
    package var trimmed: Height = 0
    /// From here up the archive may hold blocks that the recorder has given up; they go before anything else is copied.
    package var cut: Height?
    /// What the recorder looks up in its own index at its next start lies above.
    package var indexed: Height = 0
    /// The notary chain records the chain up to here, as far as it has been copied.
    package var recorded: Height = 0
    /// Rises with everything that makes a copy under way worthless.
    package var generation: UInt64 = 0
    /// Blocks up to `trimmed` that were put back and are to be copied again, ascending.
    package var mends: [Height] = []
    /// Of these, those that the archive has now: the store may let them go again.
    package var mended: [Height] = []
    /// What the store says of `copied`.
    var noted: Height = 0
    /// What the store says of `cut` is not true any more.
    var hasStaleCut = false

    /// A commit of the recorder.
    package enum Change: Hashable, Sendable {
        case put(Height)
        case delete(Height)
    }

    /// - Returns: whether what the store notes of the lane changes with it, in the same commit.
    package mutating func apply(_ change: Change) -> Bool {
        switch change {
        case .put(let height) where height <= trimmed:
            if !mends.contains(height) { mends.append(height) }
            mends.sort()
            return false
        case .put(let height):
            newest = max(newest, height)
            guard height <= copied else { return false }
            copied = height - 1
        case .delete(let height):
            newest = min(newest, height - 1)
            copied = min(copied, height - 1)
            trimmed = min(trimmed, height - 1)
            mends.removeAll { $0 >= height }
            mended.removeAll { $0 >= height }
            cut = min(cut ?? height, height)
        }
        generation += 1
        return true
    }

    /// What is to be copied next: everything from here up, after a cut.
    package var next: Height { copied + 1 }

    package var hasWork: Bool { copied < newest || cut != nil || !mends.isEmpty }

    /// Blocks that the store has and the archive has not.
    var waiting: Height { newest > copied ? newest - copied : 0 }

    /// The archive has taken over what was there when a copy began.
    ///
    /// - Returns: false when that has changed meanwhile: it is copied again.
    package mutating func hasCopied(through height: Height, generation: UInt64) -> Bool {
        guard generation == self.generation else { return false }
        copied = max(copied, height)
        if cut != nil { hasStaleCut = true }
        cut = nil
        return true
    }

    /// The archive has taken over blocks that were put back.
    package mutating func hasMended(_ heights: [Height], generation: UInt64) {
        guard generation == self.generation else { return }
        mends.removeAll { heights.contains($0) }
        mended += heights
    }

    /// Whether so much has been copied that the store should note it with its next commit.
    package var isWorthNoting: Bool { hasStaleCut || copied >= noted + ArchiveLimits.noteBlocks }

    /// The store has noted the lane as it was.
    mutating func isNoted(as lane: ArchiveLane) {
        noted = lane.copied
        hasStaleCut = lane.cut != cut
    }

    /// The archive lacks blocks above `trimmed` that it had: all that the store has is copied again.
    mutating func beginAnew() {
        copied = trimmed
        generation += 1
    }

    /// Blocks that may leave the store now, the oldest first; nil when there are too few.
    ///
    /// - Parameter floor: what the next start needs of the chain lies above.
    package func trimmable(keeping keep: UInt64, floor: Height) -> ClosedRange<Height>? {
        let end = min(copied, newest > keep ? newest - keep : 0, indexed, floor)
        guard cut == nil, end >= trimmed + ArchiveLimits.trimBlocksWorth else { return nil }
        return trimmed + 1...min(end, trimmed + ArchiveLimits.trimBlocks)
    }

    // MARK: as the store notes it

    /// Copied, trimmed and cut, 8 bytes each; a cut of 0 is none.
    package var encoded: [UInt8] { [copied, trimmed, cut ?? 0].flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) } } }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 24 else { return nil }
        let numbers = (0..<3).map { part in bytes[part * 8..<part * 8 + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        guard numbers[1] <= numbers[0], numbers[0] < 1 << 62 else { return nil }
        (copied, trimmed, noted) = (numbers[0], numbers[1], numbers[0])
        (indexed, recorded) = (trimmed, trimmed)
        cut = numbers[2] == 0 ? nil : numbers[2]
    }

    package init() {}
}

/// Rows of a chain out of two places.
package enum ArchiveMerge {
    /// Rows from a height on as if all of them were in the store.
    ///
    /// - Parameters:
    ///   - archived: of the archive, from `from` on, at most up to `trimmed`.
    ///   - local: of the store, from `from` on.
    ///   - trimmed: what the store may lack, as of when the archive was asked.
    ///   - goesOn: whether rows above `trimmed` may follow: they are all in the store still.
    package static func rows(
        _ archived: ArchivePortion, local: [StoredRow], from: Height, trimmed: Height, goesOn: Bool, limit: Int
    ) -> [StoredRow] {
        var rows: [StoredRow] = []
        var (own, far) = (local[...], archived.rows[...])
        var height = max(from, 1)
        while height <= trimmed, rows.count < limit {
            while let row = own.first, row.key < height { own.removeFirst() }
            while let row = far.first, row.key < height { far.removeFirst() }
            if let row = own.first, row.key == height {
                rows.append(row)
            } else if let row = far.first, row.key == height {
                rows.append(row)
            } else if far.isEmpty, archived.isCut {
                return rows
            } else {
                // It was there once. Whoever reads it puts it back.
                rows.append(StoredRow(key: height, value: [], isDamaged: true))
            }
            height += 1
        }
        guard goesOn else { return rows }
        return rows + own.lazy.filter { $0.key > trimmed }.prefix(limit - rows.count)
    }
}
