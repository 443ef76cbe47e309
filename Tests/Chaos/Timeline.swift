import Foundation

/// What happened when, in seconds since the first payment.
final class Timeline {
    struct Entry: Codable {
        var at: Double
        var until: Double?
        var kind: FaultKind
        var targets: [String]
        var parameters: [String: String]
        var outcome: String
    }

    struct Restart: Codable {
        var at: Double
        var process: String
        var how: String
        /// What the process said last; empty when the nemesis killed it.
        var said: String
        /// Killed by the nemesis.
        var expected: Bool
    }

    private(set) var entries: [Entry] = []
    var restarts: [Restart] = []
    /// What must not happen, besides what the audit finds.
    var violations: [String] = []
    /// Monotonic seconds, and Unix milliseconds, of the start.
    private(set) var start = monotonicSeconds()
    private(set) var startedMilliseconds = UInt64(Date().timeIntervalSince1970 * 1_000)
    /// When every fault had been taken back.
    var healedAt = 0.0

    func restart() {
        start = monotonicSeconds()
        startedMilliseconds = UInt64(Date().timeIntervalSince1970 * 1_000)
        restarts = []
    }

    func seconds(_ moment: Double) -> Double { ((moment - start) * 1_000).rounded() / 1_000 }

    func begin(_ fault: Fault, at moment: Double) -> Int {
        entries.append(Entry(at: seconds(moment), kind: fault.kind, targets: fault.targets, parameters: fault.parameters, outcome: ""))
        return entries.count - 1
    }

    func end(_ entry: Int, at moment: Double, outcome: String) {
        entries[entry].until = seconds(moment)
        entries[entry].outcome = outcome
    }

    /// Faults by kind. Damage that found nothing to damage does not count.
    var counts: [String: Int] {
        entries.filter { $0.outcome != "nothing to damage yet" }.reduce(into: [:]) { $0[$1.kind.rawValue, default: 0] += 1 }
    }
}

/// Payments that ended, second by second.
struct PaymentRate {
    private(set) var seconds: [[String: Int]] = []
    /// Longest time without a settled payment, and when it began; nil unless two have settled.
    private(set) var longest: (seconds: Double, at: Double) = (0, 0)

    init(_ results: [Payments.Result], start: UInt64) {
        let ended = results.compactMap { result in result.ended_milliseconds.map { (time: Double($0) / 1_000 - Double(start) / 1_000, outcome: result.outcome) } }
        seconds = Array(repeating: [:], count: max(0, Int(ended.map(\.time).max() ?? 0)) + 1)
        for end in ended { seconds[min(max(0, Int(end.time)), seconds.count - 1)][end.outcome, default: 0] += 1 }
        var former = 0.0
        for time in ended.filter({ $0.outcome == "settled" }).map(\.time).sorted() {
            if time - former > longest.seconds { longest = (((time - former) * 10).rounded() / 10, (former * 10).rounded() / 10) }
            former = time
        }
    }

    func series(_ outcome: String) -> [Int] { seconds.map { $0[outcome] ?? 0 } }
}
