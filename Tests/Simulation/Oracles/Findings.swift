/// The invariants of design section 8 that the simulator judges, and the contract between cores and their shell.
package enum Invariant: Int, Sendable, CaseIterable {
    case contract = 0
    case conservation = 1
    case reserves = 2
    case singleHistory = 3
    case certificates = 4
    case atomicity = 5
    case once = 6
    case acknowledged = 7
    case replay = 8
    case votes = 9
    case progress = 11

    /// As people read it.
    package var title: String {
        switch self {
        case .contract: "contract between a core and its shell"
        case .conservation: "invariant 1, conservation"
        case .reserves: "invariant 2, reserves of contracts, and what pegs hold"
        case .singleHistory: "invariant 3, one final hash a height"
        case .certificates: "invariant 4, certificates"
        case .atomicity: "invariant 5, all or nothing"
        case .once: "invariant 6, each right used once"
        case .acknowledged: "invariant 7, acknowledged means one ending"
        case .replay: "invariant 8, replay gives the state"
        case .votes: "invariant 9, no two votes"
        case .progress: "invariant 11, progress after faults"
        }
    }
}

/// One broken invariant.
package struct Violation: Sendable, Hashable {
    package var invariant: Invariant
    package var detail: String
    /// Virtual milliseconds.
    package var timeMilliseconds: UInt64
}

/// What the oracles have found.
package struct Findings: Sendable {
    package private(set) var violations: [Violation] = []
    /// Findings of one seed beyond which nothing is learned.
    private static let most = 12

    package init() {}

    package var isFull: Bool { violations.count >= Findings.most }

    /// - Parameter time: virtual microseconds.
    package mutating func report(_ invariant: Invariant, _ detail: String, at time: UInt64) {
        if !isFull { violations.append(Violation(invariant: invariant, detail: detail, timeMilliseconds: time / 1_000)) }
    }
}
