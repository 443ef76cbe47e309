import Foundation
import RoleKit
import Wire

/// How an archive beside a recorder's store does.
package struct ArchiveStanding: Hashable, Sendable {
    /// Where it is; it holds no password.
    package var place: String
    /// The newest attempt to reach it succeeded.
    package var isReached = false
    /// Why it cannot be used; nil while it can.
    package var problem: String?
    /// Blocks that left the store and that the archive does not have any more.
    package var lostBlocks: UInt64 = 0
    /// Blocks that the store has and the archive has not yet.
    package var waitingBlocks: UInt64 = 0
    /// Since the start: blocks copied, blocks that left the store, questions answered from the archive, and those that it could not be asked.
    package var copiedBlocks: UInt64 = 0
    package var trimmedBlocks: UInt64 = 0
    package var answeredReads: UInt64 = 0
    package var unansweredReads: UInt64 = 0

    init(place: String) { self.place = place }
}

/// A question of the recorder's for rows of which some are in the archive alone.
struct ArchiveRead: Sendable {
    var token: UInt64
    var position: Int
    var from: Height
    var limit: Int
    /// What the store lacks, as of when it was asked.
    var trimmed: Height
    /// When it was asked, monotonic milliseconds.
    var askedMilliseconds: UInt64
}

/// What the recorder's thread and those of its archive tell each other.
final class ArchiveBoard: @unchecked Sendable {
    struct Content {
        /// By position of the chain.
        var lanes: [ArchiveLane]
        var standing: ArchiveStanding
        var reads: [ArchiveRead] = []
        /// Rows, or nil where the archive cannot be reached.
        var answers: [(read: ArchiveRead, portion: ArchivePortion?)] = []
        /// Rows that are damaged in the store and so cannot be copied, or that the archive has lost: the recorder puts them back.
        var damaged: [(position: Int, height: Height)] = []
        /// What people must know.
        var alarms: [(code: String, detail: String, severity: Alarm.Severity)] = []
        var isStopped = false
    }

    /// Guards `content`.
    private let condition = NSCondition()
    private var content: Content
    private let wakeRole: @Sendable () -> Void

    /// - Parameter wakeRole: has the recorder's thread look here.
    init(lanes: [ArchiveLane], place: String, wakeRole: @escaping @Sendable () -> Void) {
        content = Content(lanes: lanes, standing: ArchiveStanding(place: place))
        self.wakeRole = wakeRole
    }

    /// What is there now.
    func look<Result>(_ body: (Content) -> Result) -> Result { condition.withLock { body(content) } }

    /// The recorder has changed something: the archive's threads look.
    func change<Result>(_ body: (inout Content) -> Result) -> Result {
        condition.withLock {
            defer { condition.broadcast() }
            return body(&content)
        }
    }

    /// A thread of the archive has found something out.
    func report(_ body: (inout Content) -> Void) {
        condition.withLock { body(&content) }
        wakeRole()
    }

    /// Waits until there is something to do, the time is over or the board is stopped.
    func wait(milliseconds: UInt64, until isDue: (Content) -> Bool) {
        let end = Date(timeIntervalSinceNow: Double(milliseconds) / 1_000)
        condition.withLock {
            while !content.isStopped, !isDue(content), condition.wait(until: end) {}
        }
    }

    var isStopped: Bool { look(\.isStopped) }
}
