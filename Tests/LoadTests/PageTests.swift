import LoadCore
import Testing
import Wire

@Suite("The page of a report")
struct PageTests {
    private func report(_ payments: [LoadPayment]) throws -> (LoadReport, RunTally) {
        let tally = RunTally(payments, durationMicroseconds: 10_000_000)
        let run = LoadReport.Run(
            id: "7b1e", network: "<dev>", networkID: "", chains: 2, nodes: 2, notaries: 1, arrivals: "open loop", mix: "transfer=1", seed: 1, durationSeconds: 10,
            wholeSeconds: 11, workers: 1, lanes: 1, startedMilliseconds: 0, version: "0")
        return (LoadReport(run: run, tally: tally, asked: 10, objectives: [try ServiceObjective("final.p99<2s")], cost: nil, verification: .init(way: "none")), tally)
    }

    @Test("it holds the figures and a plot of each sort, and nothing from elsewhere")
    func page() throws {
        let payments = (0..<100).map { number in
            var book = LaneBook()
            let at = UInt64(number) * 100_000
            book.end(book.begin(LoadPayment(kind: .transfer, chain: ChainID("alpha")!, decidingChain: ChainID("alpha")!, scheduled: at), at: at), .settled, reason: "", at: at + 50_000)
            return book.payments[0]
        }
        let (report, tally) = try report(payments)
        let page = ReportPage.html(report, tally)
        #expect(page.components(of: "<svg").count == 3 && page.components(of: "<polyline").count == 6 && page.contains("&lt;dev&gt;") && !page.contains("<dev>"))
        #expect(!page.contains("http") && !page.contains("<script") && page.contains("final.p99 &lt; 2s") && report.passed)
        #expect(tally.book[.final].distribution.contains("#[Max     =       50.0"))
    }

    @Test("a run without payments makes a page that says so, and passes nothing")
    func empty() throws {
        let (report, tally) = try report([])
        #expect(ReportPage.html(report, tally).contains("Nothing was measured") && !report.passed)
    }
}

extension String {
    /// Places at which another text stands.
    fileprivate func components(of text: String) -> [Range<String.Index>] { ranges(of: text) }
}
