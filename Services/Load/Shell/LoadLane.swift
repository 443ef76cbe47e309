import Cryptography
import Determinism
import Dispatch
import Foundation
import LoadCore
import Runtime
import Synchronization
import WalletCore
import WalletShell
import Wire

/// One lane of a run: a wallet with connections and payers of its own, on a thread of its own.
package final class LoadLane: Sendable {
    /// What a lane is to do.
    package struct Settings: Sendable {
        package var configuration: NetworkConfiguration
        package var run: LanePlan.Run
        package var routes: LoadRoutes
        package var strategy: CollectorStrategy
        /// Place among the lanes of all workers, and how many there are.
        package var lane: Int
        package var laneCount: Int
        /// First nonce of cross payments.
        package var crossNonce: UInt64

        package init(
            configuration: NetworkConfiguration, run: LanePlan.Run, routes: LoadRoutes, strategy: CollectorStrategy, lane: Int, laneCount: Int, crossNonce: UInt64
        ) {
            self.configuration = configuration
            self.run = run
            self.routes = routes
            self.strategy = strategy
            self.lane = lane
            self.laneCount = laneCount
            self.crossNonce = crossNonce
        }
    }

    /// What the lane tells others.
    private struct Told: Sendable {
        var progress = LaneBook.Progress()
        var payments: [LoadPayment] = []
        var isSendingDone = false
        var isOver = false
        /// When something was last heard of a payment, microseconds from the start.
        var lastNews: UInt64 = 0
        var fault: String?
    }

    /// What others tell the lane.
    private struct Wanted: Sendable {
        var stopsSending = false
        var givesUp = false
    }

    private let told = Mutex(Told())
    private let wanted = Mutex(Wanted())
    private let ended = DispatchSemaphore(value: 0)

    package init() {}

    package var progress: LaneBook.Progress { told.withLock { $0.progress } }
    package var isSendingDone: Bool { told.withLock { $0.isSendingDone } }
    package var isOver: Bool { told.withLock { $0.isOver } }
    package var lastNews: UInt64 { told.withLock { $0.lastNews } }
    /// Why the lane ended before its time.
    package var fault: String? { told.withLock { $0.fault } }

    /// Nothing more is begun; what is under way goes on.
    package func stopSending() { wanted.withLock { $0.stopsSending = true } }

    /// What has not ended stays open.
    package func giveUp() { wanted.withLock { ($0.stopsSending, $0.givesUp) = (true, true) } }

    /// Begins at a time of `LoadClock`.
    package func start(_ settings: Settings, at start: UInt64) {
        let thread = Thread { [self] in
            do {
                try work(settings, start)
            } catch {
                told.withLock { ($0.fault, $0.isSendingDone) = ("\(error)", true) }
            }
            told.withLock { $0.isOver = true }
            ended.signal()
        }
        thread.name = "lane"
        thread.start()
    }

    /// Its payments, when it is over.
    package func payments() -> [LoadPayment] {
        ended.wait()
        ended.signal()
        return told.withLock { $0.payments }
    }

    private static let tellMicroseconds: UInt64 = 500_000
    private static let longestTurnMilliseconds = 20

    private func work(_ settings: Settings, _ start: UInt64) throws {
        var options = Wallet.Options()
        options.strategy = settings.strategy
        options.seed = settings.run.seed &+ UInt64(settings.lane)
        options.crossNonce = settings.crossNonce
        options.concurrency = LoadLimits.payments
        let driver = WalletDriver(settings.configuration, options: options)
        var turn = LaneTurn(settings, start: start, driver)
        while LoadClock.now() < start { usleep(UInt32(min(1_000, start - LoadClock.now()))) }
        var lastTold: UInt64 = 0
        while true {
            let wishes = wanted.withLock { $0 }
            let pause = try turn.send(isStopping: wishes.stopsSending)
            if wishes.givesUp { try turn.giveUp() }
            let isOver = turn.isSendingDone && driver.isIdle
            if isOver || turn.now - min(turn.now, lastTold) >= LoadLane.tellMicroseconds {
                lastTold = turn.now
                told.withLock { ($0.progress, $0.isSendingDone, $0.lastNews) = (turn.book.progress, turn.isSendingDone, turn.lastNews) }
            }
            if isOver { break }
            try turn.hear(atMostMilliseconds: min(LoadLane.longestTurnMilliseconds, pause))
        }
        told.withLock { ($0.progress, $0.payments, $0.isSendingDone) = (turn.book.progress, turn.book.payments, true) }
    }
}

