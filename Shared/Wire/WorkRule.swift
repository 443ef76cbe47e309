import Cryptography
import Determinism

/// How the blocks of a `pow` chain are mined, and how deep one lies before the notaries record it (A3, B7).
///
/// The target of a block follows from its parent's target and from the time between the two: a node that starts from a snapshot
/// knows both, and no older header. All arithmetic is in integers.
package struct WorkRule: Hashable, Sendable {
    /// Milliseconds between two blocks that the target is steered to.
    package var intervalMilliseconds: UInt64
    /// Hashes that the first block takes on average, and every block at least.
    package var difficulty: UInt64
    /// Blocks over which the target follows the time that blocks take.
    package var window: UInt64
    /// Blocks above a block in the heaviest branch before a notary would have it recorded.
    package var confirmations: UInt64

    package init(intervalMilliseconds: UInt64 = 1_000, difficulty: UInt64 = 20_000, window: UInt64 = 16, confirmations: UInt64 = 1) {
        precondition(
            intervalMilliseconds > 0 && WorkRule.difficulties.contains(difficulty) && WorkRule.windows.contains(window)
                && WorkRule.confirmationCounts.contains(confirmations), "the rule of work is within its bounds")
        self.intervalMilliseconds = intervalMilliseconds
        self.difficulty = difficulty
        self.window = window
        self.confirmations = confirmations
    }

    package static let difficulties: ClosedRange<UInt64> = 1...(1 << 40)
    package static let windows: ClosedRange<UInt64> = 2...4_096
    package static let confirmationCounts: ClosedRange<UInt64> = 0...16
    /// No target is below this one, so that the work of a branch fits into 64 bits.
    package static let hardestTarget: UInt64 = 0xFFFF
    /// One block changes the target as if it had taken no longer than so many intervals.
    package static let intervalsCounted: UInt64 = 4

    /// No target is above this one.
    package var easiestTarget: UInt64 { max(UInt64.max / difficulty, WorkRule.hardestTarget) }

    /// Whether a target may be that of some block of the chain.
    package func mayBe(_ target: UInt64) -> Bool { target >= WorkRule.hardestTarget && target <= easiestTarget }

    /// The target of a block.
    ///
    /// - Parameter parent: target of its parent, `easiestTarget` for the first block.
    /// - Parameter elapsed: milliseconds of chain time between the two.
    package func target(after parent: UInt64, elapsedMilliseconds elapsed: UInt64) -> UInt64 {
        let share = parent / window
        let most = intervalMilliseconds.multipliedReportingOverflow(by: WorkRule.intervalsCounted)
        let counted = min(elapsed, most.overflow ? UInt64.max : most.partialValue)
        // The share grows or shrinks as the time does against the interval; at most fourfold, so it fits.
        let product = share.multipliedFullWidth(by: counted)
        guard product.high < intervalMilliseconds else { return easiestTarget }
        let grown = intervalMilliseconds.dividingFullWidth(product).quotient
        let (sum, overflow) = (parent - share).addingReportingOverflow(grown)
        return overflow ? easiestTarget : min(max(sum, WorkRule.hardestTarget), easiestTarget)
    }

    /// Hashes that meeting a target takes on average: 2^64 / (target + 1).
    ///
    /// - Precondition: the target is at least `hardestTarget`.
    package static func work(of target: UInt64) -> UInt64 {
        precondition(target >= hardestTarget, "a target that was checked")
        return target == .max ? 1 : (target + 1).dividingFullWidth((1, 0)).quotient
    }

    /// Whether a block's hash meets a target: its first 8 bytes as a number, most significant byte first, are not above it.
    package static func isMet(_ target: UInt64, by hash: Digest) -> Bool {
#if PLANTED_BUGS
        if PlantedBug.workUnchecked.isPlanted { return true }
#endif
        return hash.a.bigEndian <= target
    }
}

extension ChainDescription {
    /// Why a header's slot, target and hash cannot be those of a block of the chain, whatever its parent is; nil when they may.
    ///
    /// A mined block's slot is its height; blocks of other engines name no work.
    package func workFault(of header: BlockHeader) -> Reason? {
        guard let work else { return header.workTarget == 0 && header.fields.workNonce == 0 ? nil : .wrongWork }
        guard header.slot == header.height else { return .wrongSlot }
        return work.mayBe(header.workTarget) && WorkRule.isMet(header.workTarget, by: header.hash) ? nil : .wrongWork
    }
}
