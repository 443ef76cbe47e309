import Foundation
import Testing

/// Networks whose processes or chains come and go while they run, one after the other.
@Suite("Real processes that come and go", .serialized)
struct ChangingProcesses {}

extension ChangingProcesses {
    @Test(
        "kill -9 in the middle of payments, started again by hand: every payment ends and the audit is clean",
        arguments: [
            "collector.alpha@alpha-1/1", "builder.alpha@alpha-2/1", "consensus.beta@beta-3/1", "validator.beta@notary-1/1",
            "recorder.notary@notary-2/1", "consensus.notary@notary-3/1", "bus@alpha", "bus@notary",
        ])
    func killedAndStartedByHand(role: String) throws {
        let network = try RunningNetwork(["--no-restart"])
        let count = 300
        let pay = try network.pay(try network.payments(count: count), concurrency: 60)
        // In the middle: some have ended, others have not.
        #expect(Program.wait(seconds: 30) { pay.ended >= count / 10 }, "payments do not begin to end: \(pay.errors)")
        let victim = try network.processID(of: role)
        #expect(victim > 0)
        kill(victim, SIGKILL)
        let endedAtKill = pay.ended
        #expect(endedAtKill < count, "the payments were over before the kill")
        #expect(try Program.wait(seconds: 5) { try network.processID(of: role) == 0 }, "the process did not die")
        let again = try network.run(role)
        #expect(pay.end(withinSeconds: 90) == 0, "pay did not end well: \(pay.output) \(pay.errors.suffix(500))")
        #expect(again.isRunning, "the process started by hand ended: \(again.errors)")
        let outcomes = try network.outcomes()
        #expect(outcomes.count == count)
        #expect(outcomes.allSatisfy { $0 == "settled" }, "not settled: \(outcomes.filter { $0 != "settled" })")
        try network.stopAndAudit()
    }

    @Test("up starts a killed process again by itself, and says so")
    func supervisorRestarts() throws {
        let network = try RunningNetwork(["--nodes", "1", "--notaries", "1"])
        let role = "validator.alpha@notary-1/1"
        let first = try network.processID(of: role)
        kill(first, SIGKILL)
        #expect(try Program.wait(seconds: 10) { let now = try network.processID(of: role); return now != 0 && now != first })
        #expect(network.reports.contains("\(role) was killed by signal 9; starting it again"))
        let pay = try network.pay(try network.payments(count: 40))
        #expect(pay.end(withinSeconds: 60) == 0)
        #expect(try network.outcomes().allSatisfy { $0 == "settled" })
        try network.stopAndAudit()
    }
}

extension Program {
    /// Payments that have ended, as `pay` last said.
    var ended: Int {
        errors.split(separator: "\n").last { $0.hasPrefix("paid ") }.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0
    }
}
