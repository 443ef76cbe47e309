import Foundation
import Testing

extension ChangingProcesses {
    /// A network whose processes have folders of their own, as on machines of their own.
    private final class ApartNetwork {
        let home = NSTemporaryDirectory() + "concordat-apart-" + UUID().uuidString
        private(set) var running: [Program] = []
        var parts: String { "\(home)/parts" }

        init() throws {
            let made = try Program.run(["init", "--data", "\(home)/made", "--host", "localhost", "--port-base", "0", "--nodes", "1", "--notaries", "1", "--clients", "2"])
            #expect(made.code == 0, "\(made)")
            let split = try Program.run(["keys", "split", "--data", "\(home)/made", "--to", parts, "--json"])
            #expect(split.code == 0, "\(split)")
        }

        deinit {
            for program in running where program.isRunning { program.signal(SIGTERM) }
            for program in running { _ = program.end(withinSeconds: 10) }
            try? FileManager.default.removeItem(atPath: home)
        }

        @discardableResult
        func run(_ part: String, _ roles: [String], _ options: [String] = []) throws -> Program {
            let program = try Program(["run", "--data", "\(parts)/\(part)"] + roles.flatMap { ["--role", $0] } + options)
            running.append(program)
            return program
        }

        func start() throws {
            for site in ["alpha", "beta", "notary"] { try run("buses/\(site)", ["bus@\(site)"], ["--bind", "127.0.0.1"]) }
            for chain in ["alpha", "beta"] {
                try run("nodes/\(chain)-1", ["consensus.\(chain)@\(chain)-1", "builder.\(chain)@\(chain)-1"])
                try run("nodes/\(chain)-1", ["collector.\(chain)@\(chain)-1/*"])
            }
            try run("nodes/notary-1", ["validator.alpha@notary-1", "validator.beta@notary-1", "recorder.notary@notary-1", "consensus.notary@notary-1"])
        }

        /// A device that answers for the accounts.
        func startAgent() throws { running.append(try Program(["agent", "--data", "\(parts)/clients"])) }

        func client(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(words + ["--data", "\(parts)/clients"]) }

        func files(_ part: String) throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: "\(parts)/\(part)").filter { $0.hasSuffix(".key") }.sorted() }
    }

    @Test("buses and nodes run with their own keys alone, several roles in a process, found by the name of a host; collectors take numbers that are free, and drain")
    func apart() throws {
        let network = try ApartNetwork()
        #expect(try network.files("buses/alpha") == ["keys/transport/bus@alpha.key"])
        #expect(
            try network.files("nodes/alpha-1") == ["keys/alpha-1.key"] + ["builder", "collector", "consensus"].map { "keys/transport/\($0).alpha@alpha-1.key" })
        #expect(try network.files("clients").allSatisfy { $0.hasPrefix("wallets/") || $0.hasPrefix("keys/transport/tap") })
        let nameless = try network.run("buses/alpha", ["bus@alpha"])
        #expect(nameless.end(withinSeconds: 10) == 1 && nameless.errors.contains("--bind 0.0.0.0"), "\(nameless.errors)")
        try network.start()
        let ready = try network.client(["status", "--wait-ready", "30"])
        #expect(ready.code == 0, "\(ready) \(network.running.map(\.errors))")
        let second = try network.run("nodes/alpha-1", ["collector.alpha@alpha-1/*"])
        #expect(Program.wait(seconds: 10) { second.errors.contains("as=collector.alpha@alpha-1/2") }, "\(second.errors)")
        try network.startAgent()
        let paid = try network.client(["send", "--from", "alice", "--to", "bob", "--amount", "10"])
        #expect(paid.code == 0, "\(paid)")
        second.signal(SIGUSR1)
        #expect(second.end(withinSeconds: 20) == 0 && second.errors.contains("drained"), "\(second.errors)")
        // What is asked for with SIGTERM ends well, also where one process has several roles.
        for program in network.running where program.isRunning { program.signal(SIGTERM) }
        for program in network.running where program !== nameless { #expect(program.end(withinSeconds: 15) == 0, "\(program.arguments): \(program.errors.suffix(500))") }
    }

    @Test("what one process cannot run together, and hosts that are none, are refused with what to do")
    func apartRefusals() throws {
        let network = try ApartNetwork()
        let data = ["--data", "\(network.home)/made"]
        for (words, code, says) in [
            (["run", "--role", "bus@alpha", "--role", "consensus.alpha@alpha-1"], 64, "a process of its own"),
            (["run", "--role", "consensus.alpha@alpha-1", "--role", "consensus.beta@beta-1"], 64, "several nodes"),
            (["run", "--role", "collector.alpha@alpha-1/1", "--role", "collector.alpha@alpha-1/2"], 64, "twice"),
            (["run", "--role", "builder.alpha@alpha-1/*"], 64, "once a node only"),
            (["run", "--role", "boss"], 64, "names no role"),
            (["run", "--role", "bus@alpha", "--bind", "everywhere"], 64, "0.0.0.0"),
            (["init", "--host", "bus_SITE"], 64, "bus-SITE"),
        ] {
            let refused = try Program.run(words + data)
            #expect(refused.code == Int32(code) && refused.errors.contains(says), "\(words): \(refused)")
        }
        let none = try Program.run(["keys", "split", "--data", "\(network.parts)/nowhere", "--to", "\(network.home)/more"])
        #expect(none.code == 78, "\(none)")
    }
}
