import Foundation
import Testing

extension ChangingProcesses {
    private struct State: Decodable {
        struct Entry: Decodable { var name: String, process: Int32, running: Bool }
        var processes: [Entry]
    }

    @Test("collectors are added and taken away, and every process is started anew, while payments go on and none fails")
    func scale() throws {
        let network = try RunningNetwork(["--nodes", "4", "--notaries", "4"])
        func run(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(words + ["--data", network.folder]) }
        func collectors() throws -> [String] {
            try JSONDecoder().decode(State.self, from: Data(try run(["status", "--json"]).output.utf8)).processes.map(\.name).filter { $0.hasPrefix("collector.") }
        }
        let file = "\(network.folder)/many.csv"
        let rows = (0..<600).map { "p\($0),client-0\(1 + $0 % 8),client-1\($0 % 8),X,1,60," }
        try (["id,from,to,asset,amount,deadline_seconds,memo"] + rows).joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let more = try run(["scale", "collector=2"])
        #expect(more.code == 0 && more.output.contains("all of them answer"), "\(more)")
        #expect(try collectors().count == 16)
        let payments = try Program(["pay", "--file", file, "--data", network.folder, "--json"])
        let fewer = try run(["scale", "collector=1", "--json"])
        #expect(fewer.code == 0, "\(fewer)")
        #expect(try collectors().count == 8)
        #expect(payments.end(withinSeconds: 120) == 0, "\(payments.errors.suffix(1_500))")
        #expect(network.reports.contains("has drained and ended"))
        let again = try Program(["pay", "--file", file, "--data", network.folder, "--json"])
        let rolled = try run(["restart", "--chain", "alpha"])
        #expect(rolled.code == 0 && rolled.output.contains("16 processes were started anew"), "\(rolled)")
        #expect(again.end(withinSeconds: 120) == 0, "\(again.errors.suffix(1_500))")
        for (words, code, says) in [
            (["scale", "builder=2"], 64, "signs for its node"), (["scale", "collector"], 64, "how many of what"), (["scale", "collector=0"], 64, "not possible"),
            (["scale", "boss=2"], 64, "there is no role boss"), (["restart", "--role", "boss"], 64, "is no role"), (["restart", "--node", "nobody"], 64, "no process is meant"),
        ] {
            let refused = try run(words)
            #expect(refused.code == Int32(code) && refused.errors.contains(says), "\(words): \(refused)")
        }
        try network.stopAndAudit()
    }
}
