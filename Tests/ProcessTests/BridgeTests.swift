import Foundation
import Testing

extension RealProcesses {
    private struct Ordered: Decodable { var id: String, peg: String, outcome: String, reason: String }
    private struct Standing: Decodable {
        var peg: String, version: Int, custody: UInt64, outstanding: UInt64, to_issue: UInt64, to_release: UInt64
    }

    @Test("value that is locked on one chain stands on the other once enough members attest, and comes back, through members that are killed")
    func bridge() throws {
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1"])
        let file = "\(network.folder)/vault.yaml"
        func write(_ members: String, threshold: Int) throws {
            let text = """
                id: vault
                sides: [{ chain: alpha, asset: X }, { chain: beta, asset: alpha/X }]
                minimum: 1
                maximum: 5000
                peg: { issuers: { threshold: \(threshold), keys: [\(members)] } }
                """
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        func bridge(_ words: String...) throws -> (code: Int32?, output: String, errors: String) {
            try Program.run(["bridge"] + words + ["--data", network.folder, "--json"])
        }
        func order(_ words: [String]) throws -> (code: Int32?, ordered: Ordered) {
            let (code, output, errors) = try Program.run(["bridge"] + words + ["--data", network.folder, "--json"])
            return (code, try #require(try? JSONDecoder().decode(Ordered.self, from: Data(output.utf8)), "\(code ?? -1) \(output) \(errors)"))
        }
        func standing() throws -> Standing {
            let shown = try bridge("status")
            return try #require(try? JSONDecoder().decode([Standing].self, from: Data(shown.output.utf8)).first, "\(shown)")
        }
        func member(_ name: String) throws -> Program { try Program(["bridge", "issue", "--from", name, "--data", network.folder, "--json"]) }
        #expect(try bridge("lock", "--from", "alice", "--to", "bob", "--amount", "10").errors.contains("this network has no peg"))
        try write("alice, bob, alice", threshold: 2)
        #expect(try Program.run(["contract", "check", file, "--data", network.folder]).errors.contains("alice stands there twice"))
        try write("alice, bob", threshold: 0)
        #expect(try Program.run(["contract", "check", file, "--data", network.folder]).errors.contains("a threshold of 0 lets anybody make value"))
        try write("alice, bob", threshold: 2)
        let deployed = try Program.run(["contract", "deploy", file, "--from", "alice", "--data", network.folder])
        #expect(deployed.code == 0, "\(deployed)")
        // One member of two is not enough.
        let alice = try member("alice")
        let waiting = try order(["lock", "--from", "alice", "--to", "bob", "--amount", "100", "--wait", "3"])
        #expect(waiting.code == 2 && waiting.ordered.outcome == "locked", "\(waiting)")
        let before = try standing()
        #expect(before.custody == 100 && before.outstanding == 0 && before.to_issue == 100)
        var bob = try member("bob")
        #expect(try Program.wait(seconds: 20) { try standing().outstanding == 100 })
        alice.signal(SIGKILL)
        bob.signal(SIGKILL)
        let locked = try order(["lock", "--from", "alice", "--to", "bob", "--amount", "50", "--wait", "0"])
        #expect(locked.code == 0 && locked.ordered.outcome == "locked")
        let again = try member("alice")
        bob = try member("bob")
        #expect(try Program.wait(seconds: 20) { try standing().outstanding == 150 })
        let back = try order(["redeem", "--from", "bob", "--to", "alice", "--amount", "60"])
        #expect(back.code == 0 && back.ordered.outcome == "released", "\(back)")
        let tooMuch = try order(["redeem", "--from", "bob", "--to", "alice", "--amount", "91"])
        #expect(tooMuch.code == 1 && tooMuch.ordered.reason == "insufficient_funds", "\(tooMuch)")
        let end = try standing()
        #expect(end.custody == 90 && end.outstanding == 90 && end.to_issue == 0 && end.to_release == 0)
        #expect(try bridge("issue", "--from", "alice", "--once").code == 0)
        #expect(try bridge("issue", "--from", "client-01", "--once").errors.contains("is no member"))
        again.signal(SIGINT)
        bob.signal(SIGINT)
        #expect(again.end(withinSeconds: 10) == 0 && bob.end(withinSeconds: 10) == 0)
        try network.stopAndAudit()
    }

    private struct Report: Decodable {
        struct Orders: Decodable { var submitted: Int, appeared: Int, rejected: Int, open: Int }
        struct Trades: Decodable { var submitted: Int, settled: Int, rejected: Int, open: Int }
        struct Judgement: Decodable { var blocks: Int, violations: Int }
        var locks: Orders, redemptions: Orders, trades: Trades, deal: String, audit: Judgement, conserved: Bool, covered: Bool
        var rejections: [String: Int]
    }

    @Test("a mined and a voting chain are pegged onto a third: locked, traded, redeemed by others, and accounted for")
    func bridgeOfThreeChains() throws {
        let folder = NSTemporaryDirectory() + "concordat-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let inputs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../examples/bridge").standardized.path
        let (code, output, errors) = try Program.run(["bridge", "demo", "--out", folder, "--inputs", inputs, "--nodes", "1", "--json"])
        let report = try #require(try? JSONDecoder().decode(Report.self, from: Data(output.utf8)), "\(code ?? -1) \(output) \(errors)")
        #expect(code == 0, "\(output) \(errors)")
        #expect(report.locks.submitted == 44 && report.locks.appeared == 39 && report.locks.rejected == 5)
        #expect(report.redemptions.submitted == 41 && report.redemptions.appeared == 39 && report.redemptions.rejected == 2)
        #expect(report.trades.settled == 38 && report.trades.rejected == 1 && report.deal == "settled")
        #expect(report.rejections == ["duplicate_line": 1, "insufficient_funds": 3, "terms_violated": 2, "unknown_contract": 1, "unknown_payee": 1])
        #expect(report.audit.violations == 0 && report.audit.blocks > 40 && report.conserved && report.covered)
        let again = try Program.run(["bridge", "demo", "--out", folder, "--inputs", folder])
        #expect(again.code == 78 && again.errors.contains("locks.csv"), "\(again)")
    }
}
