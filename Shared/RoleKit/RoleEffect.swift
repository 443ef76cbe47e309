import Cryptography
import Wire

/// An order to the shell, carried out in list order. Everything in the `persist` effects of one turn is on disk, in one commit,
/// before any `publish`, `reply`, `call` or `push` of that turn leaves.
package enum RoleEffect: Sendable {
    case persist([StoreOperation])
    case publish(Topic, Message)
    /// Answered by `.answered` with the same number, once, within the timeout.
    case call(UInt64, service: String, Request, timeoutMilliseconds: UInt64)
    case reply(token: UInt64, Response)
    case push(client: String, Notice)
    /// Answered by `.timerFired`; replaces a timer of the same id.
    case setTimer(TimerID, afterMilliseconds: UInt64)
    case cancelTimer(TimerID)
    /// Answered by `.checked`.
    case check(token: UInt64, [SignatureCheck])
    /// Rows of a table from a key on. Answered by `.rows`.
    case read(token: UInt64, StoreTable, from: UInt64, limit: Int)
    /// Places of a key in an index table, ascending. Answered by `.rows`: the key of each is a place, and its value is empty.
    case find(token: UInt64, StoreTable, key: UInt64, limit: Int)
    /// Looks for a nonce, in place of any other job of the role. Answered by `.mined` when it is found, unless stopped before.
    case mine(token: UInt64, MiningJob)
    /// Ends the job under way.
    case stopMining
    /// Adds to a counter of the role's metrics.
    case count(Counter, by: UInt64)
    /// An operator must see this: logged, and published on `alarm`.
    case raise(code: String, detail: String, severity: Alarm.Severity)
    /// A row that was read cannot be used: the shell ends the role and says so. Nothing else of the turn is carried out.
    case unusable(StoredFault)
    /// A chain has joined, and the store says so: the shell starts the role anew, from its store, with a network that has it (A16).
    case networkGrew(ChainEntry)
    /// A line for the log at debug level.
    case note(String)
}

/// Counters of roles, as metrics name them.
package enum Counter: String, Hashable, Sendable, CaseIterable {
    case peerFault = "peer_fault"
    case badSignature = "bad_signature"
    case duplicate
    case refused
    case overloaded
    case received
    case sent
    case rejected
    case caughtUp = "caught_up"
}
