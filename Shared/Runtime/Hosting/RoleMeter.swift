import Cryptography
import RoleKit
import Wire

/// What a role's shell has counted and timed. A plain value of the role's thread: counting takes no lock.
package struct RoleMeter: Sendable {
    /// Messages taken from the bus and published, by topic; a role hears and speaks on few topics.
    package private(set) var received: [String: UInt64] = [:]
    package private(set) var sent: [String: UInt64] = [:]
    /// Requests that it was asked, that it asked, and of these those without an answer.
    package private(set) var requestsCount: UInt64 = 0
    package private(set) var callsCount: UInt64 = 0
    package private(set) var unansweredCount: UInt64 = 0
    package private(set) var disconnectsCount: UInt64 = 0
    package private(set) var lostStreamsCount: UInt64 = 0
    /// Alarms by code.
    package private(set) var alarms: [String: UInt64] = [:]
    /// What the core counts.
    package var counters: [Counter: UInt64] = [:]
    package var turns = TimeHistogram()
    package var commits = TimeHistogram()
    /// Newest height of the own chain that each of its nodes has spoken of.
    private var heights: [String: Height] = [:]

    /// Codes that alarms are counted under; further ones count as `other`.
    private static let alarmCodesMaximum = 100

    package init() {}

    mutating func count(received topic: String) { received[topic, default: 0] += 1 }
    mutating func count(sent topic: String) { sent[topic, default: 0] += 1 }
    mutating func countRequest() { requestsCount += 1 }
    mutating func countCall() { callsCount += 1 }
    mutating func countUnanswered() { unansweredCount += 1 }
    mutating func countDisconnect() { disconnectsCount += 1 }
    mutating func countLostStream() { lostStreamsCount += 1 }
    mutating func count(_ counter: Counter, by amount: UInt64) { counters[counter, default: 0] += amount }

    mutating func countAlarm(_ code: String) {
        let isNew = alarms[code] == nil
        alarms[isNew && alarms.count >= RoleMeter.alarmCodesMaximum ? "other" : code, default: 0] += 1
    }

    /// Remembers how far a node says that a chain has come.
    ///
    /// - Parameter chain: the own chain; what is said of others is no measure of this role.
    /// - Parameter publisher: an authenticated member name.
    mutating func hear(_ message: Message, publisher: String, on chain: ChainID) {
        let header: BlockHeader
        switch message {
        case .candidate(let block): header = block.header
        case .final(let final): header = final.header
        default: return
        }
        guard header.chain == chain, let address = RoleAddress(publisher), address.chain == chain else { return }
        // A candidate stands on the block below it.
        let height = if case .candidate = message, header.height > 0 { header.height - 1 } else { header.height }
        heights[address.node] = max(heights[address.node] ?? 0, height)
    }

    /// The newest height that one honest node at least has spoken of; 0 while too few have spoken.
    ///
    /// - Parameter nodes: of the own chain. Fewer than a third of them may lie about it.
    package func heardHeight(nodes: Int) -> Height {
        let liars = max(0, nodes - 1) / 3
        let claims = heights.values.sorted(by: >)
        return claims.count > liars ? claims[liars] : 0
    }
}
