import Foundation
import Testing

extension ChangingProcesses {
    @Test("a chain leaves while payments run on the others: what is held for it comes back, nothing thaws it, and the audit finds all in order")
    func leave() throws {
        let network = try RunningNetwork(["--chains", "3", "--nodes", "1"], rules: "bob silent\n")
        let count = 150
        let pay = try network.pay(try network.payments(count: count), concurrency: 30)
        #expect(Program.wait(seconds: 30) { pay.ended >= count / 20 }, "payments do not begin to end: \(pay.errors)")
        func run(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(words + ["--data", network.folder]) }
        let held = try Program(["send", "--data", network.folder, "--from", "alice", "--to", "bob@gamma", "--asset", "X", "--amount", "5", "--deadline", "300"])
        // Whose word counts, and whose does not.
        for (words, code, says) in [
            (["gamma"], 64, "--node NODE"), (["gamma", "--node", "gamma-1", "--notary", "notary-1"], 64, "--node NODE"),
            (["gamma", "--node", "alpha-1"], 64, "alpha-1 is no node of gamma"), (["gamma", "--notary", "gamma-1"], 64, "gamma-1 is no notary"),
            (["delta", "--node", "gamma-1"], 64, "there is no chain delta"),
        ] {
            let refused = try run(["chain", "leave"] + words)
            #expect(refused.code == Int32(code) && refused.output.isEmpty && refused.errors.contains(says), "\(words): \(refused)")
        }
        let open = try run(["chain", "leave", "gamma", "--notary", "notary-1"])
        #expect(open.code == 1 && open.errors.contains("new business with gamma goes on"), "\(open)")
        for notary in ["notary-1", "notary-3"] {
            let paused = try run(["brakes", "pause", "--chain", "gamma", "--notary", notary])
            #expect(paused.code == 0, "\(paused)")
        }
        #expect(Program.wait(seconds: 30) { (try? run(["brakes", "--json"]).output.contains("\"level\":\"paused\"")) ?? false })
        for notary in ["notary-1", "notary-2", "notary-4"] {
            // A notary that has not read the pause yet says that new business goes on, as it is to.
            var taken = try run(["chain", "leave", "gamma", "--notary", notary])
            _ = Program.wait(seconds: 30) {
                if taken.code != 0, let again = try? run(["chain", "leave", "gamma", "--notary", notary]) { taken = again }
                return taken.code == 0
            }
            #expect(taken.code == 0 && taken.output.contains(notary), "\(taken)")
        }
        func status() throws -> String { try run(["chain", "status"]).output.split(separator: "\n").first { $0.hasPrefix("gamma") }.map(String.init) ?? "" }
        Thread.sleep(forTimeInterval: 3)
        let still = try status()
        #expect(still.contains("open"), "without its own nodes it does not leave: \(still)")
        let own = try run(["chain", "leave", "gamma", "--node", "gamma-1"])
        #expect(own.code == 0, "\(own)")
        #expect(Program.wait(seconds: 90) { (try? status().contains("left")) ?? false }, "gamma does not leave")
        // What was held for it comes back long before its deadline.
        #expect(held.end(withinSeconds: 60) == 1, "\(held.output) \(held.errors)")
        #expect((held.output + held.errors).contains("chain_frozen"), "\(held.output) \(held.errors)")
        let thaw = try run(["chain", "thaw", "gamma", "--notary", "notary-1"])
        #expect(thaw.code == 1 && thaw.errors.contains("gamma has left the network"), "\(thaw)")
        #expect(Program.wait(seconds: 30) { (try? run(["brakes"]).output.contains("chain gamma")) ?? false })
        let refused = try run(["send", "--from", "alice", "--to", "bob@gamma", "--asset", "X", "--amount", "5"])
        #expect(refused.code == 1 && (refused.output + refused.errors).contains("paused"), "\(refused)")
        #expect(pay.end(withinSeconds: 90) == 0, "pay did not end well: \(pay.output) \(pay.errors.suffix(500))")
        let outcomes = try network.outcomes()
        // Every third client is at home on gamma: what they send, or are sent, from its pause on is refused.
        let ends = ["settled", "rejected: paused", "refunded: chain_frozen"]
        #expect(outcomes.count == count && outcomes.allSatisfy(ends.contains), "not ended well: \(outcomes.filter { !ends.contains($0) })")
        #expect(outcomes.count { $0 == "settled" } > count / 2, "\(outcomes.count { $0 == "settled" }) of \(count)")
        try network.stopAndAudit()
    }
}
