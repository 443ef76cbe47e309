import Foundation
import Testing

extension RealProcesses {
    private struct Report: Decodable {
        struct Cap: Decodable { var contract: String, chain: String, way: String, mode: String, used: UInt64, amount: UInt64, share_percent: UInt64, would_refuse: UInt64 }
        struct Pause: Decodable { var target: String, level: String, number: UInt64, taken_by: [String], would_refuse: UInt64 }
        struct Waiting: Decodable { var contract: String, reason: String, amount: UInt64 }
        var caps: [Cap], pauses: [Pause], waiting: [Waiting]
    }

    @Test("payments use a cap up, the next one is refused with the reason, and a pause stops everything new until the notaries let it go on")
    func brakes() throws {
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1"])
        let file = "\(network.folder)/bureau.yaml"
        let text = """
            id: bureau
            sides:
              - { chain: alpha, asset: X, cap: { amount: 100, window_milliseconds: 86400000 } }
              - { chain: beta, asset: Y, cap: { amount: 90, window_milliseconds: 86400000, mode: observed } }
            rate: { numerator: 1, denominator: 1 }
            minimum: 1
            maximum: 100
            deadline_maximum_milliseconds: 600000
            """
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let checked = try Program.run(["contract", "check", file, "--data", network.folder])
        #expect(checked.code == 0 && checked.output.contains("at most 100 X in 86400 s on alpha"), "\(checked)")
        struct Shown: Decodable { struct Side: Decodable { var chain: String, reserve: String }; var sides: [Side] }
        let deployed = try Program.run(["contract", "deploy", file, "--from", "alice", "--data", network.folder, "--json"])
        let shown = try JSONDecoder().decode(Shown.self, from: Data(deployed.output.utf8))
        let fund = try Program.run(["send", "--data", network.folder, "--from", "bob", "--to", "\(shown.sides[1].reserve)@beta", "--amount", "500"])
        #expect(fund.code == 0, "\(fund)")
        func pay(_ amount: Int) throws -> (code: Int32?, output: String, errors: String) {
            try Program.run(["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--amount", "\(amount)", "--contract", "bureau"])
        }
        func report(_ words: String...) throws -> (code: Int32?, report: Report) {
            let (code, output, errors) = try Program.run(["brakes"] + words + ["--data", network.folder, "--json"])
            return (code, try #require(try? JSONDecoder().decode(Report.self, from: Data(output.utf8)), "\(code ?? -1) \(output) \(errors)"))
        }
        #expect(try report("--near", "80%").code == 0)
        for _ in 0..<2 { #expect(try pay(46).code == 0) }
        let refused = try pay(46)
        #expect(refused.code == 1 && (refused.output + refused.errors).contains("cap_reached"), "\(refused)")
        let near = try report("--near", "80%")
        let cap = try #require(near.report.caps.first { $0.contract == "bureau" && $0.chain == "alpha" && $0.way == "in" })
        #expect(near.code == 2 && cap.used >= 91 && cap.used <= 92 && cap.amount == 100 && cap.mode == "enforced", "\(near)")
        #expect(near.report.caps.contains { $0.chain == "beta" && $0.way == "out" && $0.mode == "observed" && $0.would_refuse == 1 }, "\(near)")
        func brake(_ words: String...) throws -> (code: Int32?, output: String, errors: String) {
            try Program.run(["brakes"] + words + ["--notary", "notary-1", "--data", network.folder])
        }
        #expect(try brake("pause", "--contract", "burea").errors.contains("Did you mean bureau?"))
        #expect(try brake("pause", "--asset", "X").code == 64 && brake("pause").code == 64 && brake("pause", "--chain", "alpha", "--contract", "bureau").code == 64)
        let paused = try brake("pause", "--asset", "beta/Y")
        #expect(paused.code == 0, "\(paused)")
        func isTaken(_ level: String) throws -> Bool {
            try report().report.pauses.contains { $0.target == "asset beta/Y" && $0.level == level && $0.taken_by == ["alpha", "beta"] }
        }
        #expect(try Program.wait(seconds: 20) { try isTaken("paused") })
        let stopped = try Program.run(["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--amount", "1"])
        #expect(stopped.code == 1 && (stopped.output + stopped.errors).contains("paused"), "\(stopped)")
        // Transfers inside the chain go on.
        let inside = try Program.run(["send", "--data", network.folder, "--from", "alice", "--to", "\(shown.sides[0].reserve)@alpha", "--amount", "1"])
        #expect(inside.code == 0, "\(inside)")
        #expect(try report().code == 2 && brake("pause", "--asset", "beta/Y").errors.contains("is paused already"))
        #expect(try brake("resume", "--asset", "beta/Y").code == 0)
        #expect(try Program.wait(seconds: 20) { try isTaken("open") })
        #expect(try pay(1).code == 0)
        try network.stopAndAudit()
    }
}
