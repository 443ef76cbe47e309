import RoleKit
import Wire

/// Finds out what an archive has lost, and has it brought back from peers: a few blocks at a time, the newest first, because each is shown to
/// be the right one by the block above it.
package struct ArchiveGaps: Sendable {
    package init() {}

    /// Blocks of one chain that the recorder was asked to put back.
    private struct Batch: Sendable {
        /// Descending.
        var heights: [Height]
        var askedMilliseconds: UInt64
        var givenUpMilliseconds: UInt64
    }

    /// By position of the chain: what lies above has been found to be there.
    private var bounds: [Int: Height] = [:]
    private var batches: [Int: Batch] = [:]
    /// Chains whose peers do not have what is missing either, until then.
    private var paused: [Int: UInt64] = [:]

    /// Whether something is being brought back.
    package var isBusy: Bool { !bounds.isEmpty }

    /// Counting has found that blocks of a chain are missing up to a height, or that none is.
    package mutating func found(missing: Bool, of position: Int, through height: Height) {
        guard missing else {
            (bounds[position], batches[position], paused[position]) = (nil, nil, nil)
            return
        }
        if bounds[position] == nil { bounds[position] = height }
    }

    /// What the recorder should put back now.
    ///
    /// - Parameter chain: name of the chain at a position.
    /// - Returns: heights, descending, none while others are under way; and whether the chain is whole now as far as this can tell.
    package mutating func next(_ position: Int, of chain: ChainID, in archive: any BlockArchive, at now: UInt64) throws(ArchiveFault) -> (heights: [Height], isWhole: Bool) {
        guard let bound = bounds[position], paused[position].map({ $0 <= now }) ?? true else { return ([], false) }
        paused[position] = nil
        if let batch = batches[position], let low = batch.heights.last, let high = batch.heights.first {
            if try archive.count(of: chain, in: low...high) < high - low + 1 {
                guard now < batch.givenUpMilliseconds else {
                    (batches[position], paused[position]) = (nil, now + ArchiveLimits.lostPauseMilliseconds)
                    return ([], false)
                }
                guard now >= batch.askedMilliseconds + ArchiveLimits.refillAgainMilliseconds else { return ([], false) }
                batches[position]?.askedMilliseconds = now
                return (try ArchiveGaps.missing(of: chain, in: low...high, in: archive), false)
            }
            batches[position] = nil
            bounds[position] = low - 1
        }
        let heights = try ArchiveGaps.newest(of: chain, through: bounds[position] ?? bound, in: archive)
        guard !heights.isEmpty else {
            bounds[position] = nil
            return ([], true)
        }
        batches[position] = Batch(heights: heights, askedMilliseconds: now, givenUpMilliseconds: now + ArchiveLimits.refillMilliseconds)
        return (heights, false)
    }

    /// The newest missing blocks of a chain within one batch, descending: halves of what is there are counted until few are left.
    static func newest(of chain: ChainID, through bound: Height, in archive: any BlockArchive) throws(ArchiveFault) -> [Height] {
        guard bound > 0, try archive.count(of: chain, in: 1...bound) < bound else { return [] }
        var (low, high): (Height, Height) = (1, bound)
        while high - low >= ArchiveLimits.refillBlocks {
            let middle = low + (high - low) / 2
            if try archive.count(of: chain, in: middle + 1...high) < high - middle { low = middle + 1 } else { high = middle }
        }
        return try missing(of: chain, in: low...high, in: archive)
    }

    /// Descending.
    private static func missing(of chain: ChainID, in heights: ClosedRange<Height>, in archive: any BlockArchive) throws(ArchiveFault) -> [Height] {
        var missing: [Height] = []
        for height in heights.reversed() where try archive.count(of: chain, in: height...height) == 0 { missing.append(height) }
        return missing
    }
}
