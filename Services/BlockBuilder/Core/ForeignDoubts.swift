import Chain
import Cryptography
import Determinism
import OrderedCollections
import RoleKit
import Wire

/// Blocks of other chains that notaries do not follow. What relies on them would cost this chain one slot after the other: a corrupt
/// chain with two histories must not stop the chains that trade with it.
package struct ForeignDoubts: Sendable {
    private struct Doubt: Sendable {
        var notaries: [PublicKey] = []
        var sinceMilliseconds: UInt64
        /// Until then nothing that relies on the block is taken into a candidate.
        var untilMilliseconds: UInt64 = 0
        var waitMilliseconds = ForeignDoubts.firstWaitMilliseconds
    }

    private var doubts: OrderedDictionary<Digest, Doubt> = [:]

    package init() {}

    /// Blocks doubted at once; the oldest doubt is forgotten first.
    package static let maximum = 256
    /// How long a block is left alone before it is tried again, at first; doubles with each failure.
    package static let firstWaitMilliseconds: UInt64 = 10_000
    package static let longestWaitMilliseconds: UInt64 = 600_000

    /// A notary puts a candidate off because of a block that it relies on. Another block of that height may be the one it follows.
    package mutating func heard(_ block: Digest, by notary: PublicKey, at now: Moment) {
        var doubt = doubts[block] ?? Doubt(sinceMilliseconds: now.monotonicMilliseconds)
        if doubt.untilMilliseconds > 0, now.monotonicMilliseconds >= doubt.untilMilliseconds {
            // It was tried again, to no avail.
            doubt.waitMilliseconds = min(doubt.waitMilliseconds * 2, ForeignDoubts.longestWaitMilliseconds)
            doubt.sinceMilliseconds = now.monotonicMilliseconds
            doubt.untilMilliseconds = 0
            doubt.notaries = []
        }
        if !doubt.notaries.contains(notary) { doubt.notaries.append(notary) }
        doubts[block] = doubt
        if doubts.count > ForeignDoubts.maximum { doubts.removeFirst() }
    }

    /// A final block relies on these: the notaries follow them.
    package mutating func settle(_ foreign: [FinalHeader]) {
        guard !doubts.isEmpty else { return }
        for final in foreign { doubts[final.hash] = nil }
    }

    /// Whether something is better left out: more notaries than can lie have had more than a moment to see a block that it
    /// relies on, and do not follow it.
    ///
    /// - Parameter grace: milliseconds that a notary may be behind in good faith.
    package mutating func concern(_ item: BlockItem, notaries count: Int, grace: UInt64, at now: Moment) -> Bool {
        guard !doubts.isEmpty else { return false }
        for final in item.foreign {
            guard var doubt = doubts[final.hash], doubt.notaries.count > Quorum.faulty(of: count),
                now.monotonicMilliseconds >= doubt.sinceMilliseconds + grace
            else { continue }
            if doubt.untilMilliseconds == 0 {
                doubt.untilMilliseconds = now.monotonicMilliseconds + doubt.waitMilliseconds
                doubts[final.hash] = doubt
            }
            if now.monotonicMilliseconds < doubt.untilMilliseconds { return true }
        }
        return false
    }
}
