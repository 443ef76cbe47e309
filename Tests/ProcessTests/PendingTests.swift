import Foundation
import Testing

extension RealProcesses {
    @Test("what waits is shown with its reason, on the command line and over HTTP, and followed to its end; its recording goes through the cores of every role again")
    func pendingAndReplayed() throws {
        let network = try RunningNetwork(["--chains", "2", "--nodes", "1", "--notaries", "1", "--gateway", "127.0.0.1:0"], rules: "bob silent\n")
        func run(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(words + ["--data", network.folder]) }
        struct Pending: Decodable {
            struct Leg: Decodable { var chain: String, asset: String, amount: String }
            struct Row: Decodable { var xid: String, state: String, deciding_chain: String, left_milliseconds: Int64?, legs: [Leg] }
            struct Chain: Decodable { var chain: String, held: UInt64 }
            var pending: [Row], chains: [Chain], silent: [String]
        }
        func pending(_ words: [String] = []) throws -> Pending {
            let (_, output, errors) = try run(["pending", "--json"] + words)
            return try #require(try? JSONDecoder().decode(Pending.self, from: Data(output.utf8)), "\(output) \(errors)")
        }
        #expect(try pending().pending.isEmpty)
        let send = try Program(["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--asset", "X", "--amount", "7", "--deadline", "12"])
        #expect(Program.wait(seconds: 10) { (try? pending().pending.count) == 1 })
        let row = try #require(try pending(["--account", "alice", "--chain", "alpha"]).pending.first)
        #expect(row.deciding_chain == "beta" && row.state.contains("still to confirm on beta") && (1...20_000).contains(row.left_milliseconds ?? 0))
        #expect(row.legs.map { "\($0.amount) \($0.asset) \($0.chain)" } == ["7 X alpha"])
        #expect(try pending(["--chain", "beta"]).pending.isEmpty && pending(["--account", "bob"]).pending.isEmpty)
        let shown = try run(["pending"])
        #expect(shown.code == 0 && shown.output.contains(row.xid) && shown.output.contains("alice") && shown.output.contains("1 on alpha, 0 on beta"), "\(shown)")
        for (words, says) in [(["--limit", "0"], "--limit 0"), (["--chain", "gamma"], "no chain gamma"), (["--account", "nobody"], "nobody")] {
            let refused = try run(["pending"] + words)
            #expect(refused.code == 64 && refused.errors.contains(says), "\(refused)")
        }
        let page = try String(contentsOfFile: "\(network.folder)/run/page", encoding: .utf8)
        func get(_ path: String) throws -> Data {
            let (status, body) = try Curl.ask(page + path)
            return try #require(status == 200 ? body : nil, "\(path): \(status) \(String(decoding: body, as: UTF8.self))")
        }
        #expect(try JSONDecoder().decode(Pending.self, from: get("/v1/pending?chain=alpha&limit=5")).pending.map(\.xid) == [row.xid])
        #expect(try String(decoding: get("/v1/evidence"), as: UTF8.self) == "[]")
        #expect(try String(decoding: get("/v1/brakes"), as: UTF8.self).contains("\"caps\":[]"))
        // A gateway that dies is back where it was.
        let killer = Process()
        killer.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        killer.arguments = ["pkill", "-9", "-f", "gateway --data \(network.folder)"]
        try killer.run()
        killer.waitUntilExit()
        let dead = try Curl.ask(page + "/v1/evidence").status
        #expect(killer.terminationStatus == 0 && dead != 200)
        // Steps as they come on standard error, the whole table at the end.
        let followed = try run(["trace", row.xid, "--follow"])
        #expect(followed.code == 0 && followed.output.contains("refunded on alpha") && followed.errors.contains("waiting: held on alpha"), "\(followed)")
        #expect(followed.errors.contains("adopted: final alpha"), "\(followed.errors)")
        #expect(send.end(withinSeconds: 20) == 1)
        #expect(Program.wait(seconds: 20) { (try? Curl.ask(page + "/v1/evidence").status) == 200 }, "\(network.reports)")
        #expect(network.reports.contains("the gateway ended with 9; starting it again"))
        try replayed(network.folder)
        try network.stopAndAudit()
    }

    /// All that the buses' logs have, through the cores.
    private func replayed(_ folder: String) throws {
        let file = "\(folder)/incident.tap"
        let tap = try Program.run(["tap", "--data", folder, "--since", "1h", "--record", file, "--kind", "alarm", "--wait", "3s", "--quiet"])
        #expect(FileManager.default.fileExists(atPath: file), "\(tap)")
        struct Report: Decodable {
            struct Role: Decodable { var role: String, height: UInt64, behind: String?, bad_signatures: UInt64, peer_faults: UInt64 }
            struct Chain: Decodable { var chain: String, first_final: UInt64, last_final: UInt64 }
            var frames: Int, chains: [Chain], roles: [Role]
        }
        let first = try Program.run(["replay", file, "--simulate", "--json", "--data", folder])
        let report = try #require(try? JSONDecoder().decode(Report.self, from: Data(first.output.utf8)), "\(first)")
        #expect(first.code == 0 && report.roles.count == 10 && report.chains.map(\.chain) == ["alpha", "beta", "notary"], "\(first.output)")
        #expect(report.roles.allSatisfy { $0.behind == nil && $0.bad_signatures == 0 && $0.height > 0 }, "\(first.output)")
        #expect(try Program.run(["replay", file, "--simulate", "--json", "--data", folder]).output == first.output, "the same file gives the same run")
        // A recording that lacks the first blocks says so, and an archive makes it whole.
        let late = "\(folder)/late.tap"
        let tail = try Program.run(["tap", "--data", folder, "--record", late, "--kind", "alarm", "--wait", "6s", "--quiet"])
        let alone = try Program.run(["replay", late, "--simulate", "--data", folder, "--through", "recorder.notary@notary-1"])
        #expect(alone.code == 2 && alone.output.contains("the recording begins at block"), "\(alone) \(tail)")
        let archive = "\(folder)/data/notary-1/recorder.notary"
        let whole = try Program.run(["replay", late, "--simulate", "--data", folder, "--archive", archive, "--through", "recorder.notary@notary-1"])
        #expect(whole.code == 0, "\(whole)")
        for (words, code, says) in [
            (["replay", file, "--through", "collector.alpha@alpha-1"], 64, "--simulate"), (["replay", file, "--simulate", "--through", "x"], 64, "no role of the network"),
            (["replay", file, "--simulate", "--archive", "/nowhere"], 78, "/nowhere"),
        ] as [([String], Int32, String)] {
            let refused = try Program.run(words + ["--data", folder])
            #expect(refused.code == code && refused.errors.contains(says), "\(refused)")
        }
    }
}
