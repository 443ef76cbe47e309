import RoleKit
import Wire

/// How a role stands, as of its last turn.
package struct RoleSnapshot: Sendable {
    package var address: String
    package var height: Height = 0
    /// Newest height of its chain that enough of its nodes speak of; 0 while too few have spoken.
    package var heardHeight: Height = 0
    package var waiting = 0
    /// When the oldest item that waits was taken on, Unix milliseconds; nil for none, or where nobody knows.
    package var oldestWaitingMilliseconds: UInt64?
    /// The core has been told that it runs: the store is read, and the bus has let it in.
    package var isStarted = false
    package var isConnected = false
    /// The store has no room: nothing is taken on until there is some again.
    package var isDiskFull = false
    /// Code of the alarm of a role that must not sign any more.
    static let signsNothingCode = "votes_lost"
    /// Why it signs nothing, ever, with the key it has; nil when it signs.
    package var signsNothingBecause: String?
    /// It takes nothing new on, and ends when all that it took on before has ended.
    package var isDraining = false
    /// Facts that wait for the next turn.
    package var inputsCount = 0
    /// Messages that the bus gives no credit for.
    package var backlogCount = 0
    /// Published messages that the bus has not acknowledged yet.
    package var unacknowledgedCount = 0
    /// When its thread last looked up, monotonic milliseconds; nil before its first turn.
    package var aliveMilliseconds: UInt64?
    /// When it last had something to do, Unix milliseconds.
    package var processedMilliseconds: UInt64?
    package var meter = RoleMeter()
    /// Of a recorder whose older blocks go elsewhere.
    package var archive: ArchiveStanding?

    package init(address: String) { self.address = address }

    package var counters: [Counter: UInt64] { meter.counters }
}
