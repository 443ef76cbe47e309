import Foundation
import RoleKit

/// Looks for nonces on a thread of its own, in short slices with pauses, so that mining leaves the machine to the other roles.
package final class MiningWorker: @unchecked Sendable {
    /// Guards everything below.
    private let condition = NSCondition()
    private var job: (token: UInt64, job: MiningJob)?
    private var isRunning = false
    private let mailbox: RoleMailbox

    /// Nonces tried between two looks at whether the job still stands.
    private static let slice = 512
    /// One part in so many of a core's time goes into mining.
    private static let share = 32.0

    package init(mailbox: RoleMailbox) { self.mailbox = mailbox }

    /// Looks for a nonce, in place of what was looked for so far.
    package func mine(token: UInt64, _ job: MiningJob) {
        condition.withLock {
            self.job = (token, job)
            guard !isRunning else { return condition.signal() }
            isRunning = true
            let thread = Thread { [self] in run() }
            thread.name = "miner"
            thread.start()
        }
    }

    /// Ends the job under way.
    package func stop() { condition.withLock { job = nil } }

    private func run() {
        var search: (token: UInt64, search: NonceSearch)?
        while !mailbox.isStopped {
            guard let current = next() else { continue }
            if search?.token != current.token { search = (current.token, NonceSearch(current.job)) }
            let begin = DispatchTime.now().uptimeNanoseconds
            let nonce = search?.search.search(MiningWorker.slice)
            let spent = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
            if let nonce, finish(current.token) { mailbox.leave(.mined(token: current.token, nonce: nonce)) }
            Thread.sleep(forTimeInterval: spent * (MiningWorker.share - 1))
        }
    }

    /// The job to work on; nil when none came within a while.
    private func next() -> (token: UInt64, job: MiningJob)? {
        condition.withLock {
            if job == nil { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.5)) }
            return job
        }
    }

    /// Whether the job still stood; it does no more.
    private func finish(_ token: UInt64) -> Bool {
        condition.withLock {
            guard job?.token == token else { return false }
            job = nil
            return true
        }
    }
}
