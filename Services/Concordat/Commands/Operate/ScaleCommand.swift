import ArgumentParser
import Foundation
import Runtime
import Wire

/// Changes how many replicas of a role a network runs.
struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Run more or fewer collectors a node, while payments go on.",
        discussion: """
            Example:
              concordat scale collector=3
            The number stands in network.yaml. concordat up starts those that are missing; one that is too many takes nothing new on, and ends when all that it
            has acknowledged is final. By hand the same is done with: concordat run --role collector.alpha@alpha-1/2, and SIGUSR1 to end it so.
            Every other role signs, and may run once a node only.
            Exit codes: 0, 27 it is not so after --timeout, 64 usage.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: ArgumentHelp("What, and how many a node.", valueName: "collector=N"))
    var what: String

    @Option(help: "Wait so long until it is so. (default: 60s)")
    var timeout: String?

    func run() throws {
        let count = try wanted()
        let milliseconds = try TimeSpan.read(try Setting.text(timeout, "timeout", default: "60s"), "timeout")
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        try write(count, folder, configuration)
        let nodes = configuration.network.chains.reduce(0) { $0 + $1.nodes.count }
        guard let state = NetworkState.running(folder) else {
            return tell(count, nodes, "from the next start on")
        }
        guard !state.processes.contains(where: { $0.processID == state.processID }) else {
            return tell(count, nodes, "from the next start on: this network runs in one process")
        }
        let end = BusClock.now().monotonicMilliseconds + milliseconds
        let observer = Observer(configuration)
        while try !isSo(count * nodes, folder) || !observer.silent(collectors: count, timeoutMilliseconds: 1_000).isEmpty {
            guard BusClock.now().monotonicMilliseconds < end else {
                throw Failure(.timedOut, "\(count) collectors a node do not run after \(milliseconds / 1_000) s", "See concordat status, and the logs in \(folder.path)/run/logs")
            }
            usleep(200_000)
        }
        tell(count, nodes, "all of them answer")
    }

    private func wanted() throws -> Int {
        let parts = what.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw Failure(.usage, "'\(Console.printable(what))' does not say how many of what", "For example: concordat scale collector=3") }
        guard parts[0] == Role.collector.rawValue else {
            let isRole = Role(rawValue: parts[0]) != nil
            throw Failure(
                .usage, isRole ? "a \(parts[0]) signs for its node, and may run once a node only" : "there is no role \(Console.printable(parts[0]))",
                isRole ? "More of it means more nodes: concordat init --nodes, or a chain that joins." : "Use: concordat scale collector=N")
        }
        guard let count = Int(parts[1]), NetworkFile.collectorsAllowed.contains(count) else {
            throw Failure(.usage, "\(Console.printable(parts[1])) collectors a node are not possible", "Give a number from 1 to \(NetworkFile.collectorsAllowed.upperBound).")
        }
        return count
    }

    /// Changes the one line of network.yaml that says so.
    private func write(_ count: Int, _ folder: NetworkFolder, _ configuration: NetworkConfiguration) throws {
        guard configuration.collectorsPerNode != count else { return }
        let path = folder.networkFile
        let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        var lines = text.components(separatedBy: "\n")
        let byHand = Failure(.configuration, "\(path) is not written as concordat init writes it", "Write under deployment: collectors_per_node: \(count)")
        guard let place = lines.firstIndex(where: { $0.trimmingCharacters(in: .whitespaces).hasPrefix("collectors_per_node:") }) else { throw byHand }
        lines[place] = "  collectors_per_node: \(count)"
        do { try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw Failure(.failed, "\(path) cannot be written: \(error.localizedDescription)", "Check its owner, its mode and the free space.")
        }
        guard let found = try? NetworkFile.read(path), found.collectorsPerNode == count else {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            throw byHand
        }
    }

    private func isSo(_ count: Int, _ folder: NetworkFolder) throws -> Bool {
        let processes = NetworkState.running(folder)?.processes ?? []
        return processes.count { $0.name.hasPrefix("collector.") && $0.processID > 0 } == count && processes.allSatisfy { !$0.name.hasPrefix("collector.") || $0.processID > 0 }
    }

    private func tell(_ count: Int, _ nodes: Int, _ how: String) {
        struct Report: Encodable { var collectors_per_node: Int, nodes: Int, note: String }
        Console.print(common.json ? JSONText.line(Report(collectors_per_node: count, nodes: nodes, note: how)) : "\(count) collectors at each of \(nodes) nodes, \(how)")
    }
}
