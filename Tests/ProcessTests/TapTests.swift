import Foundation
import Testing

extension RealProcesses {
    private struct Line: Decodable {
        var role: String, kind: String, topic: String, site: String, hash: String
        var chain: String?
        var sequence: UInt64
        var transactions: [String]
    }

    private func lines(_ output: String) throws -> [Line] {
        try output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    @Test("a tap hears everything in order and proves it, by role, chain and transaction, live and from the log; a recording shows the same again")
    func tap() throws {
        let network = try RunningNetwork(["--nodes", "1"])
        func run(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(words + ["--data", network.folder]) }
        let record = "\(network.folder)/incident.tap"
        let live = try Program(["tap", "--data", network.folder, "--json", "--record", record, "--count", "400", "--wait", "20s"])
        let sent = try run(["send", "--from", "alice", "--to", "bob", "--asset", "X", "--amount", "5", "--json"])
        #expect(sent.code == 0, "\(sent)")
        #expect(live.end(withinSeconds: 60) == 0, "\(live.errors)")
        let heard = try lines(live.output)
        #expect(heard.count == 400 && live.errors.contains("\"complete\":true"), "\(heard.count) \(live.errors.suffix(600))")
        #expect(Set(heard.map(\.site)).count == 3 && Set(heard.map(\.role)).count == 5, "\(Set(heard.map(\.role)))")
        // The payment, by its id alone, from the logs.
        struct Sent: Decodable { var id: String }
        let id = try JSONDecoder().decode(Sent.self, from: Data(sent.output.utf8)).id
        let traced = try run(["tap", "--tx", String(id.prefix(10)), "--since", "5m", "--wait", "2s", "--json"])
        let steps = try lines(traced.output)
        #expect(traced.code == 0 && steps.allSatisfy { $0.transactions.contains { $0.hasPrefix(id.prefix(10)) } }, "\(traced.errors)")
        #expect(Set(steps.map(\.kind)).isSuperset(of: ["accepted", "candidate"]), "\(steps.map(\.kind))")
        let narrow = try run(["tap", "--role", "consensus", "--chain", "beta", "--kind", "final", "--since", "oldest", "--count", "3", "--json"])
        let finals = try lines(narrow.output)
        #expect(narrow.code == 0 && finals.count == 3 && finals.allSatisfy { $0.role == "consensus" && $0.chain == "beta" && $0.kind == "final" }, "\(narrow)")
        // The file holds what was shown, and what the tap heard besides.
        let replayed = try Program.run(["replay", record, "--json"])
        let again = try lines(replayed.output)
        #expect(replayed.code == 0 && Array(again.prefix(400).map(\.hash)) == heard.map(\.hash), "\(replayed.errors.suffix(500))")
        let cut = "\(network.folder)/cut.tap"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: record))
        try bytes.dropLast(3).write(to: URL(fileURLWithPath: cut))
        let short = try Program.run(["replay", cut])
        #expect(short.code == 2 && short.errors.contains("the file ends within the frame"), "\(short.errors.suffix(300))")
        for (words, code, says) in [
            (["tap", "--topic", "no topic"], 64, "is no topic"), (["tap", "--role", "boss"], 64, "Use one of: collector"), (["tap", "--chain", "delta"], 64, "there is no chain delta"),
            (["tap", "--tx", "xyz"], 64, "no beginning of an id"), (["tap", "--since", "yesterday"], 64, "is no time span"), (["tap", "--count", "0"], 64, "--count 0"),
            (["tap", "--record", record], 64, "is there already"), (["tap", "--name", "tap-9"], 78, "the key of tap-9"), (["tap", "--kind", "joined", "--wait", "1s"], 27, "complete"), (["tap", "--kind", "canditate"], 64, "Did you mean candidate?"),
        ] {
            let refused = try run(words)
            #expect(refused.code == Int32(code) && refused.errors.contains(says), "\(words): \(refused)")
        }
        #expect(try Program.run(["replay", "/dev/null"]).code == 78)
        // Alarms, from the buses' logs: none yet, then that a contract's business is paused.
        let none = try run(["alarms"])
        #expect(none.code == 0 && none.output.contains("no alarm"), "\(none)")
        for notary in ["notary-1", "notary-2"] { #expect(try run(["brakes", "pause", "--chain", "beta", "--notary", notary]).code == 0) }
        #expect(Program.wait(seconds: 30) { (try? run(["alarms", "--json"]).output.contains("\"code\":\"paused\"")) ?? false })
        let shown = try run(["alarms", "--since", "5m"])
        #expect(shown.code == 0 && shown.output.contains("warning") && shown.output.contains("new business with chain beta is stopped"), "\(shown)")
        try network.stopAndAudit()
    }
}
