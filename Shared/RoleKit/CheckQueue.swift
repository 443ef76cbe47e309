import Cryptography

/// Things that wait for their signatures to be checked: gathered while a batch is under way, so that threads get many at once
/// and a burst costs few turns.
package struct CheckQueue<Item: Sendable>: Sendable {
    private struct Entry: Sendable {
        var item: Item
        var checks: [SignatureCheck]
    }

    private var waiting: [Entry] = []
    private var running: [UInt64: [Entry]] = [:]
    private var nextToken: UInt64

    /// Batches handed out at once.
    package static var batchesMaximum: Int { 2 }
    /// Signatures in one batch, but for an item that has more by itself.
    package static var checksPerBatch: Int { 512 }

    /// - Parameter firstToken: tokens from here on belong to the queue.
    package init(firstToken: UInt64) {
        nextToken = firstToken
    }

    /// Items not answered yet.
    package private(set) var count = 0

    /// Adds an item whose signatures are to be checked.
    package mutating func add(_ item: Item, _ checks: [SignatureCheck]) -> [RoleEffect] {
        waiting.append(Entry(item: item, checks: checks))
        count += 1
        return handOut()
    }

    /// Takes the answers to a batch.
    ///
    /// - Returns: the batch's items in the order they were added, each with whether all its signatures hold, and orders for the
    ///   next batch; nil when the token is not of this queue.
    /// - Precondition: there are as many answers as checks.
    package mutating func checked(token: UInt64, _ answers: [Bool]) -> (items: [(item: Item, holds: Bool)], effects: [RoleEffect])? {
        guard let batch = running.removeValue(forKey: token) else { return nil }
        precondition(answers.count == batch.reduce(0) { $0 + $1.checks.count }, "every signature check is answered")
        var position = 0
        let items = batch.map { entry in
            defer { position += entry.checks.count }
            return (entry.item, answers[position..<position + entry.checks.count].allSatisfy { $0 })
        }
        count -= items.count
        return (items, handOut())
    }

    private mutating func handOut() -> [RoleEffect] {
        var effects: [RoleEffect] = []
        while running.count < CheckQueue.batchesMaximum, !waiting.isEmpty {
            var size = 0
            let end = waiting.firstIndex { entry in
                size += entry.checks.count
                return size > CheckQueue.checksPerBatch
            }
            let batch = Array(waiting.prefix(max(end ?? waiting.count, 1)))
            waiting.removeFirst(batch.count)
            running[nextToken] = batch
            effects.append(.check(token: nextToken, batch.flatMap(\.checks)))
            nextToken += 1
        }
        return effects
    }
}