/// What a lane does in one round of its thread.
private struct LaneTurn {
    private var plan: LanePlan
    private var routes: LoadRoutes
    private var random: SeededRandom
    private let start: UInt64
    private let driver: WalletDriver
    private(set) var book = LaneBook()
    private(set) var isSendingDone = false
    private(set) var lastNews: UInt64 = 0

    /// Sent without looking at what has come in between.
    private static let sendsAtOnce = 32

    init(_ settings: LoadLane.Settings, start: UInt64, _ driver: WalletDriver) {
        plan = LanePlan(settings.run, lane: settings.lane, of: settings.laneCount)
        routes = settings.routes
        random = SeededRandom(seed: settings.run.seed ^ UInt64(settings.lane) &* 0xA24B_AED4_963E_E407)
        self.start = start
        self.driver = driver
    }

    /// Microseconds from the start.
    var now: UInt64 { LoadClock.now() - start }

    /// Sends what is due.
    /// - Returns: milliseconds for which nothing will be.
    mutating func send(isStopping: Bool) throws -> Int {
        if isStopping { isSendingDone = true }
        var sends = 0
        while !isSendingDone, sends < LaneTurn.sendsAtOnce {
            let time = now
            switch plan.step(at: time, underWay: book.progress.underWay, notFinal: book.notFinal) {
            case .send(let kind, let scheduled):
                let order = routes.next(kind, &random)
                let payment = LoadPayment(kind: kind, chain: order.homeChain, decidingChain: order.decidingChain, scheduled: scheduled)
                let position = book.begin(payment, at: time)
                try driver.apply(.start(position, order)) { take($0) }
                sends += 1
            case .skip(let kind, let scheduled): leaveOut(kind, scheduled, .skipped)
            case .drop(let kind, let scheduled): leaveOut(kind, scheduled, .dropped)
            case .wait(let until): return Int((until - time) / 1_000)
            case .waitForEnd: return .max
            case .done: isSendingDone = true
            }
            if book.payments.count >= LoadLimits.payments { isSendingDone = true }
        }
        return sends == LaneTurn.sendsAtOnce ? 0 : .max
    }

    private mutating func leaveOut(_ kind: LoadKind, _ scheduled: UInt64, _ outcome: LoadPayment.Outcome) {
        let order = routes.next(kind, &random)
        book.leaveOut(LoadPayment(kind: kind, chain: order.homeChain, decidingChain: order.decidingChain, scheduled: scheduled), as: outcome)
    }

    mutating func hear(atMostMilliseconds: Int) throws { try driver.turn(atMostMilliseconds: atMostMilliseconds) { take($0) } }

    mutating func giveUp() throws { try driver.apply(.giveUp) { take($0) } }

    private mutating func take(_ effect: WalletEffect) {
        let time = now
        switch effect {
        case .keep(let key, let signed): book.name(key, id: signed.id, xid: signed.xid)
        case .marked(let key, let mark):
            switch mark {
            case .accepted: book.mark(key, .accepted, at: time)
            case .held: book.mark(key, .held, at: time)
            case .receiverSure: book.mark(key, .final, at: time)
            case .signed, .sentAgain, .refused: return
            }
            lastNews = time
        case .ended(let key, let outcome, _):
            let ending: LoadPayment.Outcome =
                switch outcome {
                case .settled: .settled
                case .refunded: .refunded
                case .rejected: .rejected
                case .open: .open
                }
            book.end(key, ending, reason: outcome.reason, at: time)
            if ending != .open { lastNews = time }
        case .request, .receipt, .answered: return
        }
    }
}
