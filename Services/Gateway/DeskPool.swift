import DequeModule
import Dispatch
import Foundation
import Runtime
import Synchronization
import WalletDesk

/// Threads that ask the network, each with connections of its own: whoever handles a request hands its questions over here and does not wait for a
/// socket. The queue is bounded, and so is the time in it.
final class DeskPool: Sendable {
    private struct Job: Sendable {
        var endMilliseconds: UInt64
        /// Given nil when there is no time left.
        var run: @Sendable (Inquiry?) -> Void
    }

    private struct State {
        var jobs: Deque<Job> = []
        var isStopping = false
    }

    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Connections are kept alive so often while there is nothing to ask.
    private static let idleMilliseconds = 1_000

    init(_ configuration: NetworkConfiguration) {
        let context = ZMQContext(threads: 1)
        for number in 1...GatewayLimits.deskThreads {
            let thread = Thread { [self] in
                run(Inquiry(configuration, patience: DeskPool.patience, context: context))
                ended.signal()
            }
            thread.name = "desk \(number)"
            thread.start()
        }
    }

    static let patience = Inquiry.Patience(
        timeoutMilliseconds: GatewayLimits.serviceMilliseconds, othersMilliseconds: GatewayLimits.othersMilliseconds,
        silenceMilliseconds: GatewayLimits.silenceMilliseconds)

    /// Runs work that asks the network.
    ///
    /// - Throws: what the work throws; a fault when too many wait, or the time is over before its turn.
    func ask<Result: Sendable>(_ body: @escaping @Sendable (Inquiry) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
            let job = Job(endMilliseconds: BusClock.now().monotonicMilliseconds + GatewayLimits.requestMilliseconds) { inquiry in
                guard let inquiry else { return continuation.resume(throwing: GatewayFault(Inquiry.late)) }
                continuation.resume(with: Swift.Result { try body(inquiry) })
            }
            let isTaken = state.withLock { state in
                guard !state.isStopping, state.jobs.count < GatewayLimits.queuedRequests else { return false }
                state.jobs.append(job)
                return true
            }
            guard isTaken else { return continuation.resume(throwing: GatewayFault.full) }
            work.signal()
        }
    }

    private func run(_ inquiry: Inquiry) {
        while true {
            let isQuiet = work.wait(timeout: .now() + .milliseconds(DeskPool.idleMilliseconds)) == .timedOut
            let (job, isStopping) = state.withLock { ($0.jobs.popFirst(), $0.isStopping) }
            if let job {
                let isLate = BusClock.now().monotonicMilliseconds >= job.endMilliseconds || isStopping
                inquiry.endMilliseconds = job.endMilliseconds
                job.run(isLate ? nil : inquiry)
            } else if isStopping {
                return
            } else if isQuiet {
                // A connection that breaks is made anew by itself, and whoever asks next is told when that fails.
                try? inquiry.idle()
            }
        }
    }

    /// Ends the threads after what they are at; what still waits is refused.
    func stop() {
        state.withLock { $0.isStopping = true }
        for _ in 1...GatewayLimits.deskThreads { work.signal() }
        for _ in 1...GatewayLimits.deskThreads { ended.wait() }
    }
}
