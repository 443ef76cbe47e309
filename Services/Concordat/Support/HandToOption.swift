import ArgumentParser
import RoleKit

/// To whom builders hand candidates (A12).
struct HandToOption: ParsableArguments {
    @Option(help: "Builders hand candidates to: all notaries, or one in turn. (default: all)")
    var handTo: String?

    func strategy() throws -> NotaryStrategy {
        let text = try Setting.text(handTo, "hand-to", default: NotaryStrategy.all.rawValue)
        guard let strategy = NotaryStrategy(rawValue: text) else { throw Setting.bad("hand-to", text, "Use all or one.") }
        return strategy
    }
}
