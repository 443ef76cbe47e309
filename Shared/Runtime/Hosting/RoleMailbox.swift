import RoleKit
import Synchronization

/// Where other threads leave facts for a role's thread.
package final class RoleMailbox: Sendable {
    private let inputs = Mutex<[RoleInput]>([])
    private let isStopping = Mutex(false)
    private let isEnding = Mutex(false)
    /// Raised whenever something was left.
    package let wake = WakeSignal()

    package init() {}

    /// Leaves an input for the role and wakes it; any thread may.
    package func leave(_ input: RoleInput) {
        inputs.withLock { $0.append(input) }
        wake.raise()
    }

    /// Asks the thread to end.
    package func stop() {
        isStopping.withLock { $0 = true }
        wake.raise()
    }

    package var isStopped: Bool { isStopping.withLock { $0 } }

    /// Asks the thread to take nothing new on, and to end when nothing waits any more.
    package func drain() {
        isEnding.withLock { $0 = true }
        wake.raise()
    }

    package var isDraining: Bool { isEnding.withLock { $0 } }

    /// Everything left since the last time, in order.
    package func take() -> [RoleInput] {
        wake.clear()
        return inputs.withLock {
            let taken = $0
            $0.removeAll(keepingCapacity: true)
            return taken
        }
    }
}
