import Foundation
import LoadCore
import LoadShell
import Testing

@Suite("The link between a coordinator and its workers")
struct WorkerTests {
    private static let token = "a secret of the test"

    private func plan(lanes: Range<Int> = 0..<2, of count: Int = 4, seconds: UInt64 = 10, rate: Double = 100) throws -> WorkerPlan {
        let run = LanePlan.Run(
            arrivals: .poisson(perSecond: rate), mix: try LoadMix("transfer=4,cross=1"), durationMicroseconds: seconds * 1_000_000, seed: 7, maximumLagMicroseconds: 1,
            maximumUnderWay: 5)
        return WorkerPlan(run: run, strategy: "random", deadlineMilliseconds: 1_000, waitMicroseconds: 1, hasDevices: true, lanes: lanes, laneCount: count)
    }

    @Test("who has the secret is heard, and told what to do; who has another one is not")
    func link() throws {
        let hub = try WorkerHub("tcp://127.0.0.1:*", token: WorkerTests.token)
        let stranger = try WorkerPipe(hub.endpoint, token: "another secret there")
        _ = try stranger.tell(.hello(network: "stranger", version: ""))
        let worker = try WorkerPipe(hub.endpoint, token: WorkerTests.token)
        #expect(try worker.tell(.hello(network: "ours", version: "1")))
        var heard: [String] = []
        let end = Date().addingTimeInterval(2)
        while Date() < end {
            for (number, message) in try hub.receive(waitMilliseconds: 50) {
                if case .hello(let network, _) = message { heard.append("\(number) \(network)") }
            }
        }
        #expect(heard == ["0 ours"])
        try hub.tell(0, .plan(try plan()))
        guard case .plan(let told)? = try worker.receive(waitMilliseconds: 5_000) else { Issue.record("no plan came"); return }
        let meant = try plan()
        #expect(told.run == meant.run && told.lanes == 0..<2 && told.laneCount == 4 && told.strategy == "random")
    }

    @Test("a plan that makes no sense is none")
    func nonsense() throws {
        #expect(try plan().lanes == 0..<2)
        #expect(try plan(lanes: 3..<5).lanes == nil && plan(lanes: 2..<2).lanes == nil && plan(of: 1_000_000).lanes == nil)
        #expect(try plan(seconds: 0).lanes == nil && plan(seconds: 100_000).lanes == nil && plan(rate: 0).lanes == nil && plan(rate: .infinity).lanes == nil)
    }

    @Test("how a worker stands arrives as it was told, to three digits")
    func progress() {
        var book = LaneBook.Progress()
        book.sent = 3
        for value in [1_000, 2_000, 2_000, 50_000] as [UInt64] { book.finalLatency.record(value) }
        let told = WorkerProgress(book).progress
        #expect(told.sent == 3 && told.finalLatency.count == 4)
        #expect([25, 50].map { told.finalLatency.percentile($0) } == [1_000, 2_000] && (49_950...50_050).contains(told.finalLatency.percentile(99) ?? 0))
    }
}
