import Runtime
import Synchronization

/// What a gateway counts of the requests it answers. It outlives one that begins anew.
package final class GatewayMeter: Sendable {
    /// Requests that are counted as one. No label holds what a client made up: a path that leads nowhere has an empty route.
    package struct Kind: Hashable, Sendable {
        package var method: String
        package var route: String
        package var status: Int
    }

    /// What it has counted.
    package struct Reading: Sendable {
        package var answers: [Kind: UInt64] = [:]
        /// Time until an answer stood, its body not yet sent.
        package var durations = TimeHistogram()
        package var listeners = 0
    }

    private let reading = Mutex(Reading())

    package init() {}

    package var now: Reading { reading.withLock { $0 } }

    func count(_ method: String, _ route: String, status: Int, nanoseconds: UInt64) {
        reading.withLock { reading in
            reading.answers[Kind(method: route.isEmpty ? "" : method, route: route, status: status), default: 0] += 1
            reading.durations.add(nanoseconds: nanoseconds)
        }
    }

    func listen(_ count: Int) { reading.withLock { $0.listeners = count } }
}
