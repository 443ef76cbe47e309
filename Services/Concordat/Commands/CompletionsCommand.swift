import ArgumentParser

/// Prints what makes a shell complete this program's words.
struct CompletionsCommand: ParsableCommand {
    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print a completion script for a shell.",
        discussion: """
            Example, for bash:
              source <(concordat completions bash)
            """)

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let script = switch shell {
        case .bash: Concordat.completionScript(for: .bash)
        case .zsh: Concordat.completionScript(for: .zsh)
        case .fish: Concordat.completionScript(for: .fish)
        }
        Console.print(script)
    }
}
