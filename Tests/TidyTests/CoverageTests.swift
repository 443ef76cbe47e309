import Foundation
import Testing

/// docs/coverage.md says what shows each row of the sources: what it names must be there.
@Suite struct CoverageTests {
    /// Row ids of the two sources.
    private static let ids: [String] =
        (1...20).map { "A\($0)" } + (1...7).map { "B\($0)" }
        + [810, 820, 821, 822, 823, 824, 825, 826, 830, 840, 850, 851, 852, 860, 870, 880, 890, 891, 892, 893, 894].map { "S\($0)" }

    private func rows() throws -> [(id: String, shown: String)] {
        let text = try String(contentsOf: SourceTree.root.appendingPathComponent("docs/coverage.md"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, cells[0] != "row", !cells[0].hasPrefix("-") else { return nil }
            return (cells[0], cells[2])
        }
    }

    @Test("every row of the sources stands there once")
    func complete() throws { #expect(try rows().map(\.id).sorted() == CoverageTests.ids.sorted()) }

    @Test("every test, make target and command that is named exists, and a row without one says that it is not there yet")
    func named() throws {
        let files = try SourceTree().files
        func text(under folder: String) -> String { files.filter { $0.path.hasPrefix(folder) }.flatMap(\.lines).joined(separator: "\n") }
        let (tests, commands) = (text(under: "Tests/"), text(under: "Services/Concordat/"))
        let make = try String(contentsOf: SourceTree.root.appendingPathComponent("Makefile"), encoding: .utf8)
        for (id, shown) in try rows() {
            let quoted = shown.matches(of: /"([^"]+)"/).map { String($0.1) }
            let coded = shown.matches(of: /`([^`]+)`/).map { String($0.1) }
            #expect(!quoted.isEmpty || !coded.isEmpty || shown.hasPrefix("not yet"), "\(id) is shown by nothing")
            for name in quoted { #expect(tests.contains("@Test(\"\(name)\""), "\(id): there is no test \"\(name)\"") }
            for code in coded {
                let words = code.split(separator: " ").map(String.init)
                switch words.first {
                case "make": #expect(make.contains("\n\(words[1]):"), "\(id): there is no target \(words[1])")
                case "concordat":
                    for word in words.dropFirst() { #expect(commands.contains("commandName: \"\(word)\"") || isSubcommand(word, commands), "\(id): there is no command \(code)") }
                default: Issue.record("\(id): \(code) is neither a make target nor a command")
                }
            }
        }
    }

    /// Subcommands without a name of their own are called as their type is.
    private func isSubcommand(_ word: String, _ text: String) -> Bool { text.contains("struct \(word.prefix(1).uppercased() + word.dropFirst()): ParsableCommand") }
}
