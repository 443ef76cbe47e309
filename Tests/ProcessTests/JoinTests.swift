import Foundation
import Testing

extension ChangingProcesses {
    @Test("a chain is made, admitted and started while payments run; it is paid to and from at once, also under a contract, and audited")
    func join() throws {
        let network = try RunningNetwork(["--nodes", "1"])
        let count = 200
        let pay = try network.pay(try network.payments(count: count), concurrency: 30)
        #expect(Program.wait(seconds: 30) { pay.ended >= count / 20 }, "payments do not begin to end: \(pay.errors)")
        func run(_ words: [String]) throws -> (code: Int32?, output: String, errors: String) { try Program.run(words + ["--data", network.folder]) }
        let made = try run(["chain", "new", "gamma", "--nodes", "1", "--asset", "Z", "--fund", "alice,bob"])
        #expect(made.code == 0, "\(made)")
        #expect(try run(["chain", "new", "beta"]).code == 64)
        // Too few of them, then a quorum.
        let early = try run(["chain", "register", "gamma", "--notary", "notary-1", "--wait", "1"])
        #expect(early.code == 2 && early.output.contains("admitted by notary-1"), "\(early)")
        #expect(try run(["chain", "register", "gamma", "--notary", "alpha-1"]).errors.contains("is no notary"))
        let joined = try run(["chain", "register", "gamma", "--notary", "notary-2", "--notary", "notary-4", "--wait", "30"])
        #expect(joined.code == 0 && joined.output.contains("gamma has joined"), "\(joined)")
        #expect(Program.wait(seconds: 20) { network.reports.contains("gamma joined: starting 8 processes") }, "\(network.reports.suffix(2_000))")
        let swap = ["deal", "--leg", "alice bob 10 X", "--leg", "bob alice 20 Z", "--consent"]
        var last = try run(swap)
        for _ in 0..<20 where last.code != 0 { last = try run(swap) }
        #expect(last.code == 0, "nothing is swapped with the new chain: \(last)")
        let terms = """
            id: hanse
            sides: [{ chain: alpha, asset: X }, { chain: gamma, asset: Z }]
            rate: { numerator: 2, denominator: 1 }
            minimum: 1
            maximum: 5000
            deadline_maximum_milliseconds: 600000
            """
        try terms.write(toFile: "\(network.folder)/hanse.yaml", atomically: true, encoding: .utf8)
        let deployed = try run(["contract", "deploy", "\(network.folder)/hanse.yaml", "--from", "alice", "--json"])
        #expect(deployed.code == 0, "\(deployed)")
        struct Shown: Decodable {
            struct Side: Decodable { var chain: String, reserve: String }
            var sides: [Side]
        }
        let sides = try JSONDecoder().decode(Shown.self, from: Data(deployed.output.utf8)).sides
        for (asset, side) in zip(["X", "Z"], sides) {
            let fund = try run(["send", "--from", "alice", "--to", "\(side.reserve)@\(side.chain)", "--amount", "500", "--asset", asset])
            #expect(fund.code == 0, "\(fund)")
        }
        try network.startAgent()
        let paid = try run(["send", "--from", "alice", "--to", "bob@gamma", "--asset", "X", "--amount", "7", "--contract", "hanse"])
        #expect(paid.code == 0, "\(paid)")
        #expect(pay.end(withinSeconds: 90) == 0, "pay did not end well: \(pay.output) \(pay.errors.suffix(500))")
        let outcomes = try network.outcomes()
        #expect(outcomes.count == count && outcomes.allSatisfy { $0 == "settled" }, "not settled: \(outcomes.filter { $0 != "settled" })")
        let status = try run(["chain", "status"])
        #expect(status.output.contains("gamma"), "\(status)")
        try network.stopAndAudit()
        let audit = try Program.run(["audit", "--data", network.folder])
        #expect(audit.output.contains("gamma"), "\(audit)")
    }
}
