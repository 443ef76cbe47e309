import Cryptography
import DequeModule

/// The newest so many digests, oldest forgotten first.
package struct RecentDigests: Sendable {
    private var members: Set<Digest> = []
    private var order: Deque<Digest> = []
    private let capacity: Int

    package init(capacity: Int) {
        precondition(capacity > 0, "something must be remembered")
        self.capacity = capacity
    }

    /// Whether it is one of those remembered.
    package func contains(_ digest: Digest) -> Bool { members.contains(digest) }

    /// Remembers one; the oldest goes when there are too many.
    package mutating func insert(_ digest: Digest) {
        guard members.insert(digest).inserted else { return }
        order.append(digest)
        if order.count > capacity { members.remove(order.removeFirst()) }
    }
}
