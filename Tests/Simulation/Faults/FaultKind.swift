/// Every kind of fault a seed may draw.
package enum FaultKind: Int, Sendable, CaseIterable {
    /// Latency up to twenty times the usual (faults case 7).
    case slowNetwork
    /// A published frame is lost and repaired from the bus's log, later.
    case lossRepaired
    /// A published frame is lost for good; the subscriber is told.
    case lossForGood
    /// A frame is heard twice.
    case duplicate
    /// A frame overtakes others of its stream.
    case reorder
    /// A request or its answer is lost.
    case callLoss
    /// Two groups of nodes do not hear each other (case 2).
    case partition
    /// One group does not hear the other, which hears it (case 3).
    case asymmetricPartition
    /// One node hears nobody and is not heard (case 5).
    case isolation
    /// One node's links are slow for a while (case 4).
    case clog
    /// A bus restarts: what it held is gone, its streams begin anew (case 54).
    case busRestart
    /// A process dies in a turn, before the commit (case 8).
    case crashBeforeCommit
    /// A process dies after the commit, before anything was sent (case 11).
    case crashAfterCommit
    /// A process dies with a part of a turn sent.
    case crashWhileSending
    /// A process dies between turns (case 8).
    case crashIdle
    /// All processes of a node die (case 9).
    case crashNode
    /// All processes of all nodes die together (case 9).
    case crashAll
    /// A process stands still and goes on (case 12).
    case pause
    /// Commits that nothing was sent after vanish with the process (case 19).
    case unsyncedVanish
    /// A node's wall clock is off (case 20, within bounds).
    case clockOffset
    /// A node's clocks drift.
    case clockDrift

    /// As people read it: `crash_before_commit`.
    package var code: String {
        var text = ""
        for character in "\(self)" {
            if character.isUppercase { text += "_" }
            text += character.lowercased()
        }
        return text
    }
}

/// How often each fault kind really happened.
package struct FaultTally: Sendable, Hashable {
    private var counts = [UInt64](repeating: 0, count: FaultKind.allCases.count)

    package init() {}

    package subscript(kind: FaultKind) -> UInt64 { counts[kind.rawValue] }

    package mutating func add(_ kind: FaultKind, _ count: UInt64 = 1) { counts[kind.rawValue] += count }

    package mutating func add(_ other: FaultTally) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }
}
