import Determinism

/// Which faults a seed has, and how hard: each seed draws its own (swarm testing).
package struct FaultPlan: Sendable, Hashable {
    private var enabled = [Bool](repeating: false, count: FaultKind.allCases.count)
    /// Usual one-way delay within a site, and between sites, microseconds.
    package var nearMicroseconds: UInt64 = 300
    package var farMicroseconds: UInt64 = 5_000
    /// Chance of a frame (or request) to meet each link fault, in millionths.
    package var linkPerMillion: UInt64 = 0
    /// Chance of a turn to end in a crash, in millionths.
    package var crashPerMillion: UInt64 = 0
    /// Mean time between scheduled faults, microseconds; zero for none.
    package var nemesisMicroseconds: UInt64 = 0
    /// Longest a scheduled fault lasts, microseconds.
    package var longestMicroseconds: UInt64 = 0
    /// Chance of a message to be encoded and decoded on its way, in millionths.
    package var codecPerMillion: UInt64 = 0
    /// When the faults end, microseconds.
    package var faultsEndMicroseconds: UInt64 = 0

    /// No faults at all.
    package init() {}

    /// Draws a plan; about every tenth seed has no fault but latency.
    package init(drawing random: inout SeededRandom) {
        nearMicroseconds = 100 + random.below(900)
        farMicroseconds = 1_000 + random.below(40_000)
        codecPerMillion = [0, 20_000, 100_000, 1_000_000][Int(random.below(16) == 0 ? 3 : random.below(3))]
        faultsEndMicroseconds = (6 + random.below(14)) * 1_000_000
        guard random.below(10) > 0 else { return }
        for kind in FaultKind.allCases { enabled[kind.rawValue] = random.below(3) == 0 }
        if random.below(5) < 3 { for kind in FaultKind.byzantine { enabled[kind.rawValue] = false } }
        // It needs a mined chain as well, and would else be rare.
        if !byzantine.isEmpty, random.below(2) == 0 { enable(.withheldBlock) }
        enabled[FaultKind.corruptChain.rawValue] = random.below(8) == 0
        enabled[FaultKind.deadChain.rawValue] = !has(.corruptChain) && random.below(10) == 0
        linkPerMillion = [1_000, 10_000, 50_000, 300_000][Int(random.below(4))]
        crashPerMillion = [20, 100, 500, 2_000][Int(random.below(4))]
        nemesisMicroseconds = [500_000, 2_000_000, 5_000_000][Int(random.below(3))]
        longestMicroseconds = [500_000, 3_000_000, 10_000_000][Int(random.below(3))]
        if has(.slowNetwork) {
            nearMicroseconds *= 2 + random.below(19)
            farMicroseconds *= 2 + random.below(19)
        }
    }

    package func has(_ kind: FaultKind) -> Bool { enabled[kind.rawValue] }

    package mutating func enable(_ kind: FaultKind) { enabled[kind.rawValue] = true }

    /// The kinds that this plan may draw in the middle of a turn.
    package var crashPoints: [FaultKind] {
        [FaultKind.crashBeforeCommit, .crashAfterCommit, .crashWhileSending].filter(has)
    }

    /// After so long without a final block notaries freeze a chain: longer than faults can keep an honest one silent.
    package var silentMilliseconds: UInt64 { has(.corruptChain) || has(.deadChain) ? 75_000 : 0 }

    /// What nodes that lie do.
    package var byzantine: [FaultKind] { FaultKind.byzantine.filter(has) }

    /// The kinds that are started by a schedule.
    package var scheduled: [FaultKind] {
        [
            FaultKind.partition, .asymmetricPartition, .isolation, .clog, .busRestart, .crashIdle, .crashNode, .crashAll, .pause, .diskLost,
            .bitFlip, .clockJump,
        ].filter(has)
    }
}
