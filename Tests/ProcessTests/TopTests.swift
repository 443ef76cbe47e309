import Foundation
import Testing

extension RealProcesses {
    private struct Table: Decodable {
        struct Stage: Decodable {
            var role: String, chain: String, alive: Int, expected: Int, received_per_second: Double, silent: [String]
        }
        var stages: [Stage]
    }

    @Test("top shows every stage with its rates, and names the instance that has died; where nothing is started again, nothing is restarted")
    func top() throws {
        let network = try RunningNetwork(["--nodes", "2", "--notaries", "1", "--no-restart"])
        func top(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(["top", "--data", network.folder] + words) }
        let good = try top(["--count", "1", "--json"])
        let stages = try JSONDecoder().decode(Table.self, from: Data(good.output.utf8)).stages
        #expect(good.code == 0, "\(good)")
        #expect(Set(stages.map(\.role)) == ["collector", "builder", "validator", "consensus", "recorder"] && stages.allSatisfy { $0.alive == $0.expected && $0.silent.isEmpty }, "\(stages)")
        #expect(stages.contains { $0.received_per_second > 0 }, "an idle network still talks: \(stages)")
        kill(try network.processID(of: "builder.alpha@alpha-2/1"), SIGKILL)
        #expect(Program.wait(seconds: 20) { (try? top(["--count", "1"]).code) == 2 })
        let dead = try top(["--count", "1"])
        #expect(dead.output.contains("SILENT builder.alpha@alpha-2/1") && dead.output.contains("1/2"), "\(dead)")
        let restarted = try Program.run(["restart", "--data", network.folder])
        #expect(restarted.code == 1 && restarted.errors.contains("--no-restart"), "nobody would start again what a rolling restart ends: \(restarted)")
        for (words, says) in [(["--every", "soon"], "is no time span"), (["--every", "1ms"], "not possible"), (["--count", "0"], "--count 0")] {
            let refused = try top(words)
            #expect(refused.code == 64 && refused.errors.contains(says), "\(words): \(refused)")
        }
    }
}
