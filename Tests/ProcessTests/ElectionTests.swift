import Foundation
import Testing

extension ChangingProcesses {
    private struct Term: Decodable {
        var epoch: UInt64
        var notaries: [String]
        var keys: [String]
        var first_heights: [String: UInt64]
    }

    @Test("while payments run, a notary on standby is elected in place of another and one takes a new key; the audit is clean")
    func election() throws {
        let network = try RunningNetwork([
            "--in-process", "--nodes", "1", "--notaries", "4", "--standby", "1", "--epoch-slots", "40", "--epoch-margin", "20",
        ])
        func notary(_ arguments: String...) throws -> String {
            let (code, output, errors) = try Program.run(["notary"] + arguments + ["--data", network.folder])
            #expect(code == 0, "notary \(arguments): \(output) \(errors)")
            return output
        }
        func terms() throws -> [Term] { try JSONDecoder().decode([Term].self, from: Data(notary("epochs", "--json").utf8)) }
        let before = try terms()
        #expect(before.map(\.notaries) == [["notary-1", "notary-2", "notary-3", "notary-4"]])
        _ = try notary("offer", "--node", "notary-5")
        _ = try notary("rotate", "--node", "notary-1")
        _ = try notary("vote", "--node", "alpha-1", "--node", "beta-1", "--for", "notary-1,notary-2,notary-3,notary-5")
        // Both chains must go on until the elected set certifies them: its first heights lie 64 blocks above the record.
        let pay = try network.pay(try network.payments(count: 400), options: ["--rate", "10"])
        let isElected = try Program.wait(seconds: 90) { try terms().contains { $0.notaries.contains("notary-5") } }
        let list = try notary("list")
        #expect(isElected, "the list says \(list)")
        #expect(pay.end(withinSeconds: 120) == 0, "pay did not end well: \(pay.output) \(pay.errors.suffix(500))")
        #expect(try network.outcomes().allSatisfy { $0 == "settled" })
        let elected = try #require(try terms().first { $0.notaries.contains("notary-5") })
        #expect(elected.notaries == ["notary-1", "notary-2", "notary-3", "notary-5"] && elected.keys[0] != before[0].keys[0])
        try network.stopAndAudit()
    }
}
