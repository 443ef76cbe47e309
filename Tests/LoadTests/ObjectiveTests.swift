import LoadCore
import Testing
import Wire

@Suite("Objectives")
struct ObjectiveTests {
    /// A hundred payments, final after 10 ms to 1 s; two rejected, one pending.
    private static let payments: [LoadPayment] = (0..<103).map { number in
        var book = LaneBook()
        let payment = LoadPayment(kind: .transfer, chain: ChainID("alpha")!, decidingChain: ChainID("alpha")!, scheduled: UInt64(number) * 10_000)
        let position = book.begin(payment, at: payment.scheduled + 1_000)
        book.mark(position, .accepted, at: payment.scheduled + 5_000)
        if number < 100 { book.end(position, .settled, reason: "", at: payment.scheduled + UInt64(number + 1) * 10_000) }
        if number == 100 || number == 101 { book.end(position, .rejected, reason: "insufficient_funds", at: payment.scheduled + 9_000) }
        return book.payments[0]
    }

    @Test(
        "objectives are judged by what was measured",
        arguments: [
            ("final.p99<2s", true, "990 ms"), ("final.p50 < 400ms", false, "500 ms"), ("final.max<=1001ms", true, "1.00 s"), ("accepted.mean<1ms", false, "5.0 ms"),
            ("lost<1", true, "0"), ("rejected<1%", false, "1.94%"), ("rejected<=2", true, "2"), ("pending<1", false, "1"), ("final.rate>=40", true, "50.0/s"),
            ("final.rate>60", false, "50.0/s"), ("issued.p99<1h", false, "nothing measured"), ("skipped<1", true, "0"),
        ] as [(String, Bool, String)])
    func judged(_ row: (String, Bool, String)) throws {
        let verdict = try ServiceObjective(row.0).judge(RunTally(ObjectiveTests.payments, durationMicroseconds: 2_000_000))
        #expect(verdict.met == row.1 && verdict.measured == row.2, "\(verdict)")
    }

    @Test("a share of no payments meets nothing")
    func empty() throws {
        let tally = RunTally([], durationMicroseconds: 1_000_000)
        #expect(try !ServiceObjective("rejected<1%").judge(tally).met && !ServiceObjective("final.rate>0.1").judge(tally).met)
    }

    @Test(
        "what is no objective is refused, and what would be one is said",
        arguments: [
            ("", "compares nothing"), ("final.p99", "compares nothing"), ("<2s", "compares nothing"), ("final.p99<", "compares nothing"), ("finl.p99<2s", "nothing is measured as"),
            ("final.q9<2s", "Use p50"), ("final.p0<2s", "Use p50"), ("final.p101<2s", "Use p50"), ("final.p99<2", "is no time span"), ("lost<x", "is no number"),
            ("lost<1ms", "is no number"), ("final.rate>fast", "is no rate"), ("lost=1", "compares nothing"),
        ])
    func refused(_ row: (String, String)) {
        #expect { try ServiceObjective(row.0) } throws: { error in
            guard let fault = error as? LoadFault else { return false }
            return "\(fault.problem) \(fault.advice)".contains(row.1)
        }
    }
}
