import Foundation
import Testing

extension RealProcesses {
    private struct Report: Decodable {
        struct Counts: Decodable { var scheduled: Int, sent: Int, settled: Int, pending: Int, lost: Int }
        struct Latency: Decodable { var mark: String, count: Int, p99: Double? }
        struct Objective: Decodable { var met: Bool }
        struct Verification: Decodable {
            struct Ledger: Decodable { var found: Int, missing: Int, duplicates: Int, different: Int }
            var ledger: Ledger?
            var supply_conserved: Bool?
            var violations: Int?
            var sampled: Int?
            var proven: Int?
            var unread_chains: [String]
        }
        struct Cost: Decodable { var floor_ratio: Double, cpu_milliseconds_per_payment: Double }
        var counts: Counts, latency_seconds: [Latency], objectives: [Objective], verification: Verification, cost: Cost?, passed: Bool
    }

    private func report(_ folder: String) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/report.json")))
    }

    @Test("a load of ten seconds is judged by its objectives, and every payment of it stands in the ledgers as its payer was told")
    func load() throws {
        let network = try RunningNetwork(["--nodes", "1", "--notaries", "1"])
        func load(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(["load", "--data", network.folder] + words) }
        let out = "\(network.folder)/load"
        let ended = try load(["--rate", "40", "--duration", "10s", "--seed", "42", "--out", out, "--slo", "final.p99<20s", "--slo", "lost<1"])
        #expect(ended.code == 0 && ended.output.contains("✓ lost < 1") && ended.errors.contains("seed 42"), "\(ended)")
        let report = try report(out)
        let counts = report.counts
        #expect((300...500).contains(counts.scheduled) && counts.settled == counts.scheduled && counts.pending + counts.lost == 0, "\(counts)")
        let verified = report.verification
        #expect(verified.ledger?.found == counts.sent && verified.supply_conserved == true && verified.violations == 0 && report.passed, "\(verified)")
        #expect(Set(report.latency_seconds.map(\.mark)) == ["accepted", "held", "final", "settled", "recorded"], "\(report.latency_seconds)")
        #expect(report.cost.map { $0.floor_ratio > 0 && $0.floor_ratio < 1 && $0.cpu_milliseconds_per_payment > 0 } ?? false)
        #expect(try String(contentsOfFile: "\(out)/report.html", encoding: .utf8).contains("<svg"))
        #expect(try String(contentsOfFile: "\(out)/hdr.hgrm", encoding: .utf8).contains("#[Max"))
        #expect(try String(contentsOfFile: "\(out)/results.ndjson", encoding: .utf8).split(separator: "\n").count == counts.scheduled)
        let missed = try load(["--closed", "5", "--duration", "2s", "--mix", "cross", "--verify", "sample", "--out", "\(out)-2", "--slo", "final.p99<1us"])
        #expect(missed.code == 2 && missed.output.contains("✗ final.p99 < 1us"), "\(missed)")
        let sampled = try self.report("\(out)-2").verification
        #expect(sampled.proven ?? 0 > 0 && sampled.proven == sampled.sampled)
        for (words, code, says) in [
            (["--rate", "x"], 64, "is no rate"), (["--slo", "final.p99"], 64, "compares nothing"), (["--mix", "swap"], 64, "no kind of payment"), (["--duration", "5"], 64, "no time span"),
            (["--rate", "5", "--closed", "3"], 64, "only one of"), (["--verify", "maybe"], 64, "ledger, sample or none"), (["--mix", "bridge"], 78, "no peg"),
            (["--replay", "/nowhere"], 78, "no such file"), (["--ramp", "5"], 64, "two rates"),
        ] {
            let refused = try load(words + ["--out", "\(out)-3"])
            #expect(refused.code == Int32(code) && refused.errors.contains(says), "\(words): \(refused)")
        }
    }

    @Test("a load that is interrupted reports what it sent; one whose network dies says what nobody knows, and nothing is sent to a dead network")
    func interruptedLoad() throws {
        let network = try RunningNetwork(["--nodes", "1", "--notaries", "1"])
        let out = "\(network.folder)/load"
        let interrupted = try Program(["load", "--data", network.folder, "--rate", "30", "--duration", "5m", "--out", out])
        usleep(4_000_000)
        interrupted.signal(SIGINT)
        #expect(interrupted.end(withinSeconds: 40) == 0, "\(interrupted.errors)")
        let report = try report(out)
        #expect((20...200).contains(report.counts.sent) && report.counts.settled == report.counts.sent && report.passed, "\(report)")
        let cut = try Program(["load", "--data", network.folder, "--rate", "30", "--duration", "6s", "--wait", "2s", "--out", out])
        usleep(3_500_000)
        network.kill()
        #expect(cut.end(withinSeconds: 60) == 2, "\(cut.output) \(cut.errors)")
        let left = try self.report(out)
        #expect(left.counts.settled > 0 && left.counts.pending > 0 && !left.verification.unread_chains.isEmpty && !left.passed, "\(left)")
        let refused = try Program.run(["load", "--data", network.folder, "--duration", "2s", "--out", out])
        #expect(refused.code == 69 && refused.errors.contains("does not answer"), "\(refused)")
    }

    @Test("workers in processes of their own send one run together; a rate that rises names what saturates; a worker without a coordinator gives up")
    func workers() throws {
        let network = try RunningNetwork(["--nodes", "1", "--notaries", "1"])
        func load(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(["load"] + words + ["--data", network.folder]) }
        let out = "\(network.folder)/load"
        let ended = try load(["--workers", "2", "--rate", "40", "--duration", "4s", "--out", out])
        let together = try report(out)
        #expect(ended.code == 0 && together.verification.ledger?.found == together.counts.sent && (100...220).contains(together.counts.sent), "\(ended)")
        let secret = "\(network.folder)/secret"
        try "a secret of this very test\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let worker = try Program(["load", "worker", "--connect", "tcp://127.0.0.1:9", "--token-file", secret, "--join-wait", "1s", "--data", network.folder])
        #expect(worker.end(withinSeconds: 20) == 27, "\(worker.errors)")
        let alone = try load(["--workers", "2", "--listen", "tcp://127.0.0.1:*", "--token-file", secret, "--join-wait", "1s", "--out", out])
        #expect(alone.code == 27 && alone.errors.contains("0 of 2 workers came"), "\(alone)")
        for (words, says) in [
            (["--listen", "tcp://127.0.0.1:*"], "--workers 2"), (["--workers", "2", "--listen", "tcp://127.0.0.1:*"], "need a secret"), (["--workers", "0"], "from 1 to"),
            (["--saturate", "--closed", "3"], "a rate of its own"), (["worker", "--connect", "nowhere", "--token-file", secret], "is no address"),
        ] {
            let refused = try load(words)
            #expect(refused.code == 64 && refused.errors.contains(says), "\(words): \(refused)")
        }
        let rising = try load(["--saturate", "--rate", "1000", "--duration", "2s", "--mix", "transfer", "--verify", "none", "--out", out])
        #expect(rising.code == 0 && rising.output.contains("SATURATE") && rising.output.contains("STEP"), "\(rising)")
    }
}
