import Foundation
import Testing

extension ChangingProcesses {
    @Test("a network of the wire version before is upgraded process by process while payments run, and nothing is lost")
    func rollingUpgrade() throws {
        let network = try RunningNetwork(["--no-restart", "--nodes", "1"], environment: ["CONCORDAT_WIRE_VERSION": "1"])
        let count = 400
        let pay = try network.pay(try network.payments(count: count), concurrency: 20)
        #expect(Program.wait(seconds: 30) { pay.ended >= count / 20 }, "payments do not begin to end: \(pay.errors)")
        // One node of beta stays as it was: the two versions work side by side.
        let names = try network.processNames().filter { !$0.hasSuffix("@beta-1/1") || $0.hasPrefix("validator") }
        #expect(names.count > 20)
        var upgraded: [Program] = []
        for name in names {
            let before = try network.processID(of: name)
            kill(before, SIGTERM)
            #expect(try Program.wait(seconds: 15) { try network.processID(of: name) == 0 }, "\(name) did not stop")
            upgraded.append(try network.run(name))
        }
        #expect(pay.end(withinSeconds: 120) == 0, "pay did not end well: \(pay.output) \(pay.errors.suffix(500))")
        for program in upgraded { #expect(program.isRunning, "\(program.arguments) ended: \(program.errors.suffix(500))") }
        let outcomes = try network.outcomes()
        #expect(outcomes.count == count && outcomes.allSatisfy { $0 == "settled" }, "not settled: \(outcomes.filter { $0 != "settled" })")
        let again = try Program.run(["send", "--data", network.folder, "--from", "alice", "--to", "bob", "--amount", "10"])
        #expect(again.0 == 0, "\(again)")
        try network.stopAndAudit()
    }
}
