import Foundation
import Testing

extension RealProcesses {
    private struct Deal: Decodable {
        struct Part: Decodable { var from: String, to: String, chain: String, state: String }
        var xid: String, outcome: String, reason: String?, legs: [Part]
    }

    @Test("swaps, gifts and rings over three chains settle as a whole or come back as a whole")
    func deals() throws {
        let rules = "client-03 refuse not for me\nclient-04 silent\n"
        let network = try RunningNetwork(["--chains", "3", "--in-process", "--nodes", "1", "--notaries", "1"], rules: rules)
        func deal(_ legs: [String], _ options: [String] = []) throws -> (code: Int32?, deal: Deal) {
            let arguments = ["deal", "--data", network.folder, "--json"] + legs.flatMap { ["--leg", $0] } + options
            let (code, output, errors) = try Program.run(arguments)
            let deal = try? JSONDecoder().decode(Deal.self, from: Data(output.utf8))
            return (code, try #require(deal, "\(output) \(errors)"))
        }
        let swap = try deal(["alice bob 100 X", "bob alice 900 Y"])
        #expect(swap.code == 0 && swap.deal.outcome == "settled" && swap.deal.legs.map(\.state) == ["settled", "executed"], "\(swap.deal)")
        let ring = try deal(["alice bob 10 X", "bob client-01 20 Y", "client-01 alice 30 Z"])
        #expect(ring.code == 0 && ring.deal.legs.map(\.chain).count == 3 && ring.deal.outcome == "settled", "\(ring.deal)")
        // Three receivers who sign nothing, two of them on the deciding chain.
        let gifts = try deal(["alice client-01 1 X", "alice client-02 2 Y", "alice bob 3 Y"])
        #expect(gifts.code == 0 && gifts.deal.outcome == "settled", "\(gifts.deal)")
        let refused = try deal(["alice client-03 1 X", "bob client-02 2 Y", "alice bob 3 Z"])
        #expect(refused.code == 1 && refused.deal.outcome == "refunded" && refused.deal.reason == "refused_by_receiver", "\(refused.deal)")
        let silent = try deal(["alice client-04 1 X", "bob client-02 2 Y"], ["--deadline", "4"])
        #expect(silent.code == 1 && silent.deal.outcome == "refunded" && silent.deal.reason == "deadline_passed", "\(silent.deal)")
        // One chain refuses to hold its part: what the other holds comes back without waiting for the deadline.
        let start = Date()
        let poor = try deal(["alice client-02 1 X", "bob client-01 9000000000 Y", "alice bob 1 Z"], ["--deadline", "120"])
        #expect(poor.code == 1 && poor.deal.outcome == "refunded" && Date().timeIntervalSince(start) < 60, "\(poor.deal)")
        for (legs, words) in [
            (["alice bob 1 X"], "2 to 16 legs"), (["alice bob 1 X", "bob alice 1 X"], "all legs are on"), (["alice bob 1 X", "bob alice x Y"], "no whole number"),
            (["alice bob 1 X", "bob alcie 1 Y"], "Did you mean alice?"), (["alice bob 1 X", "bob alice 1 Y@delta"], "there is no chain 'delta'"),
            (["alice alice 1 X", "bob alice 1 Y"], "the same account"),
        ] {
            let (code, _, errors) = try Program.run(["deal", "--data", network.folder] + legs.flatMap { ["--leg", $0] })
            #expect(code == 64 && errors.contains(words), "\(errors)")
        }
        try network.stopAndAudit()
    }
}
