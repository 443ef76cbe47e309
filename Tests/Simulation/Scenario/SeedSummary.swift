import RoleKit

/// What a batch of seeds shows: the rate, which faults really happened, and every failing seed with the command that replays it.
package struct SeedSummary {
    package let reports: [SeedReport]
    package let seconds: Double

    package init(reports: [SeedReport], seconds: Double) {
        self.reports = reports
        self.seconds = seconds
    }

    package var failing: [SeedReport] { reports.filter { !$0.violations.isEmpty } }
    package var seedsPerHour: Int { seconds > 0 ? Int(Double(reports.count) * 3_600 / seconds) : 0 }

    /// The command that runs a seed again.
    package static func replay(_ seed: UInt64) -> String { "make sim SEEDS=1 FROM=\(seed)" }

    /// A failing seed, for people.
    package static func failure(_ report: SeedReport) -> String {
        var lines = ["seed \(report.seed): \(report.violations.count) violations, again with: \(replay(report.seed))"]
        for violation in report.violations {
            lines.append("  \(violation.invariant.title), at \(violation.timeMilliseconds) ms: \(violation.detail)")
        }
        return lines.joined(separator: "\n")
    }

    private var tally: FaultTally {
        var tally = FaultTally()
        for report in reports { tally.add(report.tally) }
        return tally
    }

    private var rules: RuleTally {
        var rules = RuleTally()
        for report in reports { rules.add(report.rules) }
        return rules
    }

    /// Seeds from which on every fault kind and every rule must have shown.
    package static let seedsThatShowAll = 200

    /// Fault kinds and rules that never showed in a run long enough to demand it: what was not exercised was not tested.
    package var unexercised: [String] {
        guard reports.count >= SeedSummary.seedsThatShowAll else { return [] }
        let (tally, rules) = (tally, rules)
        return FaultKind.allCases.filter { tally[$0] == 0 }.map(\.code) + ExercisedRule.allCases.filter { rules[$0] == 0 }.map(\.code)
    }

    private func sum(_ value: (SeedReport) -> Int) -> Int { reports.reduce(0) { $0 + value($1) } }

    /// Kinds and endings of payments, ascending by name.
    private var endings: [(String, Int)] {
        var totals: [String: Int] = [:]
        for report in reports { totals.merge(report.endings) { $0 + $1 } }
        return totals.sorted { $0.key < $1.key }
    }

    package var text: String {
        var lines = ["endings of payments:"]
        for (ending, count) in endings { lines.append("  \(count)\t\(ending)") }
        lines.append("faults:")
        let (tally, rules) = (tally, rules)
        for kind in FaultKind.allCases { lines.append("  \(tally[kind])\t\(kind.code)") }
        lines.append("rules:")
        for rule in ExercisedRule.allCases { lines.append("  \(rules[rule])\t\(rule.code)") }
        let rest = reports.map(\.restMilliseconds).sorted()
        lines.append(
            "\(reports.count) seeds in \(Int(seconds)) s (\(seedsPerHour) an hour), \(sum { $0.payments }) payments, "
                + "\(sum { $0.settled }) settled, \(sum { $0.refunded }) refunded, \(sum { Int($0.blocks) }) blocks, "
                + "\(sum { Int($0.steps) }) steps, at rest \(rest.isEmpty ? 0 : rest[rest.count / 2]) ms after healing "
                + "(longest \(rest.last ?? 0))")
        if !unexercised.isEmpty { lines.append("never exercised: \(unexercised.joined(separator: ", "))") }
        if failing.isEmpty {
            lines.append("0 violations")
        } else {
            lines.append("\(failing.count) seeds with violations:")
            for report in failing {
                lines.append("  \(report.seed): \(report.violations[0].invariant.title); again with: \(SeedSummary.replay(report.seed))")
            }
        }
        return lines.joined(separator: "\n")
    }

    package var json: String {
        let (tally, rules) = (tally, rules)
        let faults = FaultKind.allCases.map { "\"\($0.code)\":\(tally[$0])" }.joined(separator: ",")
        let shown = ExercisedRule.allCases.map { "\"\($0.code)\":\(rules[$0])" }.joined(separator: ",")
        let ends = endings.map { "\(SeedSummary.quoted($0.0)):\($0.1)" }.joined(separator: ",")
        let failures = failing.map { report in
            let violations = report.violations.map {
                "{\"invariant\":\($0.invariant.rawValue),\"title\":\(SeedSummary.quoted($0.invariant.title)),"
                    + "\"time_ms\":\($0.timeMilliseconds),\"detail\":\(SeedSummary.quoted($0.detail))}"
            }
            return "{\"seed\":\(report.seed),\"replay\":\(SeedSummary.quoted(SeedSummary.replay(report.seed))),"
                + "\"violations\":[\(violations.joined(separator: ","))]}"
        }
        return "{\"seeds\":\(reports.count),\"seconds\":\(Int(seconds)),\"seeds_per_hour\":\(seedsPerHour),"
            + "\"payments\":\(sum { $0.payments }),\"settled\":\(sum { $0.settled }),\"refunded\":\(sum { $0.refunded }),"
            + "\"blocks\":\(sum { Int($0.blocks) }),\"steps\":\(sum { Int($0.steps) }),\"faults\":{\(faults)},"
            + "\"rules\":{\(shown)},\"never_exercised\":[\(unexercised.map(SeedSummary.quoted).joined(separator: ","))],"
            + "\"endings\":{\(ends)},\"violations\":\(sum { $0.violations.count }),\"failing\":[\(failures.joined(separator: ","))]}"
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case let scalar where scalar.value < 32: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
