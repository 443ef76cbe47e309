import ArgumentParser
import Foundation
import FuzzDoors

/// Hands made-up inputs to every door of the project (`make fuzz`).
@main
struct Fuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz",
        abstract: "Changes real inputs at random, led by what they reach, and hands them to everything that reads bytes from outside.",
        discussion: """
            Exit code 1 when something was found. Each finding is a file; --door NAME --input FILE hands it in again.
            """)

    @Option(help: "How long all doors together are tried, with all cores at work.")
    var minutes = 10.0

    @Option(help: ArgumentHelp("This door alone; several with commas.", valueName: "name"))
    var door: String?

    @Option(help: ArgumentHelp("Hands in one input and says what came of it.", valueName: "file"))
    var input: String?

    @Option(help: "Doors that are tried at once.")
    var workers = 2

    @Option(help: "The kept inputs, a folder of each door.")
    var corpus = "Tests/Fuzz/Corpus"

    @Option(help: "Where inputs that reach something new, and findings, are put.")
    var out = "out/fuzz"

    @Flag(help: "Makes the kept inputs anew from a simulated network; regressions stay.")
    var seeds = false

    @Flag(help: .hidden)
    var child = false

    @Argument(help: .hidden)
    var rest: [String] = []

    func validate() throws {
        guard minutes > 0, (1...64).contains(workers) else { throw ValidationError("minutes must be above 0, workers 1 to 64") }
        guard !child && input == nil || door.map({ Door.named($0) != nil }) ?? false else {
            throw ValidationError("name one door: \(Door.all.map(\.name).joined(separator: ", "))")
        }
    }

    func run() throws {
        if seeds { return try CorpusWriter.write(to: corpus) }
        if child, let door = door.flatMap(Door.named) { return try Child.run(door, arguments: rest, trace: "\(out)/\(door.name).now") }
        if let input, let door = door.flatMap(Door.named) { return try replay(input, door) }
        let names = door.map { $0.split(separator: ",").map(String.init) } ?? Door.all.map(\.name)
        let doors = names.compactMap(Door.named)
        guard doors.count == names.count else { throw ValidationError("doors are: \(Door.all.map(\.name).joined(separator: ", "))") }
        let campaign = Campaign(doors: doors, seconds: minutes * 60, workers: workers, corpus: corpus, out: out)
        guard try campaign.run() else { throw ExitCode(1) }
    }

    private func replay(_ path: String, _ door: Door) throws {
        guard let data = FileManager.default.contents(atPath: path) else { throw ValidationError("there is no file \(path)") }
        let before = Child.threadMilliseconds()
        do {
            let isTaken = try door.enter([UInt8](data))
            Said.line("\(door.name): \(data.count) bytes \(isTaken ? "taken" : "refused") in \(Child.threadMilliseconds() - before) ms")
        } catch {
            Said.line("\(door.name): \(error)")
            throw ExitCode(1)
        }
    }
}
