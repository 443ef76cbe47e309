import Foundation
import Testing

/// A network of real processes in a folder of its own, with devices that answer for its accounts.
final class RunningNetwork {
    let folder: String
    private var up: Program
    private var agent: Program
    private var others: [Program] = []

    /// - Parameter rules: what devices do with legs that wait for them; all confirm without it.
    /// - Parameter environment: of the network's processes, besides the tests' own.
    init(_ options: [String], rules: String? = nil, environment: [String: String] = [:]) throws {
        folder = NSTemporaryDirectory() + "concordat-" + UUID().uuidString
        up = try RunningNetwork.start(folder, ["--port-base", "0"] + options, environment)
        if let rules { try rules.write(toFile: "\(folder)/agent.rules", atomically: true, encoding: .utf8) }
        agent = try Program(["agent", "--data", folder] + (rules == nil ? [] : ["--rules", "\(folder)/agent.rules"]))
    }

    private static func start(_ folder: String, _ options: [String], _ environment: [String: String] = [:]) throws -> Program {
        let up = try Program(["up", "--data", folder] + options, environment: environment)
        guard Program.wait(seconds: 30, until: { up.output.contains("Ready in") || !up.isRunning }), up.isRunning else {
            up.signal(SIGKILL)
            throw Unready(said: up.output + up.errors)
        }
        return up
    }

    /// Stops everything, changes something, and starts it again.
    func restart(_ options: [String], after change: () throws -> Void) throws {
        for program in [agent, up] {
            program.signal(SIGTERM)
            #expect(program.end(withinSeconds: 20) == 0, "\(program.arguments) did not stop cleanly: \(program.errors.suffix(2_000))")
        }
        try change()
        up = try RunningNetwork.start(folder, options)
        agent = try Program(["agent", "--data", folder])
    }

    struct Unready: Error { var said: String }

    deinit {
        for program in others + [agent, up] where program.isRunning { program.signal(SIGTERM) }
        if up.end(withinSeconds: 20) == nil { print("the network in \(folder) had to be killed") }
        for program in others + [agent] { _ = program.end(withinSeconds: 10) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Everything dies at once, as when a machine loses its power; its processes end with their supervisor.
    func kill() {
        up.signal(SIGKILL)
        Program.wait(seconds: 10) { !up.isRunning }
    }

    /// What `up` said on standard error so far.
    var reports: String { up.errors }

    /// The process of a role; 0 when it is not running.
    func processID(of role: String) throws -> Int32 {
        struct Status: Decodable {
            struct Entry: Decodable { var name: String, process: Int32, restarts: Int, running: Bool }
            var processes: [Entry]
        }
        let (_, output, errors) = try Program.run(["status", "--data", folder, "--json"])
        let status = try JSONDecoder().decode(Status.self, from: Data(output.utf8))
        let entry = try #require(status.processes.first { $0.name == role }, "status names no \(role): \(errors)")
        return entry.running ? entry.process : 0
    }

    /// Every process that `up` has started, by name.
    func processNames() throws -> [String] {
        struct Status: Decodable {
            struct Entry: Decodable { var name: String }
            var processes: [Entry]
        }
        let (_, output, errors) = try Program.run(["status", "--data", folder, "--json"])
        let status = try #require(try? JSONDecoder().decode(Status.self, from: Data(output.utf8)), "\(errors)")
        return status.processes.map(\.name)
    }

    /// Runs another process of the network by hand.
    func run(_ role: String, options: [String] = []) throws -> Program {
        let program = try Program(["run", "--data", folder, "--role", role] + options)
        others.append(program)
        return program
    }

    /// Devices that answer for the folder's accounts on every chain that has joined by now.
    func startAgent() throws { others.append(try Program(["agent", "--data", folder])) }

    func pay(_ file: String, concurrency: Int = 1_000, options: [String] = []) throws -> Program {
        let program = try Program(
            ["pay", "--data", folder, "--file", file, "--out", "\(folder)/paid", "--concurrency", "\(concurrency)"] + options)
        others.append(program)
        return program
    }

    /// Outcome of every line of the file that was paid last, with its reason.
    func outcomes() throws -> [String] {
        struct Line: Decodable { var outcome: String, reason: String }
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/paid/results.json"))
        return try JSONDecoder().decode([Line].self, from: data).map { $0.reason.isEmpty ? $0.outcome : "\($0.outcome): \($0.reason)" }
    }

    /// When the payers of the file that was paid last were sure, Unix milliseconds.
    func ends() throws -> [UInt64] {
        struct Line: Decodable { var ended_milliseconds: UInt64? }
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/paid/results.json"))
        return try JSONDecoder().decode([Line].self, from: data).compactMap(\.ended_milliseconds)
    }

    /// Stops everything, and judges what it left.
    func stopAndAudit() throws {
        for program in others where program.isRunning { program.signal(SIGTERM) }
        for program in others {
            let code = program.end(withinSeconds: 15)
            #expect(code == 0, "\(program.arguments) ended with \(String(describing: code)): \(program.errors.suffix(2_000))")
        }
        others.removeAll()
        up.signal(SIGTERM)
        #expect(up.end(withinSeconds: 20) == 0, "up did not stop cleanly: \(up.errors.suffix(2_000))")
        let (code, output, errors) = try Program.run(["audit", "--data", folder, "--json"])
        #expect(code == 0, "the audit says \(output.prefix(4_000)) \(errors)")
    }

    /// Writes a file of payments that can all settle: within a chain and across, in both directions.
    func payments(count: Int, deadlineSeconds: Int = 60) throws -> String {
        var lines = ["id,from,to,asset,amount,deadline_seconds,memo"]
        for number in 0..<count {
            // Odd clients are at home on alpha (X), even ones on beta (Y).
            let payer = 1 + number % 59
            let payee = 1 + (number * 7 + 3) % 59
            let other = payee == payer ? payee + 1 : payee
            let asset = payer % 2 == 1 ? "X" : "Y"
            lines.append(String(format: "k%04d,client-%02d,client-%02d,%@,%d,%d,", number, payer, other, asset, 10 + number % 7 * 10, deadlineSeconds))
        }
        let path = "\(folder)/payments.csv"
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
