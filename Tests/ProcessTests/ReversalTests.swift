import Foundation
import Testing

extension ChangingProcesses {
    private struct Sent: Decodable { var id: String, outcome: String, reason: String }
    private struct Shown: Decodable { var ending: String, reason: String?, said: String? }
    private struct Traced: Decodable {
        struct Step: Decodable { var what: String, chain: String }
        var ended: Bool
        var steps: [Step]
    }

    @Test("a payment that comes back says why, in its trace and in its receipt: refused with these words, withdrawn by the payer, or too late")
    func reversals() throws {
        let rules = "client-02 refuse goods were \"late\"\nclient-04 silent\nclient-06 silent\n"
        let network = try RunningNetwork(["--in-process", "--nodes", "1", "--notaries", "1"], rules: rules)
        let folder = network.folder
        func send(to payee: String, _ options: [String]) throws -> Sent {
            let arguments = ["send", "--data", folder, "--json", "--from", "client-01", "--to", payee, "--amount", "10"] + options
            let (_, output, errors) = try Program.run(arguments)
            return try #require(try? JSONDecoder().decode(Sent.self, from: Data(output.utf8)), "\(output) \(errors)")
        }
        let refused = try send(to: "client-02", [])
        let late = try send(to: "client-04", ["--deadline", "3"])
        let open = try send(to: "client-06", ["--wait", "held"])
        #expect([refused.outcome, late.outcome, open.outcome] == ["refunded", "refunded", "open"])
        #expect(try Program.wait(seconds: 20) { try Program.run(["cancel", open.id, "--data", folder]).0 == 0 }, "what is held can be withdrawn")
        for (id, decision, refund, reason, said) in [
            (refused.id, "refusal (\"goods were \"late\"\")", "refund (the receiver has refused)", "refused_by_receiver", "goods were \"late\""),
            (late.id, nil, "refund (the deadline has passed)", "deadline_passed", nil),
            (open.id, "cancellation", "refund (the payer has cancelled)", "cancelled_by_initiator", nil),
        ] as [(String, String?, String, String, String?)] {
            let receipt = "\(folder)/\(reason).receipt"
            #expect(try Program.wait(seconds: 20) { try Program.run(["receipt", "get", id, "--data", folder, "--out", receipt]).0 == 0 })
            let (_, verified, _) = try Program.run(["receipt", "verify", receipt, "--network", "\(folder)/network.yaml", "--json"])
            let shown = try JSONDecoder().decode(Shown.self, from: Data(verified.utf8))
            #expect(shown.ending == "refunded" && shown.reason == reason && shown.said == said, "\(verified)")
            let (code, output, errors) = try Program.run(["trace", id, "--data", folder, "--json"])
            let traced = try JSONDecoder().decode(Traced.self, from: Data(output.utf8))
            #expect(code == 0 && traced.ended, "\(errors)")
            let words = Set(traced.steps.map(\.what))
            #expect(words.contains("block with the \(refund) adopted: final"), "\(words.sorted())")
            for kind in ["refusal", "cancellation", "deciding leg"] {
                let isThere = words.contains { $0.hasPrefix("block with the \(kind)") }
                #expect(isThere == (decision?.hasPrefix(kind) ?? false), "\(reason): \(kind)")
            }
            if let decision { #expect(words.contains("block with the \(decision) adopted: final"), "\(words.sorted())") }
        }
        try network.stopAndAudit()
    }
}
