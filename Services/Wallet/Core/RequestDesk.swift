import DequeModule
import Determinism
import Wire

/// Requests of a wallet: numbered, answered once, and only so many under way at a time.
struct RequestDesk<Subject: Sendable>: Sendable {
    /// A request that was sent.
    struct UnderWay: Sendable {
        var subject: Subject
        /// Collector it went to: chain position and door; nil for other services.
        var door: Door?
        var sent: Moment
    }

    struct Door: Hashable, Sendable {
        /// Position in `Network.chains`.
        var chain: Int
        /// Position in the chain's `CollectorChoice`.
        var position: Int
    }

    private struct Waiting: Sendable {
        var subject: Subject
        var door: Door?
        var service: String
        var request: Request
    }

    private var lastCall: UInt64 = 0
    private var underWay: [UInt64: UnderWay] = [:]
    private var waiting: Deque<Waiting> = []

    var count: Int { underWay.count + waiting.count }

    /// Puts a request in line.
    mutating func ask(_ subject: Subject, _ service: String, door: Door?, _ request: Request) {
        waiting.append(Waiting(subject: subject, door: door, service: service, request: request))
    }

    /// Sends what may leave now.
    mutating func send(at now: Moment) -> [WalletEffect] {
        var effects: [WalletEffect] = []
        while underWay.count < WalletLimits.requests, let next = waiting.popFirst() {
            lastCall += 1
            underWay[lastCall] = UnderWay(subject: next.subject, door: next.door, sent: now)
            effects.append(
                .request(call: lastCall, service: next.service, next.request, timeoutMilliseconds: WalletTiming.requestMilliseconds))
        }
        return effects
    }

    /// Ends a request; nil when it was not under way.
    mutating func end(_ call: UInt64) -> UnderWay? { underWay.removeValue(forKey: call) }
}
