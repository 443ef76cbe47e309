import ArgumentParser
import Cryptography
import Foundation
import Runtime
import TapShell
import Wire

/// Starts the processes of a network anew, one after the other.
struct RestartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Start processes anew, one after the other, each when the one before is back: an upgrade without an end to payments.",
        discussion: """
            Example:
              concordat restart                          everything, buses first
              concordat restart --role consensus --chain alpha
            Put the new program in place of the old one first: each process starts with what is there then. A process is back when it has said so on the bus
            and has reached the height that it had. Needs a network that concordat up runs, and the key of a tap.
            Exit codes: 0, 1 the network runs with --no-restart, 27 a process did not come back in time (the rest was left alone), 64 usage, 69 not up, 78 the tap's key is not here.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this role: bus, collector, builder, consensus, validator or recorder.")
    var role: String?

    @Option(help: "Only roles of this chain.")
    var chain: String?

    @Option(help: "Only roles of this node.")
    var node: String?

    @Option(help: "Wait so long for each. (default: 60s)")
    var timeout: String?

    @Option(help: "The tap of network.yaml whose key is used. (default: tap-1)")
    var name: String?

    func run() throws {
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let milliseconds = try TimeSpan.read(try Setting.text(timeout, "timeout", default: "60s"), "timeout")
        guard let state = NetworkState.running(folder), !state.processes.contains(where: { $0.processID == state.processID }) else {
            throw Failure(.unreachable, "no network of several processes runs in \(folder.path)", "Start one with concordat up --data \(folder.path), without --in-process.")
        }
        guard state.restarts ?? true else {
            throw Failure(.failed, "the network in \(folder.path) was started with --no-restart: what ends would stay away", "Start it again without that: concordat down, then concordat up.")
        }
        let chosen = try chosen(state, configuration)
        var roll = try RollingRestart(
            folder, configuration, try TapKey.reader(folder, configuration, name: name, patterns: ["beat"], isFromOldest: false), timeoutMilliseconds: milliseconds)
        try roll.prepare()
        struct Row: Encodable { var name: String, seconds: Double }
        var rows: [Row] = []
        for name in chosen {
            let seconds = try roll.restart(name)
            rows.append(Row(name: name.description, seconds: seconds))
            common.say("\(name) is back after \(String(format: "%.1f", seconds)) s (\(rows.count) of \(chosen.count))")
        }
        try roll.end()
        if common.json { Console.print(JSONText.line(rows)) } else { Console.print("\(rows.count) processes were started anew, one after the other") }
    }

    private func chosen(_ state: NetworkState, _ configuration: NetworkConfiguration) throws -> [ProcessName] {
        let roles = ["bus"] + Role.allCases.map(\.rawValue)
        if let role, !roles.contains(role) { throw Failure(.usage, "--role '\(Console.printable(role))' is no role", "Use one of: \(roles.joined(separator: ", ")).") }
        let chosen = state.processes.compactMap { ProcessName($0.name) }.filter { name in
            switch name {
            case .bus: (role == nil || role == "bus") && chain == nil && node == nil
            case .role(let address):
                (role == nil || role == address.role.rawValue) && (chain == nil || chain == address.chain.description) && (node == nil || node == address.node)
            }
        }
        guard !chosen.isEmpty else { throw Failure(.usage, "no process is meant by that", "concordat status --json names them all.") }
        return chosen
    }
}
