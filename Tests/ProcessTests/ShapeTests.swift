import Foundation
import Testing

extension RealProcesses {
    @Test(
        "payments settle and the audit is clean",
        arguments: [
            ["--in-process"],
            ["--hand-to", "one"],
            ["--in-process", "--hand-to", "2:fastest"],
            ["--in-process", "--nodes", "1", "--notaries", "1"],
            ["--nodes", "1", "--notaries", "1", "--collectors", "2"],
            ["--in-process", "--engines", "bft,pos"],
            ["--in-process", "--chains", "3", "--nodes", "1", "--notaries", "4"],
            ["--in-process", "--engines", "bft,pow", "--nodes", "2", "--notaries", "4"],
        ])
    func shapes(options: [String]) throws {
        let network = try RunningNetwork(options)
        let choice = options.contains("2:fastest") ? ["--copies", "all", "--collectors", "fastest"] : []
        let pay = try network.pay(try network.payments(count: 60), options: choice)
        #expect(pay.end(withinSeconds: 90) == 0, "pay did not end well: \(pay.output) \(pay.errors.suffix(500))")
        let outcomes = try network.outcomes()
        // With three chains some clients live elsewhere than this file thinks: those lines are refused with a reason.
        #expect(outcomes.contains("settled"))
        #expect(outcomes.allSatisfy { $0 == "settled" || options.contains("--chains") && $0.hasPrefix("rejected: ") }, "\(outcomes)")
        try network.stopAndAudit()
    }

    @Test("a second up on the same folder is refused with who runs it, and changes nothing")
    func secondUp() throws {
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1"])
        let (code, _, errors) = try Program.run(["up", "--data", network.folder])
        #expect(code == 1)
        #expect(errors.contains("is up already"), "\(errors)")
        let pay = try network.pay(try network.payments(count: 10))
        #expect(pay.end(withinSeconds: 60) == 0, "the first network suffers: \(pay.errors.suffix(500))")
        try network.stopAndAudit()
    }

    @Test("up with an option that is wrong says so and leaves nothing behind")
    func wrongOption() throws {
        let folder = NSTemporaryDirectory() + "concordat-" + UUID().uuidString
        for options in [["--hand-to", "3:slow"], ["--hand-to", "3:slow", "--detach"], ["--collectors", "0"], ["--hand-to", "0", "--in-process"]] {
            let (code, _, errors) = try Program.run(["up", "--data", folder] + options)
            #expect(code == 64 && errors.contains(options[0]), "\(options): \(errors)")
            #expect(!FileManager.default.fileExists(atPath: folder), "\(options)")
        }
    }

    @Test("pay --rate begins so many payments a second, and says when each ended")
    func steadyStream() throws {
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1"])
        let pay = try network.pay(try network.payments(count: 40), options: ["--rate", "10"])
        #expect(pay.end(withinSeconds: 60) == 0, "pay did not end well: \(pay.output) \(pay.errors.suffix(500))")
        let ends = try network.ends().sorted()
        #expect(ends.count == 40)
        // The last one begins 3.9 s after the first.
        #expect((ends.last ?? 0) - (ends.first ?? 0) > 2_000, "they ended together: \(ends)")
        try network.stopAndAudit()
    }
}
