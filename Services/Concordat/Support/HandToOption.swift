import ArgumentParser
import RoleKit

/// To whom builders hand candidates (A12).
struct HandToOption: ParsableArguments {
    @Option(help: "Builders hand candidates to: all notaries, one, or a number at a time; the last two also with :in-turn, :random or :fastest, such as 2:fastest. (default: all)")
    var handTo: String?

    func strategy() throws -> NotaryStrategy {
        let text = try Setting.text(handTo, "hand-to", default: NotaryStrategy.all.text)
        guard let strategy = NotaryStrategy(text) else {
            throw Setting.bad("hand-to", text, "Use all, one or a number from 1 to 64, the last two also with :in-turn, :random or :fastest.")
        }
        return strategy
    }
}
