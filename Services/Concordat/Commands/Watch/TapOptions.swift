import ArgumentParser
import Cryptography
import Foundation
import Runtime
import TapCore
import Wire

/// Which frames to show, the same for a live tap and a recording.
struct TapOptions: ParsableArguments {
    @Option(help: "Only frames on this topic, such as final.alpha, or vote.* for all that begin so. May be given several times.")
    var topic: [String] = []

    @Option(help: "Only frames that this role publishes: collector, builder, consensus, validator or recorder. May be given several times.")
    var role: [String] = []

    @Option(help: "Only frames about this chain. May be given several times.")
    var chain: [String] = []

    @Option(help: "Only messages of this kind, such as candidate, verdict, vote, final or alarm; beat, the roles' signs of life, are shown only when asked for. May be given several times.")
    var kind: [String] = []

    @Option(help: "Only frames about this transaction: the first digits of its id or xid.")
    var tx: String?

    /// What is asked for.
    ///
    /// - Parameter chains: those of the network.
    func filter(_ chains: [ChainID]) throws -> TapFilter {
        var filter = TapFilter()
        for text in topic {
            guard BusTopic.isValid(text.hasSuffix("*") && text.count > 1 ? String(text.dropLast()) : text) || text == "*" else {
                throw Failure(.usage, "--topic '\(Console.printable(text))' is no topic", "For example final.alpha, or vote.* for all that begin so.")
            }
        }
        filter.topics = topic.map { BusPattern($0) }
        let roles = Role.allCases.map(\.rawValue)
        for name in role where !roles.contains(name) { throw Failure(.usage, "--role '\(Console.printable(name))' is no role", "Use one of: \(roles.joined(separator: ", ")).") }
        filter.roles = role
        filter.chains = try chain.map { name in
            guard let id = chains.first(where: { $0.description == name }) else {
                throw Failure(.usage, "there is no chain \(Console.printable(name))", "Use one of: \(chains.map(\.description).joined(separator: ", ")).")
            }
            return id
        }
        for name in kind where !TapFrame.kinds.contains(name) {
            let closest = Suggestion.closest(to: name, among: TapFrame.kinds).map { "Did you mean \($0)? " } ?? ""
            throw Failure(.usage, "--kind '\(Console.printable(name))' is no kind of message", "\(closest)Kinds: \(TapFrame.kinds.joined(separator: ", ")).")
        }
        filter.kinds = kind
        if let tx {
            let digits = tx.lowercased()
            guard (4...64).contains(digits.utf8.count), digits.allSatisfy(\.isHexDigit) else {
                throw Failure(.usage, "--tx '\(Console.printable(tx))' is no beginning of an id", "Give 4 to 64 hexadecimal digits.")
            }
            filter.transaction = digits
        }
        return filter
    }
}

/// A time span as people write it: `500ms`, `30s`, `5m`, `2h`.
enum TimeSpan {
    static func milliseconds(_ text: String) -> UInt64? {
        for (unit, factor) in [("ms", UInt64(1)), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)] where text.hasSuffix(unit) {
            guard let number = UInt64(text.dropLast(unit.count)) else { continue }
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return nil
    }

    static func read(_ text: String, _ option: String) throws -> UInt64 {
        guard let span = milliseconds(text) else { throw Failure(.usage, "--\(option) '\(Console.printable(text))' is no time span", "For example 500ms, 30s, 5m or 2h.") }
        return span
    }
}
