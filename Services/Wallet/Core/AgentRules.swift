import Cryptography
import Wire

/// Rules of receivers' devices as text: `# comment` lines, and `NAME confirm|silent|refuse REASON`, or `* ...` for everybody.
package enum AgentRules {
    /// What is wrong with a line, and what to do.
    package struct Fault: Error, Hashable, Sendable {
        /// From 1.
        package var line: Int
        /// A clause.
        package var problem: String
        /// A sentence.
        package var advice: String
    }

    /// Reads rules, one a line.
    ///
    /// - Parameter account: the key of a name of the address book; nil when it is not there.
    /// - Throws: what is wrong with the first bad line.
    package static func parse(_ text: String, account: (String) -> PublicKey?) throws(Fault) -> [AgentRule] {
        var rules: [AgentRule] = []
        for (offset, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard let name = words.first, !name.hasPrefix("#") else { continue }
            func bad(_ problem: String) -> Fault {
                Fault(
                    line: offset + 1, problem: problem,
                    advice: "Write NAME confirm, NAME silent, or NAME refuse REASON; * names everybody.")
            }
            var receiver: PublicKey?
            if name != "*" {
                guard let key = account(name) else { throw bad("\(name) is not in the address book") }
                receiver = key
            }
            switch words.dropFirst().first {
            case "confirm" where words.count == 2: rules.append(AgentRule(receiver: receiver, action: .confirm))
            case "silent" where words.count == 2: rules.append(AgentRule(receiver: receiver, action: .silent))
            case "refuse" where words.count == 3 && words[2].utf8.count <= Limits.memoBytes:
                rules.append(AgentRule(receiver: receiver, action: .refuse(words[2])))
            default: throw bad("'\(line)' is no rule")
            }
            guard rules.count <= WalletLimits.agentRules else { throw bad("more than \(WalletLimits.agentRules) rules") }
        }
        return rules
    }
}
