import LoadCore
import Testing
import Wire

@Suite("Books of a run")
struct BookTests {
    private let alpha = ChainID("alpha")!, beta = ChainID("beta")!

    @Test("times count from when a payment was to be sent, not from when it was")
    func scheduled() {
        var book = LaneBook()
        let position = book.begin(LoadPayment(kind: .cross, chain: alpha, decidingChain: beta, scheduled: 1_000_000), at: 1_040_000)
        book.mark(position, .accepted, at: 1_050_000)
        book.mark(position, .accepted, at: 1_090_000)
        book.mark(position, .final, at: 1_500_000)
        book.end(position, .settled, reason: "", at: 1_700_000)
        book.end(position, .rejected, reason: "late", at: 1_800_000)
        let payment = book.payments[0]
        #expect(payment[.accepted] == 50_000 && payment[.final] == 500_000 && payment[.settled] == 700_000 && payment[.held] == nil)
        #expect(payment.outcome == .settled && book.progress.ended == 1 && book.progress.underWay == 0 && book.notFinal == 0)
        let tally = RunTally(book.payments, durationMicroseconds: 2_000_000)
        #expect(tally.lag.maximum == 40_000 && (459_000...461_000).contains(tally.finalFromSend.percentile(50) ?? 0))
    }

    @Test("what is skipped, dropped, refunded and open is counted, with reasons")
    func counted() {
        var book = LaneBook()
        let payment = LoadPayment(kind: .transfer, chain: alpha, decidingChain: alpha, scheduled: 5)
        book.leaveOut(payment, as: .skipped)
        book.leaveOut(payment, as: .dropped)
        for reason in ["deadline_passed", "deadline_passed", "chain_frozen"] { book.end(book.begin(payment, at: 6), .refunded, reason: reason, at: 900) }
        _ = book.begin(payment, at: 7)
        let tally = RunTally(book.payments, durationMicroseconds: 1_000_000)
        #expect([tally.scheduled, tally.sent, tally.skipped, tally.dropped, tally.refunded, tally.pending, tally.lost] == [6, 4, 1, 1, 3, 1, 0])
        #expect(tally.reasons.map { "\($0.reason) \($0.count)" } == ["refunded: chain_frozen 1", "refunded: deadline_passed 2"])
        #expect(book.notFinal == 1 && book.progress.underWay == 1)
    }

    @Test("latencies of several lanes are added up without loss")
    func merged() {
        var (all, left, right) = (LatencyRecord(), LatencyRecord(), LatencyRecord())
        for value in 1...10_000 as ClosedRange<UInt64> {
            all.record(value * 37)
            if value % 3 == 0 { left.record(value * 37) } else { right.record(value * 37) }
        }
        left.add(right)
        #expect([50, 90, 99, 99.9, 100].map { left.percentile($0) } == [50, 90, 99, 99.9, 100].map { all.percentile($0) } && left.count == 10_000)
        var long = LatencyRecord()
        long.record(.max)
        #expect(long.count == 1 && long.maximum == LoadLimits.latencyMicroseconds && LatencyRecord().percentile(50) == nil)
    }

    @Test("the busiest thread is named, and a replica gives what the next bound lets through")
    func bottleneck() throws {
        func find(_ roles: [(String, Int, UInt64, Double)], used: Double) -> Bottleneck? {
            Bottleneck.find(
                roles.map { RoleBusyness(role: $0.0, processes: $0.1, cpuMilliseconds: $0.2, busiestThread: $0.3) }, processorsUsed: used, processors: 8, spanMilliseconds: 1_000)
        }
        let thread = try #require(find([("builder.alpha", 1, 950, 0.95), ("collector.alpha", 1, 500, 0.5), ("bus", 3, 990, 0.33)], used: 3))
        #expect(thread.cause == .thread && thread.role == "builder.alpha" && abs(thread.gain_with_processors_to_spare - 1.9) < 0.01, "\(thread)")
        let capped = try #require(find([("collector.alpha", 2, 1_800, 0.9), ("builder.alpha", 1, 880, 0.88)], used: 3))
        #expect(capped.role == "collector.alpha" && abs(capped.gain_with_processors_to_spare - 0.9 / 0.88) < 0.01)
        let full = try #require(find([("validator.alpha", 4, 3_000, 0.7), ("bus", 1, 600, 0.6)], used: 7.9))
        #expect(full.cause == .processors && full.role == "validator.alpha" && full.gain_on_this_machine < 1.02 && full.gain_with_processors_to_spare > 1.1)
        let idle = try #require(find([("bus", 1, 100, 0.1)], used: 1))
        #expect(idle.cause == .waiting && idle.gain_on_this_machine == 1)
        #expect(find([], used: 1) == nil)
    }

    @Test("the rate rises until what becomes final no longer follows")
    func search() {
        var search = SaturationSearch(first: 100)
        var rates: [Double] = []
        while let rate = search.next {
            rates.append(rate)
            search.take(.init(asked: rate, scheduled: rate, sent: rate, final: min(rate, 270), p99Seconds: 1, underWay: 0))
        }
        #expect(rates == [100, 150, 225, 337.5] && search.isSaturated && search.capacity == 270)
    }
}
