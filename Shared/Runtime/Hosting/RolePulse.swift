import Determinism
import Foundation
import RoleKit
import Wire

/// What a role's thread counts about itself, and says every two seconds on the topic `beat`: what `concordat top` shows. Owned by that thread.
struct RolePulse {
    /// Between two beats.
    static let beatMilliseconds: UInt64 = 2_000

    private let startedMilliseconds: UInt64
    private(set) var nextMilliseconds: UInt64 = 0
    private var received: UInt64 = 0
    private var sent: UInt64 = 0
    private var busyNanoseconds: UInt64 = 0
    private var waitingSince: UInt64?

    /// What of a role's counters was dropped or refused.
    private static let faults: [Counter] = [.peerFault, .badSignature, .refused, .overloaded]

    init() { startedMilliseconds = BusClock.now().wallMilliseconds }

    /// Nanoseconds of a clock that only goes forward.
    static func clock() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

    /// How long until the next beat is due.
    func millisecondsUntilDue(at now: Moment) -> Int { Int(nextMilliseconds > now.monotonicMilliseconds ? nextMilliseconds - now.monotonicMilliseconds : 0) }

    /// A turn has ended.
    ///
    /// - Parameters:
    ///   - begin: `clock()` when it began.
    ///   - waiting: items that wait now.
    mutating func turned(since begin: UInt64, received: Int, effects: [RoleEffect], waiting: Int, at now: Moment) {
        busyNanoseconds += RolePulse.clock() - begin
        self.received += UInt64(received)
        for effect in effects {
            switch effect {
            case .publish, .call, .reply, .push: sent += 1
            default: continue
            }
        }
        waitingSince = waiting == 0 ? nil : waitingSince ?? now.monotonicMilliseconds
    }

    /// The beat that is due; nil when none is.
    mutating func beat(of snapshot: RoleSnapshot, unsent: Int, at now: Moment) -> Beat? {
        guard now.monotonicMilliseconds >= nextMilliseconds else { return nil }
        nextMilliseconds = now.monotonicMilliseconds + RolePulse.beatMilliseconds
        var beat = Beat(source: snapshot.address, height: snapshot.height, waiting: UInt64(snapshot.waiting))
        beat.startedMilliseconds = startedMilliseconds
        (beat.received, beat.sent) = (received, sent)
        beat.faults = RolePulse.faults.reduce(0) { $0 + (snapshot.counters[$1] ?? 0) }
        beat.busyMicroseconds = busyNanoseconds / 1_000
        beat.processorMicroseconds = RolePulse.processorMicroseconds()
        beat.waitingMilliseconds = waitingSince.map { now.monotonicMilliseconds - $0 } ?? 0
        beat.unsent = UInt64(unsent)
        return beat
    }

    /// Computing time of the calling thread.
    private static func processorMicroseconds() -> UInt64 {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
    }
}
