import Foundation
import LoadCore
import LoadShell
import Runtime
import WalletCore
import Wire

/// The lanes and devices of this process, from the first payment to the last.
final class LoadSession {
    /// How a run is begun and waited for.
    struct Settings {
        var run: LanePlan.Run
        var strategy: CollectorStrategy
        var waitMicroseconds: UInt64
        var hasDevices: Bool
        /// Lanes of this process, of those of all workers.
        var range: Range<Int>
        var laneCount: Int
    }

    /// What the run was, when it is over.
    struct Ended {
        var payments: [LoadPayment]
        /// Unix milliseconds.
        var startMilliseconds: UInt64
        var wholeSeconds: Double
    }

    private let settings: Settings
    private let lanes: [LoadLane.Settings]
    private let devices: [WorkerThread]

    /// From when devices and lanes are there until the first payment: they find their services meanwhile.
    private static let leadMicroseconds: UInt64 = 1_000_000
    static let progressSeconds = 10.0
    /// Without any news for so long nobody waits for what is under way.
    private static let quietMicroseconds: UInt64 = 20_000_000

    /// Makes everything ready, and begins nothing.
    init(_ cast: LoadCast, _ settings: Settings) throws {
        self.settings = settings
        lanes = try cast.lanes(settings.range, of: settings.laneCount, settings.run, strategy: settings.strategy)
        let needsDevices = settings.hasDevices && settings.run.mix.has(.cross)
        devices = needsDevices ? try cast.devices(settings.range, of: settings.laneCount) : []
    }

    deinit { for device in devices { device.stop() } }

    /// Sends, and waits for the ends.
    ///
    /// - Parameter isAborted: asked again and again; true ends the sending, not the waiting.
    /// - Parameter sendingEnded: called once, when nothing more is sent.
    /// - Parameter progress: told every so often, with the second of the run.
    func run(isAborted: () -> Bool, sendingEnded: () -> Void, progressSeconds: Double = LoadSession.progressSeconds, progress: (Double, LaneBook.Progress) -> Void) throws -> Ended {
        let start = LoadClock.now() + LoadSession.leadMicroseconds
        let startMilliseconds = BusClock.now().wallMilliseconds + LoadSession.leadMicroseconds / 1_000
        let engine = LoadEngine(lanes, start: start, waitMicroseconds: settings.waitMicroseconds, quietMicroseconds: LoadSession.quietMicroseconds)
        var next = progressSeconds
        var isSending = true
        while !engine.isOver {
            usleep(20_000)
            let now = LoadClock.now()
            let second = now > start ? Double(now - start) / 1e6 : 0
            if isAborted() { engine.stopSending() }
            engine.look()
            if isSending, engine.isSendingDone {
                isSending = false
                sendingEnded()
            }
            guard second >= next else { continue }
            progress(second, engine.progress)
            next += progressSeconds
        }
        if isSending { sendingEnded() }
        let payments = engine.payments()
        if let fault = engine.faults.first { throw Failure(.failed, "a lane of the run ended: \(fault)", "See how the network is: concordat status") }
        return Ended(payments: payments, startMilliseconds: startMilliseconds, wholeSeconds: Double(LoadClock.now() - start) / 1e6)
    }
}
