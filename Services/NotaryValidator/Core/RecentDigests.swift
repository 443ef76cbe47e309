import Crypto
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

    package func contains(_ digest: Digest) -> Bool { members.contains(digest) }

    package mutating func insert(_ digest: Digest) {
        guard members.insert(digest).inserted else { return }
        order.append(digest)
        if order.count > capacity { members.remove(order.removeFirst()) }
    }
}
