import Foundation
import LoadCore

/// All lanes of this process: begins them at one moment, and waits for what they have under way.
package final class LoadEngine {
    private let lanes: [LoadLane]
    private let start: UInt64
    private let waitMicroseconds: UInt64
    private let quietMicroseconds: UInt64
    private var sendingEnded: UInt64?
    private var hasGivenUp = false

    /// Begins all lanes.
    ///
    /// - Parameter start: a time of `LoadClock`.
    /// - Parameter waitMicroseconds: how long what is under way is waited for when the sending has ended.
    /// - Parameter quietMicroseconds: how long of that without any news.
    package init(_ settings: [LoadLane.Settings], start: UInt64, waitMicroseconds: UInt64, quietMicroseconds: UInt64) {
        lanes = settings.map { _ in LoadLane() }
        self.start = start
        self.waitMicroseconds = waitMicroseconds
        self.quietMicroseconds = quietMicroseconds
        for (lane, own) in zip(lanes, settings) { lane.start(own, at: start) }
    }

    /// Of all lanes together.
    package var progress: LaneBook.Progress {
        var all = LaneBook.Progress()
        for lane in lanes { all.add(lane.progress) }
        return all
    }

    package var isSendingDone: Bool { lanes.allSatisfy(\.isSendingDone) }
    package var isOver: Bool { lanes.allSatisfy(\.isOver) }

    /// Why lanes ended before their time.
    package var faults: [String] { lanes.compactMap(\.fault) }

    /// Nothing more is begun.
    package func stopSending() { for lane in lanes { lane.stopSending() } }

    /// Looks at the lanes: gives up what has been waited for long enough. To be called again and again.
    package func look() {
        guard isSendingDone, !hasGivenUp else { return }
        let now = LoadClock.now()
        let ended = sendingEnded ?? now
        sendingEnded = ended
        let lastNews = start + (lanes.map(\.lastNews).max() ?? 0)
        guard now - ended > waitMicroseconds || now - min(now, max(lastNews, ended)) > quietMicroseconds else { return }
        hasGivenUp = true
        for lane in lanes { lane.giveUp() }
    }

    /// Every payment, lane by lane, when all are over.
    package func payments() -> [LoadPayment] { lanes.flatMap { $0.payments() } }
}
